/* A device's request while it waits: for the commit of what it brought to be durable, or for news. */
#ifndef TRUCKROLL_SYNC_INQUIRY_H
#define TRUCKROLL_SYNC_INQUIRY_H

#include "protocol/sync/session_table.h"
#include "protocol/wire/carry.h"
#include "protocol/wire/message.h"
#include "protocol/wire/session.h"

struct inquiry {
	struct inquiry *next;
	struct inquiry *older_hello; /* in its bucket of a hello_index */
	uint64_t connection;
	uint8_t session_id[SESSION_ID_SIZE]; /* of a session frame */
	bool by_envelope;                    /* a hello: answered with a welcome */
	bool by_bundle;                      /* of a file: by_envelope, too, but nobody waits for a session */
	struct id device;
	struct id incarnation;
	struct common_ground ground; /* of the session that it is a frame of, or begins */
	bool speaks_short;           /* the device knows short forms */
	struct hello hello;
	uint8_t ephemeral[BOX_PUBLIC_SIZE]; /* the device's, by_envelope */
	bool repeated;     /* a hello whose key came before */
	bool without_page; /* the welcome alone answers it */
	bool late;         /* a frame that its device sent after it came before: it is not held, since nobody waits for its answer */
	struct wire_fault fault;
	bool has_pull;
	uint8_t *recon; /* body of one, owned; NULL: none */
	size_t recon_size;
	enum section_number blob_section; /* HAVE, WANT, CHUNK, HELD, CARRY or CARRY_WISH; 0: none */
	uint8_t *blob;                    /* its body, owned */
	size_t blob_size;
	struct carry_reply carried; /* what became of a CARRY */
	struct hash envelope;       /* that somebody carried, and that is held; zero: none */
	bool in_part;               /* of its batch only a part was decided */
	struct pull pull; /* resume points into resume_bytes */
	uint8_t resume_bytes[64];
	struct origin origin;
	struct section batch; /* to be held until its turn comes; borrowed */
	int64_t handler_revision;
	int64_t deadline_ms; /* monotonic; of a parked poll */
};

/* A new one, alone. */
struct inquiry *inquiry_create(uint64_t connection);
/* Puts it last into a list, whose end is known. */
void inquiry_put_last(struct inquiry *waiting, struct inquiry ***end);
void inquiry_free(struct inquiry *inquiry);
/* Frees it and all that follow; accepts NULL. */
void inquiry_free_all(struct inquiry *inquiry);

#define HELLO_BUCKETS 1024

/* Hellos that wait for their answers, by device: thousands come at once when a server was away. Zero-initialised it is empty. */
struct hello_index {
	struct inquiry *buckets[HELLO_BUCKETS];
	size_t count;
	uint64_t looked_at; /* what judging has cost */
};
/* Does nothing with what is no hello. Borrowed until the index is cleared, which the caller does when it frees the first of them. */
void hello_index_add(struct hello_index *index, struct inquiry *inquiry);
void hello_index_clear(struct hello_index *index);

/* Before its sections are taken: sets repeated and without_page of a hello by those that came before, which left `sessions` behind or wait.
 * STATUS_REFUSED: it was answered often enough. O(hellos of the bucket). */
enum status inquiry_judge_hello(
	struct inquiry *hello, struct hello_index *waiting, const struct session_table *sessions, int64_t now_ms);
/* What completes short forms in the request: NULL but for a session's frame. */
const struct common_ground *inquiry_ground(const struct inquiry *inquiry);
/* What the pull of a session's frame says that the device has, when nothing of the frame was at fault. */
void inquiry_acknowledge(const struct inquiry *inquiry, const struct id *epoch, struct live_session *live);
/* Takes the body of a section but of BATCH and INCIDENT, whose turn comes later. STATUS_CORRUPT: malformed, or it does not belong there.
 * `arena` is for the call. */
enum status inquiry_take_section(struct inquiry *inquiry, struct arena *arena, const struct section *section);

#endif
