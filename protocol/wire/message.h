/* The two sync messages, request and reply: each a list of sections (number ‖ length ‖ body). Permanent framing. */
#ifndef TRUCKROLL_WIRE_MESSAGE_H
#define TRUCKROLL_WIRE_MESSAGE_H

#include "protocol/domain/operation.h"
#include "protocol/wire/chain.h"
#include "protocol/wire/columns.h"
#include "protocol/wire/record_codec.h"

#define FRAME_SIZE_MAX  ((size_t)64 * 1024)
#define SECTIONS_MAX    64
#define SIGNATURE_SIZE  64

/* On the wire as number * 2 + (1 when an unknown one may be skipped). Never reuse a number. */
enum section_number {
	SECTION_HELLO = 1,
	SECTION_BATCH = 2,
	SECTION_PULL = 3,
	SECTION_RECON = 4,
	SECTION_ORIGIN = 5,
	SECTION_INCIDENT = 6,
	SECTION_HAVE = 7,
	SECTION_WANT = 8,
	SECTION_CHUNK = 9,
	SECTION_WELCOME = 10,
	SECTION_DECIDED = 11,
	SECTION_PAGE = 12,
	SECTION_CUT = 13,
	SECTION_AGAIN = 14,
	SECTION_ERROR = 15,
	SECTION_RECON_REPLY = 16,
	SECTION_HAVE_REPLY = 17,
	SECTION_CHUNK_REPLY = 18,
	SECTION_BLOB_LIST = 19,
	SECTION_PART = 20,
	SECTION_OUTLOOK = 24,
	SECTION_CARRY = 25,
	SECTION_CARRY_WISH = 26,
	SECTION_CARRY_REPLY = 27,
	SECTION_HELD = 28,
	SECTION_ANSWERS = 29,
};

/* Numbers of the short forms that some sections have inside a session; of the same space, and as permanent. */
enum short_section_number {
	SHORT_SECTION_NONE = 0,
	SHORT_SECTION_PULL = 32,
	SHORT_SECTION_BATCH = 33,
	SHORT_SECTION_DECIDED = 34,
	SHORT_SECTION_CUT = 35,
};

struct section {
	enum section_number number;
	bool brief; /* in its short form, which a session's common ground completes */
	struct bytes body;
};

/* Number, size and body, in the long form. */
void section_write(struct writer *writer, enum section_number number, struct bytes body);
/* … or in the short one, when it is brief. */
void section_put(struct writer *writer, const struct section *section);
/* Splits a message; bodies are views. A short form has the number of the long one, and is brief. Unknown sections are dropped when
 * skippable, else STATUS_NEWER. A second batch or page is STATUS_CORRUPT. */
enum status sections_read(struct bytes message, struct arena *arena, struct section **out_sections, size_t *out_count);

/* Where a replica stands: everything up to `gseq` of that server epoch is in it. */
struct cursor {
	struct id epoch;
	int64_t gseq;
};

enum carrier_class {
	CARRIER_LIVE = 0,
	CARRIER_METERED = 1,
	CARRIER_BUNDLE = 2
};

struct hello {
	struct id incarnation;
	int64_t next_seq;       /* the device's next unused sequence number */
	struct hash chain_hash; /* h of next_seq - 1 */
	struct cursor cursor;
	int64_t settled_seq; /* last seq whose decision the replica has cut */
	int64_t schema_revision;
	int64_t handler_revision;
	int64_t queue_depth;
	int64_t oldest_pending_age_ms;
	int64_t free_disk_bytes;
	int64_t clock_ms;
	uint32_t carrier; /* enum carrier_class */
};

struct welcome {
	struct id incarnation;  /* the one the answer speaks of */
	bool incarnation_known; /* false: the server has never seen an operation of it */
	bool rolled_back;       /* the server is ahead of the device: start a new incarnation */
	int64_t last_seq;       /* last decided of that incarnation, 0 for none */
	struct hash chain_hash; /* h of last_seq */
	struct id epoch;
	int64_t gseq;
	int64_t time_ms;
	uint32_t device_state; /* enum device_state */
	int64_t lease_until_ms;
	int64_t backup_gseq; /* backup watermark */
	int64_t schema_revision;
	int64_t handler_revision;
};

/* What hello and welcome said: the short forms in a session's frames leave it out. */
struct common_ground {
	struct id incarnation; /* of the hello */
	struct id epoch;       /* of the welcome */
	uint8_t dictionary;    /* that both know (wire/dictionary.h): both said their schema's revision */
};

/* Does this program, and whoever said in a hello or welcome that its schema has that revision, know short forms? */
bool short_forms_spoken(int64_t revision);

