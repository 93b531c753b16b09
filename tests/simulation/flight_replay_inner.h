/* What the files of the replay share. */
#ifndef TRUCKROLL_TESTS_SIMULATION_FLIGHT_REPLAY_INNER_H
#define TRUCKROLL_TESTS_SIMULATION_FLIGHT_REPLAY_INNER_H

#include "protocol/sync/flight.h"
#include "tests/simulation/flight_replay.h"

struct gifts {
	struct flight_given *given;
	size_t count, capacity, taken;
};

struct replay;

/* A device's core, or a server's, with its store in replay->dir. */
struct replay_side {
	const char *const *files; /* of the store, which may be copied; ends with NULL */
	/* Adds the store's and the core's statuses. */
	enum status (*open)(struct replay *replay);
	bool (*is_open)(const struct replay *replay);
	/* Something else wrote there: true when what matters of it can be done here. */
	bool (*touch)(struct replay *replay);
	enum status (*feed)(struct replay *replay);
	/* Takes what comes out here, and says what differs; a server's carries a commit out, a device's cut is an event. */
	void (*compare)(struct replay *replay, const struct flight_entry *there);
	void (*close)(struct replay *replay);
	const char *(*word)(const struct flight_entry *event);
	/* How the commit went there, when the event tells. */
	bool (*tells_commit)(const struct flight_entry *event, enum status *out_status);
};
extern const struct replay_side replay_device, replay_server;

struct replay {
	const struct flight_replay_options *options;
	struct flight_outcome outcome;
	struct arena leg_arena;   /* life of a leg */
	struct arena event_arena; /* of an event with what was given */
	const struct replay_side *side;
	struct flight_head head;
	char dir[256];
	int descriptor; /* of the file that is being copied; -1 */
	struct device_store *device_store;
	struct device_core *device_core;
	struct server_store *server_store;
	struct server_core *server_core;
	struct flight_entry event; /* the one whose gifts are being collected */
	bool open;                 /* there is one */
	bool within;               /* the core works on it */
	struct gifts gifts;
	bool beside;           /* the store is not as it was there any more */
	enum status committed; /* how the latest commit went here */
	struct clock clock;
	struct random random;
	struct blob_files files;
	struct key_holder holder;
	struct device_tap tap;
};

/* The first difference, in words: what comes behind it stands on it. */
void replay_differ(struct replay *replay, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Two things that came out, by their words and bytes. */
void replay_compare(struct replay *replay, const char *there, struct bytes there_bytes, const char *here, struct bytes here_bytes);

#endif
