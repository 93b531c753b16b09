/* A live link's frames: session id (8) ‖ counter (8 LE) ‖ ciphertext ‖ tag (16), XChaCha20-Poly1305-IETF with keys from crypto_kx over
 * the two ephemeral keys of hello and welcome, nonce = counter (8 LE) ‖ 16 zero bytes, additional data = the first 16 bytes. Keys live
 * in memory only. Permanent. */
#ifndef TRUCKROLL_WIRE_SESSION_H
#define TRUCKROLL_WIRE_SESSION_H

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/wire/keys.h"

#define SESSION_ID_SIZE  8
#define SESSION_OVERHEAD 32
#define SESSION_LIFE_MS  ((int64_t)3600 * 1000)

/* The clear answer to a frame of a session that the server does not know: these 8 bytes ‖ the session id it named. */
#define UNKNOWN_SESSION_MAGIC      "TRK1\x01\x01\x20\x00"
#define UNKNOWN_SESSION_MAGIC_SIZE 8

struct session {
	/* First 8 bytes of BLAKE2b-256("truckroll/session/v1\0" ‖ device ephemeral ‖ server ephemeral) with the highest bit of the
	 * first byte set: never "TRK1…", and never that of a wiped session. */
	uint8_t id[SESSION_ID_SIZE];
	uint8_t receive_key[32];
	uint8_t send_key[32];
	uint64_t send_counter;    /* of the last frame sent; the first is 1 */
	uint64_t receive_counter; /* highest accepted */
	uint64_t receive_window;  /* bit k: receive_counter - k was seen */
};

/* An ephemeral X25519 pair for one hello or welcome. */
struct ephemeral {
	uint8_t public_key[BOX_PUBLIC_SIZE];
	uint8_t secret_key[BOX_SECRET_SIZE];
};

/* A new pair from the system's randomness. */
void ephemeral_generate(struct ephemeral *out_ephemeral);

/* Both ends come to the same id and mirrored keys. STATUS_CORRUPT for a peer key of small order. */
enum status session_start_device(struct session *session, const struct ephemeral *ours, const uint8_t theirs[static BOX_PUBLIC_SIZE]);
enum status session_start_server(struct session *session, const struct ephemeral *ours, const uint8_t theirs[static BOX_PUBLIC_SIZE]);

/* The sealed frame is in `arena`. STATUS_INVALID when it would pass 64 KiB, when the counter is used up, or when the session is not
 * started. */
enum status session_seal(struct arena *arena, struct session *session, struct bytes plain, struct bytes *out_frame);
/* STATUS_CORRUPT with one reason for a forged, foreign, replayed or too old frame; the window moves only after the tag fits. */
enum status session_open(struct arena *arena, struct session *session, struct bytes frame, struct bytes *out_plain);
/* The session id a frame names; STATUS_CORRUPT when it is too short. */
enum status session_peek(struct bytes frame, uint8_t out_id[static SESSION_ID_SIZE]);

/* Overwrite the keys; a wiped session seals and opens nothing. */
void session_wipe(struct session *session);
void ephemeral_wipe(struct ephemeral *ephemeral);

#endif