/* Does this program, and whoever said so of its schema, name the hello that a welcome answers? Who does not may be played a welcome that
 * was recorded. */
bool answers_named(int64_t revision);
/* Of a hello's ephemeral key: so much names it. */
#define ANSWERS_SIZE 16

/* So much of a hash stands in short forms. */
#define HASH_BEGINNING_SIZE 8

/* Consecutive operations of one incarnation. */
struct batch {
	struct id incarnation;
	int64_t first_seq;
	const struct operation *operations;
	const struct id *first_ids; /* NULL, or one an operation: the id it was first sent under (re-sent after a restore), nil for none */
	size_t count;
	const uint8_t (*secrets)[WINDOW_SECRET_SIZE]; /* of each window touched, from first_seq / WINDOW_LENGTH on */
	size_t secret_count;
	/* As decoded from a short form: of last_hash only the beginning came, the rest is zeros, and `secrets` lack the first one when the
	 * operation before is of the same window (chain_window_goes_on()). */
	bool brief;
	struct hash last_hash;             /* h of the last operation */
	uint8_t signature[SIGNATURE_SIZE]; /* by the device over head_statement() */
};

struct pull {
	struct cursor cursor;
	int64_t settled_seq; /* decisions after it are wanted */
	int64_t byte_budget; /* of pages; 0 = one frame */
	uint32_t class_max;  /* highest class wanted */
	bool own_rows;       /* also rows the device computed itself (after a new replica) */
	bool all_digests;    /* the cut tells every scope held and its digest (after a repair) */
	int64_t wait_ms;     /* 0..240000: hold the answer until there is something */
	struct bytes resume; /* what the last page said; empty at the start of a pass; <= 64 bytes */
};

/* Where the sender's incarnation comes from: it goes on from another one after a restore, or on another machine. */
struct origin {
	struct id previous;
	int64_t shared_seq; /* its operations after it have become 1, 2, … of the new one */
};

#define TOLD_WHAT_MAX   32
#define TOLD_DETAIL_MAX 200

/* What a device found wrong with itself, for whoever operates the server. */
struct told_incident {
	int64_t at_ms;
	struct text what;
	struct text detail;
};

/* Most operations that one `decided` tells of. */
#define UNLIKE_COUNT_MAX ((size_t)1024 * 1024)

struct decided {
	struct id incarnation;
	int64_t seq;            /* all up to it are decided */
	struct hash chain_hash; /* h of seq; of a short form only its beginning, then zeros */
	bool brief;
	int64_t gseq;           /* the commit that decided the last of them */
	const int64_t *unlike;  /* ascending seqs in (settled_seq, seq] whose rows come with pages: not as the device computed them */
	size_t unlike_count;
};

enum entry_type {
	ENTRY_WHOLE = 0,
	ENTRY_PATCH = 1,  /* only the fields of each mask */
	ENTRY_LEFT = 2,   /* the row left the scope: only ids */
	ENTRY_MEMBER = 3, /* the row, which the device holds through another scope, is in this scope too: only ids */
	/* Words about the scope itself, for the cut that ends the pass; a later one of the same scope takes its place. */
	ENTRY_DIGEST = 4,  /* the scope is held, with this digest */
	ENTRY_DROPPED = 5, /* the scope is not held any more */
};

/* Rows of one kind in one scope, or a word about the scope. */
struct page_group {
	struct scope scope;
	enum entry_type type;
	const struct schema *schema; /* NULL: a word */
	void **rows;                 /* LEFT and MEMBER: only the id is set */
	uint64_t *masks;             /* PATCH only */
	size_t count;
	struct digest digest; /* DIGEST only */
};

struct page {
	struct page_group *groups;
	size_t group_count;
	struct bytes resume; /* not empty: more follows, ask again with it; empty: a cut follows */
};

struct scope_digest {
	struct scope scope;
	struct digest digest;
};

struct cut {
	struct cursor cursor;               /* where the replica stands after it */
	const struct scope_digest *digests; /* of scopes changed since the pull's cursor */
	size_t digest_count;
	const struct scope *dropped; /* scopes the device no longer holds */
	size_t dropped_count;
	const struct scope *held; /* every scope the device holds now; sent when it changed since the cursor, else count 0 */
	size_t held_count;
};

