/* What a flight recorder writes down, entry by entry. A flight is made of legs: each begins with a head and copies of the store's files
 * as they were, then comes whatever went into a core that was created on them, what the core was given by its surroundings meanwhile,
 * and what came out. Fed again to a core over the same copies it leads to the same effects. How entries are sealed and kept is
 * shell/leg_file.h's. */
#ifndef TRUCKROLL_SYNC_FLIGHT_H
#define TRUCKROLL_SYNC_FLIGHT_H

#include "protocol/base/buffer.h"
#include "protocol/sync/device_event.h"
#include "protocol/sync/server_event.h"

#define FLIGHT_ENTRY_MAX ((size_t)160 * 1024) /* bytes of an entry */
#define FLIGHT_PIECE_MAX ((size_t)64 * 1024)  /* bytes of a file in an entry, before packing */
#define FLIGHT_NAME_MAX  64

/* Numbers are on disk: never reuse one. */
enum flight_entry_kind {
	FLIGHT_HEAD = 1,   /* a leg begins */
	FLIGHT_FILE = 2,   /* the next piece of a file of the store; an empty one ends it */
	FLIGHT_EVENT = 3,  /* something goes into a device's core */
	FLIGHT_GIVEN = 4,  /* the core was given something while it worked on it */
	FLIGHT_DONE = 5,   /* the core has worked on it */
	FLIGHT_EFFECT = 6, /* something was taken out of a device's core */
	FLIGHT_SERVER_EVENT = 7,
	FLIGHT_SERVER_EFFECT = 8,
};

struct flight_head {
	bool of_server;      /* it is of a server's core; else of a device's */
	struct text program; /* with its version */
	int64_t schema_revision;
	int64_t begins_at_ms;
	bool copied; /* copies of the store's files follow: without them the leg cannot be replayed */
	bool bench;  /* the store was made for the benchmark's record */
	bool files;  /* the core moves files */
	/* What the core was created with; secrets are none of it. */
	struct id device;
	uint32_t key_number;
	struct public_keys keys;
	struct party server;
	struct id organisation;
	struct id technician;
	struct standing standing;
	bool moved;
	int64_t poll_wait_ms;
	int64_t check_every_ms;
	int64_t batch_raw_max;
	uint32_t bug;
	/* A server's. Its id is `device`. */
	struct id incarnation;
	int64_t retention_ms;
	int64_t window_ms;
	int64_t held_max;
	int64_t page_raw_max;
	const struct suspect *suspects;
	size_t suspect_count;
};

/* What a core can be given. Numbers are on disk: never reuse one. */
enum flight_gift {
	GIFT_CHANCE = 1,    /* random bytes */
	GIFT_SIGNATURE = 2, /* 64 bytes */
	GIFT_OPENED = 3,    /* what was in a sealed box; the status says whether it could be opened */
	GIFT_ROOM = 4,      /* on the disk */
	GIFT_FILE_SIZE = 5, /* and all below: what struct blob_files was asked */
	GIFT_FILE_READ = 6, /* of a large file in pieces; the number says how many bytes are still to come */
	GIFT_FILE_WRITE = 7,
	GIFT_FILE_KEEP = 8,
	GIFT_FILE_REMOVE = 9,
	GIFT_FILE_NAME = 10, /* a file in a folder, and its age */
	GIFT_FILE_END = 11,  /* … there are no more */
	GIFT_FILE_ROOM = 12,
	FLIGHT_GIFT_COUNT,
};

struct flight_given {
	enum flight_gift gift;
	enum status status;
	int64_t number;
	struct bytes bytes;
};

struct flight_entry {
	enum flight_entry_kind kind;
	struct flight_head head;
	struct {
		struct text name;
		struct bytes piece;
	} file;
	struct {
		int64_t now_ms, monotonic_ms;
		bool beside;                /* something else wrote to the store since the event before */
		struct device_event event;  /* EVENT */
		struct server_event server; /* SERVER_EVENT */
	} event;
	struct flight_given given;
	enum status status; /* DONE: how it went */
	struct device_effect effect;
	struct server_effect server_effect;
};

/* Writes one entry. An operation that the recorder was given may be one that no rule lets pass: it is written all the same. */
void flight_encode(struct writer *writer, const struct flight_entry *entry);
/* Reads what flight_encode() wrote, and nothing else: STATUS_CORRUPT; STATUS_NEWER for a kind that is not known. Texts and bytes are
 * borrowed from `bytes`; pieces and operations are in `arena`. */
enum status flight_decode(struct bytes bytes, struct arena *arena, struct flight_entry *out_entry);

#endif
