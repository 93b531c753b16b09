/* Files by their content: the id of a blob is the BLAKE2b-256 of its length and of the hash of each 64 KiB chunk, so that every
 * chunk can be checked when it comes. The list of these hashes comes before the content. */
#ifndef TRUCKROLL_WIRE_BLOB_H
#define TRUCKROLL_WIRE_BLOB_H

#include <stdint.h>

#include "protocol/base/buffer.h"
#include "protocol/base/text.h"
#include "protocol/wire/chain.h"

#define BLOB_CHUNK_SIZE ((size_t)64 * 1024)
#define BLOB_HASH_SIZE  32
/* Of a file that travels: its list fits a frame. */
#define BLOB_FILE_MAX   ((size_t)64 * 1024 * 1024)
#define BLOB_LIST_MAX   (BLOB_FILE_MAX / BLOB_CHUNK_SIZE * BLOB_HASH_SIZE)
/* Of the content, in one frame; less than a chunk, so that a piece passes the end of one chunk at most. */
#define BLOB_PIECE_MAX  ((size_t)56 * 1024)
/* The same in an answer, which may have rows to bring as well. */
#define BLOB_ANSWER_MAX ((size_t)32 * 1024)
/* Files of so many bytes and fewer go before all that are larger: thumbnails are among them. Within one piece, both ways. */
#define BLOB_SMALL_MAX  ((size_t)24 * 1024)
#define BLOB_NAMES_MAX  32 /* in one section */
#define BLOB_RANGES_MAX 16

/* As 64 lower-case digits and a NUL. The length counts as 8 bytes, little-endian. */
struct blob_text {
	char characters[2 * BLOB_HASH_SIZE + 1];
};

struct blob_text blob_id(struct bytes bytes);
struct blob_text blob_to_text(const struct hash *id);
/* STATUS_INVALID: not 64 lower-case digits. */
enum status blob_from_text(struct text text, struct hash *out_id);

/* The hashes of the chunks one behind the other, in `arena`. */
struct bytes blob_list_of(struct arena *arena, struct bytes content);
struct hash blob_chunk_hash(struct bytes chunk);
/* The id of what has this length and list; STATUS_CORRUPT when the list is not as long as that takes. */
enum status blob_id_of_list(int64_t size, struct bytes list, struct hash *out_id);

/* ---- sections; encode and decode as those of message.h, whatever is counted is capped before it takes memory ---- */

/* HAVE: what the device has. */
struct blob_offer {
	struct hash id;
	int64_t size;      /* at most BLOB_FILE_MAX */
	struct bytes list;
};
void blob_offer_encode(struct writer *writer, const struct blob_offer *offer);
enum status blob_offer_decode(struct bytes body, struct blob_offer *out_offer);

/* Permanent. An unknown one counts as BLOB_ABSENT. */
enum blob_state {
	BLOB_KNOWN = 0,     /* the server has it, and the asker may know */
	BLOB_LACKS = 1,     /* the ranges are missing */
	BLOB_ABSENT = 2,    /* there is none for the asker */
	BLOB_NO_ROOM = 3,   /* not now */
	BLOB_BAD_CHUNK = 4, /* a chunk was not as its hash says; the ranges are missing */
	BLOB_NO_OFFER = 5,  /* say HAVE first */
	BLOB_REFUSED = 6,   /* not from this device */
};
struct blob_range {
	int64_t offset;
	int64_t size;
};
struct blob_standing {
	struct hash id;
	uint8_t state; /* enum blob_state */
	struct blob_range ranges[BLOB_RANGES_MAX];
	size_t range_count;
};
/* HAVE of a reply: at most BLOB_NAMES_MAX of them. */
void blob_standings_encode(struct writer *writer, const struct blob_standing *standings, size_t count);
enum status blob_standings_decode(struct bytes body, struct arena *arena, struct blob_standing **out_standings, size_t *out_count);

enum blob_form {
	BLOB_FORM_FILE = 0, /* others, such as small pictures, may come; the server has none of them */
};
/* WANT: the first of them that the server has for the asker is served; of those before it the reply says that there is none. */
struct blob_wish {
	struct hash id;
	uint8_t form;     /* enum blob_form, below 128 */
	bool list_known;  /* else its list is asked for */
	int64_t offset;   /* so much of it is there */
};
struct blob_wishes {
	size_t piece_max; /* bytes of content */
	struct blob_wish *wishes;
	size_t count;
};
void blob_wishes_encode(struct writer *writer, const struct blob_wishes *wishes);
enum status blob_wishes_decode(struct bytes body, struct arena *arena, struct blob_wishes *out_wishes);

/* CHUNK, both ways: a piece of a chunk; it does not pass the end of its chunk. */
struct blob_piece {
	struct hash id;
	int64_t offset;
	struct bytes bytes; /* 1 to BLOB_PIECE_MAX */
};
void blob_piece_encode(struct writer *writer, const struct blob_piece *piece);
enum status blob_piece_decode(struct bytes body, struct blob_piece *out_piece);

/* HELD, in a device's bundle: files that it has, by the beginnings of their ids, in any order. */
#define BLOB_HELD_MAX    4096
#define BLOB_BEGINNING   8
void blob_held_encode(struct writer *writer, const struct hash *ids, size_t count);
/* `*out_beginnings`: so many times BLOB_BEGINNING bytes, borrowed from `body`. */
enum status blob_held_decode(struct bytes body, struct bytes *out_beginnings);
bool blob_held_names(struct bytes beginnings, const struct hash *id);

#endif
