/* The envelope: the only security boundary, on every carrier (docs/protocol-security.md, "Envelope"). Permanent. clear 16 bytes
 * (magic TRK1, version 1, suite 1, type, 0, first 8 bytes of BLAKE2b-256(recipient box pk)) ‖ crypto_box_seal( Ed25519 signature ‖
 * manifest ‖ sections ). The signature covers "truckroll/envelope/v1\0" ‖ clear ‖ organisation ‖ recipient id ‖ recipient box pk ‖
 * manifest ‖ BLAKE2b-256(sections). */
#ifndef TRUCKROLL_WIRE_ENVELOPE_H
#define TRUCKROLL_WIRE_ENVELOPE_H

#include "protocol/base/arena.h"
#include "protocol/base/id.h"
#include "protocol/wire/keys.h"

#define ENVELOPE_SIZE_MAX ((size_t)64 * 1024)

enum envelope_type {
	ENVELOPE_HELLO = 1,   /* device to server, may carry batch and pull */
	ENVELOPE_WELCOME = 2, /* server to device */
	ENVELOPE_BUNDLE = 3,  /* requests or replies in a file */
	ENVELOPE_GRANT = 4,   /* server to device at the end of enrolment */
};

struct envelope {
	enum envelope_type type;
	struct id sender;    /* envelope_seal() takes it and key_number from the identity instead */
	uint32_t key_number; /* of the sender's keys, from 1 */
	struct id incarnation;
	struct id server_epoch;
	bool has_ephemeral; /* hello and welcome */
	uint8_t ephemeral[BOX_PUBLIC_SIZE];
	struct bytes sections;
};

/* Seals for one recipient; the bytes are in `arena`. STATUS_INVALID when the result would pass ENVELOPE_SIZE_MAX, when the sender has
 * no id or key number yet, when has_ephemeral does not fit the type, or when the recipient's key is unusable. */
enum status envelope_seal(struct arena *arena, const struct identity *sender, const struct id *organisation, const struct party *recipient,
	const struct envelope *envelope, struct bytes *out_sealed);

/* Finds the sender's keys, by a read without side effects. STATUS_NOT_FOUND for a stranger; any other failure is a trouble of our own
 * and is passed on. Whether the sender is revoked is for after the signature: only then is it known to be the sender who asks. */
typedef enum status (*envelope_sender)(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys);

/* Opens what was sealed for `recipient`. Order of checks: size, clear bytes, recipient, box, manifest bounds, sender, signature.
 * STATUS_CORRUPT with the same reason for everything an outsider could try; STATUS_NEWER for a higher version or suite. Sections are
 * in `arena`, and that one allocation, smaller than `sealed`, is all that happens before the signature fits. */
enum status envelope_open(struct arena *arena, const struct identity *recipient, const struct id *organisation, struct bytes sealed,
	envelope_sender sender, void *context, struct envelope *out_envelope);

/* True when the bytes begin like an envelope of any version (and not like a session frame or an enrolment message). */
bool envelope_looks_like(struct bytes bytes);

#endif
