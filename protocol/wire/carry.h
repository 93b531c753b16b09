/* What a device says while it carries the bundle of another one over its own link: the bundle's envelopes, piece by piece as they are
 * sealed, and the envelopes of the answer to it. Permanent. */
#ifndef TRUCKROLL_WIRE_CARRY_H
#define TRUCKROLL_WIRE_CARRY_H

#include "protocol/wire/envelope.h"
#include "protocol/wire/message.h"

#define CARRY_PIECE_MAX ((size_t)56 * 1024) /* what a frame takes beside a pull */

/* CARRY: a piece of an envelope of a carried bundle. */
struct carried_piece {
	struct hash envelope; /* BLAKE2b-256 of all of it */
	size_t size;          /* of the envelope: 1 to ENVELOPE_SIZE_MAX */
	size_t offset;
	struct bytes bytes; /* 1 to CARRY_PIECE_MAX, within the envelope */
};
void carried_piece_encode(struct writer *writer, const struct carried_piece *piece);
enum status carried_piece_decode(struct bytes body, struct carried_piece *out_piece);

/* CARRY_WISH: the next piece of the answer for the device whose bundle was brought. */
struct carry_wish {
	struct id device;
	struct id bundle; /* the answer that was begun; nil: none */
	int64_t number;   /* of its part, from 1 */
	size_t offset;    /* so much of that part is there */
	size_t piece_max;
};
void carry_wish_encode(struct writer *writer, const struct carry_wish *wish);
enum status carry_wish_decode(struct bytes body, struct carry_wish *out_wish);

/* Permanent. An unknown one counts as CARRY_NOT_YOU. */
enum carry_state {
	CARRY_MORE = 0,     /* the envelope is asked for from byte `value` on */
	CARRY_TAKEN = 1,    /* the envelope is taken in, for good */
	CARRY_FAULT = 2,    /* … but its operations are not: enum wire_error `value` */
	CARRY_REFUSED = 3,  /* it is no envelope of a bundle of a device of this organisation */
	CARRY_BUSY = 4,     /* not now: again after `value` ms */
	CARRY_PIECE = 5,    /* of the answer */
	CARRY_UNPROVED = 6, /* first an envelope of that device is to be brought */
	CARRY_NOTHING = 7,  /* nothing is sent to that device */
	CARRY_NOT_YOU = 8,  /* nothing is taken through this device */
};
struct carry_reply {
	uint8_t state; /* enum carry_state */
	int64_t value;
	/* Of PIECE only: */
	struct id bundle; /* another one than before: the answer begins anew */
	int64_t number;
	bool last; /* the part with the cut */
	struct carried_piece piece;
};
void carry_reply_encode(struct writer *writer, const struct carry_reply *reply);
enum status carry_reply_decode(struct bytes body, struct carry_reply *out_reply);

#endif