enum wire_error {
	WIRE_ERROR_SEND_FROM = 1,  /* batch began too late: send from `value` */
	WIRE_ERROR_SEND_WHOLE = 2, /* a short reference was ambiguous or unknown: send whole ids */
	WIRE_ERROR_FORK = 3,       /* same seq, other hash */
	WIRE_ERROR_REVOKED = 4,
	WIRE_ERROR_UNKNOWN_SESSION = 5,
	WIRE_ERROR_MALFORMED = 6,
	WIRE_ERROR_EPOCH = 7, /* the cursor means nothing: another epoch, or below `value`, from where on rows that left are known */
	WIRE_ERROR_BUSY = 8,
	WIRE_ERROR_NEWER = 9,
	WIRE_ERROR_CLASS = 10, /* only whole scopes are served: ask for classes up to `value` */
	WIRE_ERROR_TOO_OFTEN = 11, /* the device has begun as many incarnations within a day as it may: no batch is taken until later */
};

struct wire_fault {
	uint32_t code; /* enum wire_error */
	int64_t value;
};

/* One of each; `*_encode` writes the body of the section, `*_decode` reads exactly one and is strict. Everything decoded lives in `arena`
 * or is borrowed from `body`. */
void hello_encode(struct writer *writer, const struct hello *hello);
enum status hello_decode(struct bytes body, struct hello *out_hello);
void welcome_encode(struct writer *writer, const struct welcome *welcome);
enum status welcome_decode(struct bytes body, struct welcome *out_welcome);
/* The sections that have a short form. Encoders write that when `ground` is not NULL and says what it leaves out, and give true; else
 * the long one; what they pack, they pack by the ground's dictionary. Decoders take either, a short one only with a ground, which they
 * believe; STATUS_CORRUPT without. */
bool pull_encode_within(struct writer *writer, const struct pull *pull, const struct common_ground *ground);
enum status pull_decode_within(const struct section *section, const struct common_ground *ground, struct pull *out_pull);
bool batch_encode_within(
	struct writer *writer, const struct batch *batch, const struct references *references, const struct common_ground *ground);
enum status batch_decode_within(const struct section *section, const struct common_ground *ground, struct arena *arena,
	const struct references *references, struct batch *out_batch);
bool decided_encode_within(struct writer *writer, const struct decided *decided, const struct common_ground *ground);
enum status decided_decode_within(
	const struct section *section, const struct common_ground *ground, struct arena *arena, struct decided *out_decided);
bool cut_encode_within(struct writer *writer, const struct cut *cut, const struct common_ground *ground);
enum status cut_decode_within(const struct section *section, const struct common_ground *ground, struct arena *arena, struct cut *out_cut);
/* At most 65,536 operations, with all their secrets and hashes; the packed body must fit the caller's frame. */
void batch_encode(struct writer *writer, const struct batch *batch, const struct references *references);
enum status batch_decode(struct bytes body, struct arena *arena, const struct references *references, struct batch *out_batch);
void pull_encode(struct writer *writer, const struct pull *pull);
enum status pull_decode(struct bytes body, struct pull *out_pull);
void origin_encode(struct writer *writer, const struct origin *origin);
enum status origin_decode(struct bytes body, struct origin *out_origin);
/* What is too long is cut. */
void told_incident_encode(struct writer *writer, const struct told_incident *told);
enum status told_incident_decode(struct bytes body, struct told_incident *out_told);
void decided_encode(struct writer *writer, const struct decided *decided);
enum status decided_decode(struct bytes body, struct arena *arena, struct decided *out_decided);
void page_encode(struct writer *writer, const struct page *page, const struct references *references);
/* The same in two steps: the packed block of its groups, and a page of such a block. Who reads it knows the dictionary; DICTIONARY_NONE
 * when nobody can say who that will be. */
void page_pack(struct writer *writer, const struct page *page, const struct references *references, uint8_t dictionary);
void page_encode_packed(struct writer *writer, struct bytes resume, struct bytes packed);
enum status page_decode(struct bytes body, struct arena *arena, const struct references *references, struct page *out_page);
void cut_encode(struct writer *writer, const struct cut *cut);
enum status cut_decode(struct bytes body, struct arena *arena, struct cut *out_cut);
/* About so many rows come with the pages of this pass. */
void outlook_encode(struct writer *writer, int64_t rows);
enum status outlook_decode(struct bytes body, int64_t *out_rows);
void again_encode(struct writer *writer, int64_t after_ms);
enum status again_decode(struct bytes body, int64_t *out_after_ms);
void fault_encode(struct writer *writer, const struct wire_fault *fault);
enum status fault_decode(struct bytes body, struct wire_fault *out_fault);

/* The bytes under the chain head's signature, in `arena`:
 * "truckroll/head/v1\0" ‖ organisation ‖ device ‖ incarnation ‖ seq (8 LE) ‖ hash. */
struct bytes head_statement(struct arena *arena, const struct id *organisation, const struct id *device, const struct id *incarnation,
	int64_t seq, const struct hash *hash);

#endif
