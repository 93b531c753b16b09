/* What the flight recorders of both programs share: the legs on the disk, and what stands between a core and its surroundings: a clock
 * that stands still while the core works, its files, its keys, chance. Nothing is synced, and what cannot be written is not recorded.
 * One at a time in a process, on one thread; it must not move while it is used. */
#ifndef TRUCKROLL_SHELL_FLIGHT_RECORDER_H
#define TRUCKROLL_SHELL_FLIGHT_RECORDER_H

#include "db/storage.h"
#include "protocol/sync/flight.h"
#include "shell/leg_file.h"

/* A file of the store, to be copied at the beginning of a leg. */
struct flight_source {
	const char *name;
	struct storage *storage; /* of its owner, in no transaction */
};

struct flight_store {
	const struct flight_source *sources;
	size_t source_count;
	int64_t room;     /* left on its disk */
	int64_t copy_max; /* bytes of a file that are copied; 0: as much as fits */
};

struct flight_recorder {
	struct arena arena;   /* its life */
	struct arena scratch; /* of one entry */
	struct text dir;
	int64_t size_max; /* bytes that all legs may take */
	int64_t leg_max;
	struct leg_writer leg;
	int64_t copy_max; /* bytes of a file of the store */
	bool recording;
	bool full;                    /* the leg has ended before its time: it had no more room, or flight_recorder_break_off() */
	bool within;                  /* the core works on an event that is recorded */
	int64_t now_ms, monotonic_ms; /* when it came */
	int64_t begun_at_ms;          /* the leg; monotonic */
	const struct clock *real_clock;
	const struct blob_files *real_files;
	/* For the core. */
	struct clock clock;
	struct blob_files files;
	struct key_holder holder;
};

/* `size_max` 0: nothing is recorded, and what there is goes with the first leg. */
void flight_recorder_init(struct flight_recorder *recorder, struct text dir, int64_t size_max, const struct clock *clock);
void flight_recorder_finish(struct flight_recorder *recorder);

/* Begins a leg that the owner of `identity` can open, with this head, and copies of the store's files when they fit; ends the one before.
 * `files` are what the core is given `recorder->files` for; NULL: none. */
void flight_recorder_begin(struct flight_recorder *recorder, const struct identity *identity, const struct flight_head *head,
	const struct flight_store *store, const struct blob_files *files);
/* The same without copies: what is recorded can be looked at, not replayed. */
void flight_recorder_go_on(struct flight_recorder *recorder, const struct identity *identity, const struct flight_head *head);
/* Something comes that cannot be recorded: the leg ends, whole up to here. Until another begins nothing of the recorder changes, and
 * other threads may use what it stands in front of. */
void flight_recorder_break_off(struct flight_recorder *recorder);
/* Writes an entry. The reason of the latest failure stays. */
void flight_recorder_put(struct flight_recorder *recorder, const struct flight_entry *entry);
/* An event: fills in when it came, and writes it. `recorder->within` until flight_recorder_end(). */
void flight_recorder_event(struct flight_recorder *recorder, struct flight_entry *entry);
void flight_recorder_end(struct flight_recorder *recorder, enum status status);
/* The core was given something, in an event that is recorded. */
void flight_recorder_gift(struct flight_recorder *recorder, enum flight_gift gift, enum status status, int64_t number, struct bytes bytes);

#endif
