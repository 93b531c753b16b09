#include "protocol/wire/session.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/transcript.h"

#define FRAME_MAX   ((size_t)64 * 1024)
#define PREFIX_SIZE (SESSION_ID_SIZE + 8)
#define TAG_SIZE    16
#define WINDOW_BITS 64
#define STARTED     0x80 /* in the first byte of every session id */

static_assert(SESSION_OVERHEAD == PREFIX_SIZE + TAG_SIZE, "the overhead is what a frame adds");
static_assert(TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "Poly1305 tag");
static_assert(sizeof(((struct session *)0)->send_key) == crypto_kx_SESSIONKEYBYTES &&
		      crypto_kx_SESSIONKEYBYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	"the exchange makes keys for the cipher");
static_assert(BOX_PUBLIC_SIZE == crypto_kx_PUBLICKEYBYTES && BOX_SECRET_SIZE == crypto_kx_SECRETKEYBYTES, "ephemeral keys are X25519");

static enum status refuse(void)
{
	return fail(STATUS_CORRUPT, "session frame: forged, damaged, replayed, too old or of another session; say hello again");
}

void ephemeral_generate(struct ephemeral *out_ephemeral)
{
	int failed = crypto_kx_keypair(out_ephemeral->public_key, out_ephemeral->secret_key);

	assert(failed == 0);
	(void)failed;
}

static void session_begin(struct session *session, const uint8_t *device, const uint8_t *server)
{
	struct transcript transcript;
	struct hash hash;

	transcript_init(&transcript, "truckroll/session/v1");
	transcript_add(&transcript, device, BOX_PUBLIC_SIZE);
	transcript_add(&transcript, server, BOX_PUBLIC_SIZE);
	hash = transcript_hash(&transcript);
	memcpy(session->id, hash.bytes, SESSION_ID_SIZE);
	session->id[0] |= STARTED;
	session->send_counter = 0;
	session->receive_counter = 0;
	session->receive_window = 0;
}

enum status session_start_device(struct session *session, const struct ephemeral *ours, const uint8_t theirs[static BOX_PUBLIC_SIZE])
{
	session_wipe(session);
	if (crypto_kx_client_session_keys(session->receive_key, session->send_key, ours->public_key, ours->secret_key, theirs) != 0) {
		session_wipe(session);
		return fail(STATUS_CORRUPT, "session: the server's ephemeral key is a point of small order; say hello again");
	}
	session_begin(session, ours->public_key, theirs);
	return STATUS_OK;
}

enum status session_start_server(struct session *session, const struct ephemeral *ours, const uint8_t theirs[static BOX_PUBLIC_SIZE])
{
	session_wipe(session);
	if (crypto_kx_server_session_keys(session->receive_key, session->send_key, ours->public_key, ours->secret_key, theirs) != 0) {
		session_wipe(session);
		return fail(STATUS_CORRUPT, "session: the device's ephemeral key is a point of small order; say hello again");
	}
	session_begin(session, theirs, ours->public_key);
	return STATUS_OK;
}

/* The frame's own counter, little-endian as it travels, then zeros. */
static void nonce_of(const uint8_t *frame, uint8_t nonce[static crypto_aead_xchacha20poly1305_ietf_NPUBBYTES])
{
	memset(nonce, 0, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
	memcpy(nonce, frame + SESSION_ID_SIZE, PREFIX_SIZE - SESSION_ID_SIZE);
}

enum status session_seal(struct arena *arena, struct session *session, struct bytes plain, struct bytes *out_frame)
{
	uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
	uint8_t *frame;
	int failed;

	if ((session->id[0] & STARTED) == 0)
		return fail(STATUS_INVALID, "session: it is not started or was wiped; say hello first");
	if (plain.size > FRAME_MAX - SESSION_OVERHEAD)
		return fail(STATUS_INVALID, "session frame: %zu bytes do not fit into 64 KiB; send fewer at once", plain.size);
	if (session->send_counter == UINT64_MAX)
		return fail(STATUS_INVALID, "session: every counter was used once; say hello again");
	session->send_counter++; /* first, so that no failure below can ever use a nonce twice */
	frame = arena_allocate(arena, SESSION_OVERHEAD + plain.size);
	memcpy(frame, session->id, SESSION_ID_SIZE);
	for (size_t i = 0; i < 8; i++)
		frame[SESSION_ID_SIZE + i] = (uint8_t)(session->send_counter >> (8 * i));
	nonce_of(frame, nonce);
	failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
		frame + PREFIX_SIZE, NULL, plain.data, plain.size, frame, PREFIX_SIZE, NULL, nonce, session->send_key);
	assert(failed == 0);
	(void)failed;
	*out_frame = (struct bytes){ .data = frame, .size = SESSION_OVERHEAD + plain.size };
	return STATUS_OK;
}

/* True for a counter that was neither seen nor fell out of the window. */
static bool counter_fresh(const struct session *session, uint64_t counter)
{
	uint64_t behind;

	if (counter > session->receive_counter)
		return true;
	behind = session->receive_counter - counter;
	return counter != 0 && behind < WINDOW_BITS && (session->receive_window >> behind & 1) == 0;
}

static void counter_mark(struct session *session, uint64_t counter)
{
	if (counter > session->receive_counter) {
		uint64_t ahead = counter - session->receive_counter;
		session->receive_window = ahead < WINDOW_BITS ? session->receive_window << ahead : 0;
		session->receive_counter = counter;
	}
	session->receive_window |= (uint64_t)1 << (session->receive_counter - counter);
}

enum status session_open(struct arena *arena, struct session *session, struct bytes frame, struct bytes *out_plain)
{
	uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
	struct reader reader = reader_of(frame);
	uint8_t id[SESSION_ID_SIZE];
	uint64_t counter;
	uint8_t *plain;

	if (frame.size < SESSION_OVERHEAD || frame.size > FRAME_MAX)
		return refuse();
	read_raw(&reader, id, sizeof(id));
	counter = read_u64(&reader);
	if ((session->id[0] & STARTED) == 0 || memcmp(id, session->id, sizeof(id)) != 0 || !counter_fresh(session, counter))
		return refuse();
	plain = arena_allocate(arena, frame.size - SESSION_OVERHEAD);
	nonce_of(frame.data, nonce);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, frame.data + PREFIX_SIZE, frame.size - PREFIX_SIZE, frame.data,
		    PREFIX_SIZE, nonce, session->receive_key) != 0)
		return refuse();
	counter_mark(session, counter);
	*out_plain = (struct bytes){ .data = plain, .size = frame.size - SESSION_OVERHEAD };
	return STATUS_OK;
}

enum status session_peek(struct bytes frame, uint8_t out_id[static SESSION_ID_SIZE])
{
	if (frame.size < SESSION_OVERHEAD || (frame.data[0] & STARTED) == 0)
		return refuse();
	memcpy(out_id, frame.data, SESSION_ID_SIZE);
	return STATUS_OK;
}

void session_wipe(struct session *session)
{
	sodium_memzero(session, sizeof(*session));
}

void ephemeral_wipe(struct ephemeral *ephemeral)
{
	sodium_memzero(ephemeral, sizeof(*ephemeral));
}
