/* The device's directory, opened: keys, the two files and, for its owner, the core. Every command works on one, whether it runs by
 * itself or inside the agent. */
#ifndef TRUCKROLL_DEVICE_AGENT_DEVICE_H
#define TRUCKROLL_DEVICE_AGENT_DEVICE_H

#include "device_agent/flight.h"
#include "device_agent/keystore.h"
#include "device_agent/standing_note.h"
#include "device_agent/store.h"
#include "protocol/sync/device_core.h"
#include "shell/command.h"

struct link;

struct local_device {
	struct arena arena; /* life of the device */
	struct text dir;
	struct keystore keys;
	struct device_store *store;
	const struct blob_files *blobs; /* DIR/blobs */
	struct device_core *core; /* NULL when opened for reading */
	struct link *link;        /* NULL unless on line (link.h) */
	const struct clock *clock;
	struct text keys_directory;
	struct standing_note note; /* as the file has it */
	struct flight *flight;     /* NULL: nothing is recorded */
	int64_t poll_wait_ms;
};

struct local_device_options {
	struct text dir;
	struct text keys_directory;
	const struct clock *clock;
	int64_t poll_wait_ms; /* how long the server may hold a poll */
	bool read_only;
	bool fresh_replica; /* owner: the replica is thrown away and fetched again */
	struct text program; /* owner: its name and version, when a flight recorder goes along; else empty */
	int64_t flight_copy_max; /* see local_device_open_recorded() */
};

/* Opens the device. An owner holds the lock. STATUS_NOT_FOUND (not enrolled), STATUS_CORRUPT (the reason says which file and what to
 * do), STATUS_NEWER, STATUS_CANNOT_WRITE. */
enum status local_device_open(const struct local_device_options *options, struct local_device **out_device);
/* Accepts NULL. Does not close the link. */
void local_device_close(struct local_device *device);

/* STATUS_CORRUPT when the replica knows of operations that the outbox does not hold (any more): a log that lost its end drops commits
 * without a word. An owner is not opened then; for readers, doctor asks. */
enum status local_device_check_loss(const struct local_device *device);

/* Notes beside the keys where the outbox stands now and what the office last said, when that has changed. The owner's. */
void local_device_remember(struct local_device *device);
/* As commands open it: where the command line says. */
enum status local_device_open_for(struct context *context, bool read_only, int64_t poll_wait_ms, struct local_device **out_device);
/* The same for an owner that goes on line: a flight recorder goes along, as the settings want it. `copy_max`: bytes of a file that are
 * worth copying at its beginning; 0: as much as fits. */
enum status local_device_open_recorded(
	struct context *context, int64_t poll_wait_ms, int64_t copy_max, struct local_device **out_device);
/* A core of its own for a new leg of the flight, in the place of the one there is. No transaction may be open. Not STATUS_OK: there is no
 * core any more. */
enum status local_device_begin_leg(struct local_device *device);
/* Where the keys of the command's device are. */
struct text local_device_keys_directory(const struct context *context);
/* The device of a command. */
struct local_device *local_device_of(const struct context *context);
/* Its records, for questions. */
struct storage *local_device_records(const struct context *context);

/* Saves one operation of the technician and tells so with its outcome. Fills in the event time. STATUS_REFUSED with the rule's words:
 * nothing was saved. What is saved counts as done even when it cannot be shown now; then a warning says why. */
enum status local_device_run(struct context *context, struct operation *operation, struct id *out_operation_id);

#endif
