/* The server's live sessions by id: a cache, lost at every restart. */
#ifndef TRUCKROLL_SYNC_SESSION_TABLE_H
#define TRUCKROLL_SYNC_SESSION_TABLE_H

#include "protocol/wire/message.h"
#include "protocol/wire/session.h"

struct live_session {
	struct session session;
	struct id device;
	struct id incarnation;
	struct common_ground ground;
	bool speaks_short;                  /* the device knows short forms */
	uint8_t ephemeral[BOX_PUBLIC_SIZE]; /* the device's, of the hello that began it */
	int64_t handler_revision;
	int64_t started_at_ms;   /* monotonic */
	int64_t started_gseq;    /* the latest commit then */
	int64_t last_used_at_ms; /* monotonic */
	int64_t last_seen_at_ms; /* wall */
	int64_t acknowledged_gseq; /* the highest cursor of this epoch that it sent, with nothing pending */
	int64_t recon_until_ms;  /* monotonic; what it asked of rows is worked off then. Goes on in the device's next session */
	bool proved;             /* a frame of it came: its hello was fresh. Set by session_table_keep_only() */
};

/* Sessions that no frame proved: their hellos may be recordings. So many of a device, and for so long after they began. A few would be
 * enough for the device, but then a few recordings, sent while its own handshake is under way, would keep it out. */
#define SESSIONS_UNPROVED_MAX     1024
#define SESSIONS_UNPROVED_LIFE_MS 120000

/* A device says every hello with a new key: one whose key came before was recorded, or sent twice by the carrier. It gets so many answers
 * in all, the first with a page. Nor do more hellos of a device get a page while nothing follows them: it then comes one question later. */
#define HELLO_ANSWERS_MAX 8
#define HELLO_PAGES_MAX   4

/* What hellos of a device left behind. */
struct hello_trace {
	size_t of_device; /* sessions that no frame proved, and not too old */
	size_t of_key;    /* those of them that began with a hello of this key */
	bool key_proved;  /* a frame proved one with this key: its hello was answered for good */
};

struct session_table;

struct session_table *session_table_create(size_t count_max);
/* Wipes all keys; accepts NULL. */
void session_table_destroy(struct session_table *table);
/* NULL when there is none. Valid until the next add or remove. */
struct live_session *session_table_find(struct session_table *table, const uint8_t id[static SESSION_ID_SIZE]);
/* The most recently used session of a device; NULL. O(the device's sessions). */
struct live_session *session_table_of_device(struct session_table *table, const struct id *device);
/* What is known at `now_ms` of hellos of `device` and of one with the key `ephemeral`. O(the device's sessions). */
struct hello_trace session_table_trace(const struct session_table *table, const struct id *device,
	const uint8_t ephemeral[static BOX_PUBLIC_SIZE], int64_t now_ms);
/* Adds a copy, not proved; its last_used_at_ms is not before that of any added earlier. Makes room by forgetting the longest
 * unused one when full, of those first that no frame has proved: recorded hellos push nobody out. Of those that no frame has
 * proved, all that are too old at session->last_used_at_ms go, and the device's oldest when they are too many. An older
 * session with that id is replaced. O(the device's sessions); O(sessions) when it is full of proved ones. */
void session_table_add(struct session_table *table, const struct live_session *session);
/* A frame proved that `session`, which is in the table, is alive: the device's other sessions are forgotten. O(the device's sessions). */
void session_table_keep_only(struct session_table *table, struct live_session *session);
/* Forgets all sessions of a device; those unused since `before_ms` when device is NULL: O(sessions). */
void session_table_forget(struct session_table *table, const struct id *device, int64_t before_ms);
size_t session_table_count(const struct session_table *table);

#endif
