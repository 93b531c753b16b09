/* Repair by range: a device asks whether ranges of its scopes are as the server has them, and gets those that are not. A range is the rows
 * of a scope whose ids begin with a prefix. */
#ifndef TRUCKROLL_WIRE_RECON_H
#define TRUCKROLL_WIRE_RECON_H

#include "protocol/wire/message.h"

#define RECON_DEPTH_MAX     2 /* bytes of a prefix */
#define RECON_FAN           256 /* buckets of a range: one a value of the byte behind its prefix */
#define RECON_QUESTIONS_MAX ((size_t)4096)

/* Number of rows, and the lower half of the sum of their hashes: the digest of the cut that follows says whether that was enough. */
struct recon_digest {
	int64_t count;
	uint64_t check;
};

enum recon_form {
	RECON_SCOPES = 0,  /* are these the scopes, of those whose ids begin with the prefix, that the device is to hold? */
	RECON_WHOLE = 1,   /* is the scope so? */
	RECON_BUCKETS = 2, /* which of the 256 ranges one byte below the prefix are not so? */
	RECON_ROWS = 3,    /* what are the rows of the range? */
};

struct recon_question {
	enum recon_form form;
	struct scope scope; /* not of SCOPES */
	uint8_t prefix[RECON_DEPTH_MAX];
	size_t depth;                       /* bytes of the prefix: 0 or 1 of SCOPES and BUCKETS, 0 to 2 of ROWS */
	struct recon_digest digest;         /* of SCOPES (of scopes, see recon_scope_check()) and WHOLE */
	const struct recon_digest *buckets; /* of BUCKETS */
	enum record_kind after_kind;        /* of ROWS: only what comes behind it in (kind, id) order; RECORD_NONE: from the start */
	struct id after;
};

struct recon_request {
	const struct recon_question *questions;
	size_t count;
};

enum recon_verdict {
	RECON_SAME = 0,
	RECON_OTHER = 1,     /* of WHOLE: ask for buckets or rows; of SCOPES: too many to be named, ask by the first byte */
	RECON_DIFFERING = 2, /* of BUCKETS: these */
	RECON_ANSWERED = 3,  /* of WHOLE and ROWS: the rows are in the page, up to `until` */
	RECON_NOT_HELD = 4,  /* the scope is not the device's */
	RECON_HELD = 5,      /* of SCOPES: these are */
};

struct recon_answer {
	enum recon_verdict verdict;
	uint8_t differing[RECON_FAN / 8]; /* of DIFFERING: bit b % 8 of byte b / 8 */
	enum record_kind until_kind;          /* of ANSWERED: the last row that is in the page; RECORD_NONE: that is all of the range */
	struct id until;
	const struct scope *scopes; /* of HELD */
	size_t scope_count;
};

struct recon_reply {
	struct cursor cursor; /* the state that was looked at */
	const struct recon_answer *answers; /* of the first questions; to be asked again: the others */
	size_t count;
	struct bytes page; /* body of a page section with all rows of the ranges answered; empty: they have none */
};

/* As the codecs of message.h. The page of a reply is not looked into. */
void recon_request_encode(struct writer *writer, const struct recon_request *request);
enum status recon_request_decode(struct bytes body, struct arena *arena, struct recon_request *out_request);
void recon_reply_encode(struct writer *writer, const struct recon_reply *reply);
enum status recon_reply_decode(struct bytes body, struct arena *arena, struct recon_reply *out_reply);

/* What a scope adds to the check of a RECON_SCOPES question, and whether it is of those that one asks about. */
uint64_t recon_scope_check(const struct scope *scope);
bool recon_scope_concerns(const struct recon_question *question, const struct scope *scope);

#endif
