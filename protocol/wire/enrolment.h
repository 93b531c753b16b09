/* Enrolment: how a device and a server that have never met come to trust each other's keys (docs/protocol-security.md, "Enrolment").
 * Permanent transcript.
 *
 * 1. The office makes a ticket: a code of 13 Crockford base-32 characters (65 random bits). Ticket id = first 128 bits of BLAKE2b-256(
 *    "truckroll/ticket-id/v1\0" ‖ code), ticket key = BLAKE2b-256("truckroll/ticket-key/v1\0" ‖ code), code in canonical upper case
 *    without dashes. The server stores id and key only; single use, 10 minutes, dead after 5 failures.
 * 2. The device asks in clear for the server's keys (ENROL_ASK -> ENROL_KEYS: organisation id, ORK pk, and SSK and SIK certified by
 *    the ORK).
 * 3. The device sends ENROL_REQUEST: crypto_box_seal to SIK of { ticket id, DSK pk, DXK pk, device name, platform, crypto_auth under
 *    the ticket key over all keys }. The server checks, consumes the ticket, keeps the device as pending. Both show six words.
 * 4. A person compares the words and approves; the device polls (ENROL_REQUEST again, idempotent for the same keys) and gets
 *    ENROL_PENDING or ENROL_GRANT (sealed to DXK, signed by SSK, crypto_auth under the ticket key over all keys). Only now does the
 *    device trust. */
#ifndef TRUCKROLL_WIRE_ENROLMENT_H
#define TRUCKROLL_WIRE_ENROLMENT_H

#include "protocol/base/arena.h"
#include "protocol/wire/keys.h"

#define TICKET_CODE_LENGTH      13
#define TICKET_KEY_SIZE         32
#define WORDS_COUNT             6
#define ENROLMENT_NAME_SIZE_MAX 100

struct ticket {
	struct id id;
	uint8_t key[TICKET_KEY_SIZE];
};

/* A fresh code, NUL-terminated, without dashes. */
void ticket_generate(char out_code[static TICKET_CODE_LENGTH + 1]);
/* Accepts lower case, blanks, dashes, and Crockford's look-alikes (O=0, I=L=1). STATUS_INVALID with a sentence otherwise. */
enum status ticket_from_code(struct text code, struct ticket *out_ticket);

/* What a server is known by. The certificates are ORK's signatures over "truckroll/certificate/v1\0" ‖ organisation ‖ server id ‖ SSK
 * ‖ SIK. */
struct server_keys {
	struct id organisation;
	struct id server_id;
	uint8_t root[SIGN_PUBLIC_SIZE]; /* ORK */
	struct public_keys keys;        /* SSK, SIK */
	uint8_t certificate[64];
};

/* Signs what `server_keys` names with the root's secret key: fills in the certificate. */
void server_keys_certify(const uint8_t root_secret[static SIGN_SECRET_SIZE], struct server_keys *server_keys);
/* STATUS_CORRUPT when the certificate is not the root's or the intake key is unusable. */
enum status server_keys_verify(const struct server_keys *server_keys);

/* The six words over ORK ‖ SSK ‖ SIK ‖ DSK ‖ DXK ‖ ticket id, blank-separated, in `arena`: the first 66 bits of BLAKE2b-256(
 * "truckroll/words/v1\0" ‖ those), eleven bits a word, highest first. */
struct text enrolment_words(
	struct arena *arena, const struct server_keys *server, const struct public_keys *device, const struct id *ticket_id);

struct enrolment_request {
	struct id ticket_id;
	struct public_keys device;
	struct text name;     /* <= ENROLMENT_NAME_SIZE_MAX bytes of UTF-8; sealing cuts a longer one */
	struct text platform; /* likewise */
};

struct grant {
	struct id device_id;
	struct id technician_id;
	struct id epoch;
	int64_t lease_until_ms;
	struct text organisation_name; /* <= ENROLMENT_NAME_SIZE_MAX bytes of UTF-8; sealing cuts a longer one */
	struct text technician_name;   /* likewise */
};

enum enrolment_message {
	ENROL_ASK = 0x10,
	ENROL_KEYS = 0x11,
	ENROL_REQUEST = 0x12,
	ENROL_PENDING = 0x13,
	ENROL_GRANT = 0x14,
	ENROL_REFUSED = 0x15
};

/* Why a device is turned away; the numbers are on the wire. */
enum enrolment_refusal {
	ENROLMENT_REFUSAL_UNKNOWN = 1,  /* no such code, or another device used it */
	ENROLMENT_REFUSAL_EXPIRED = 2,
	ENROLMENT_REFUSAL_FAILURES = 3, /* tried wrongly too often */
	ENROLMENT_REFUSAL_NOT_APPROVED = 4
};

/* Messages begin with "TRK1", version 1, suite 1, enum enrolment_message, 0. True when the bytes look like one; gives its type. */
bool enrolment_peek(struct bytes message, enum enrolment_message *out_type);

/* The question for a server's keys, and its answer; in `arena`. */
struct bytes enrolment_ask(struct arena *arena);
struct bytes enrolment_keys(struct arena *arena, const struct server_keys *server);
/* STATUS_CORRUPT also when the certificate does not fit; what fits is consistent, not yet trusted. */
enum status enrolment_keys_open(struct bytes message, struct server_keys *out_server);
/* `server` comes from enrolment_keys_open(), which vouches that its keys can be sealed to. */
struct bytes enrolment_request_seal(
	struct arena *arena, const struct server_keys *server, const struct ticket *ticket, const struct enrolment_request *request);
/* Opens the box; the ticket's key is not known yet: check with enrolment_request_verify() next. Texts are in `arena`. STATUS_CORRUPT
 * with one reason for everything an outsider could try. */
enum status enrolment_request_open(struct arena *arena, const struct identity *server, struct bytes message,
	struct enrolment_request *out_request, uint8_t out_mac[static 32]);
/* STATUS_CORRUPT, with that same reason, when the sender did not know the code or saw other keys than ours. */
enum status enrolment_request_verify(const struct server_keys *server, const struct ticket *ticket, const struct enrolment_request *request,
	const uint8_t mac[static 32]);
struct bytes enrolment_pending(struct arena *arena);
/* `reason` is an enum enrolment_refusal, or a later version's number. */
struct bytes enrolment_refused(struct arena *arena, uint32_t reason);
/* STATUS_CORRUPT when malformed. Anyone could have sent it: a reason to show, never one to forget the keys. */
enum status enrolment_refused_open(struct bytes message, uint32_t *out_reason);
/* `device` comes from enrolment_request_open(), which vouches that its keys can be sealed to. */
struct bytes enrolment_grant_seal(struct arena *arena, const struct identity *server_identity, const struct server_keys *server,
	const struct ticket *ticket, const struct public_keys *device, const struct grant *grant);
/* `server` is what enrolment_keys_open() gave before the request was sent. STATUS_CORRUPT with one reason unless box, signature and
 * ticket all fit; afterwards the server's keys are to be trusted. Texts are in `arena`. */
enum status enrolment_grant_open(struct arena *arena, const struct identity *device, const struct server_keys *server,
	const struct ticket *ticket, struct bytes message, struct grant *out_grant);

#endif
