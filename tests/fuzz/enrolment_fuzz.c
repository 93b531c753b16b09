/* Enrolment messages from anyone. First byte modulo 3: 0 the rest is a message; 1 the content of a good box to the server; 2 to the
 * device. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/enrolment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t device_seed[32] = { 1 }, server_seed[32] = { 2 }, root_seed[32] = { 3 };

struct parties {
	struct identity root, server, device;
	struct server_keys keys;
	struct ticket ticket;
};

static struct parties parties_make(void)
{
	struct parties parties;

	memset(&parties, 0, sizeof(parties));
	identity_from_seeds(root_seed, root_seed, &parties.root);
	identity_from_seeds(server_seed, server_seed, &parties.server);
	identity_from_seeds(device_seed, device_seed, &parties.device);
	parties.keys.organisation = (struct id){ { 9 } };
	parties.keys.server_id = (struct id){ { 2 } };
	parties.keys.keys = parties.server.keys;
	memcpy(parties.keys.root, parties.root.keys.sign, SIGN_PUBLIC_SIZE);
	server_keys_certify(parties.root.sign_secret, &parties.keys);
	if (ticket_from_code(text_of("7Q2M9XK4TZB0H"), &parties.ticket) != STATUS_OK)
		abort();
	return parties;
}

static struct bytes boxed(struct arena *arena, enum enrolment_message type, const struct identity *to, struct bytes plain)
{
	uint8_t *sealed = arena_allocate(arena, 8 + crypto_box_SEALBYTES + plain.size);

	memcpy(sealed, (const uint8_t[]){ 'T', 'R', 'K', '1', 1, 1, (uint8_t)type, 0 }, 8);
	if (crypto_box_seal(sealed + 8, plain.data, plain.size, to->keys.box) != 0)
		abort();
	return (struct bytes){ .data = sealed, .size = 8 + crypto_box_SEALBYTES + plain.size };
}

static void try_request(struct arena *arena, const struct parties *parties, struct bytes message)
{
	struct enrolment_request request;
	uint8_t mac[32];

	if (enrolment_request_open(arena, &parties->server, message, &request, mac) != STATUS_OK)
		return;
	if (request.name.size > ENROLMENT_NAME_SIZE_MAX || !text_valid(request.name) || !text_valid(request.platform))
		abort();
	if (enrolment_request_verify(&parties->keys, &parties->ticket, &request, mac) == STATUS_OK &&
		!id_equal(&request.ticket_id, &parties->ticket.id))
		abort();
}

static void try_all(struct arena *arena, const struct parties *parties, struct bytes message)
{
	enum enrolment_message type = ENROL_ASK;
	struct server_keys keys;
	struct grant grant;
	uint32_t reason;

	if (!enrolment_peek(message, &type)) /* what is none must not open as any */
		type = ENROL_ASK;
	if (enrolment_keys_open(message, &keys) == STATUS_OK && (type != ENROL_KEYS || server_keys_verify(&keys) != STATUS_OK))
		abort();
	if (enrolment_refused_open(message, &reason) == STATUS_OK && type != ENROL_REFUSED)
		abort();
	if (enrolment_grant_open(arena, &parties->device, &parties->keys, &parties->ticket, message, &grant) == STATUS_OK &&
		type != ENROL_GRANT)
		abort();
	try_request(arena, parties, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = { .data = data + 1, .size = size - 1 };
	struct arena arena = { 0 };
	struct parties parties;
	struct ticket ticket;

	if (size == 0)
		return 0;
	keys_init();
	parties = parties_make();
	if (data[0] % 3 == 1)
		rest = boxed(&arena, ENROL_REQUEST, &parties.server, rest);
	if (data[0] % 3 == 2)
		rest = boxed(&arena, ENROL_GRANT, &parties.device, rest);
	try_all(&arena, &parties, rest);
	(void)(ticket_from_code((struct text){ .data = (const char *)rest.data, .size = rest.size }, &ticket) == STATUS_OK);
	arena_finish(&arena);
	return 0;
}
