#include "device_agent/hello.h"

#include "protocol/sync/request.h"
#include "protocol/transport/route.h"

#define REPLY_MAX ((size_t)32 * 1024)

static enum status make_hello(const struct keystore *keys, struct device_store *store, int64_t now_ms, struct arena *arena,
	struct bytes *out_sealed)
{
	struct ephemeral ephemeral;
	struct outbox_state outbox;
	struct replica_state replica;
	struct request request;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(store, &replica);
	if (status != STATUS_OK)
		return status;
	request_init(&request, arena, REPLY_MAX);
	request_hello(&request, &outbox, &replica, now_ms, device_store_free_bytes(store), CARRIER_LIVE);
	ephemeral_generate(&ephemeral);
	status = request_seal_hello(&request, &keys->identity, &keys->organisation, &keys->server,
		&(struct opening){ outbox.incarnation, replica.cursor.epoch, &ephemeral }, out_sealed);
	ephemeral_wipe(&ephemeral); /* the session that it opens is not used */
	return status;
}

static enum status exchange_at(const char *url, struct arena *arena, int timeout_ms, struct bytes hello, struct bytes *out_reply)
{
	struct transport *transport = NULL;
	enum status status = route_open(url, &transport);

	if (status == STATUS_OK)
		status = transport_send(transport, hello);
	if (status == STATUS_OK)
		status = transport_receive(transport, timeout_ms, arena, out_reply);
	transport_close(transport);
	return status;
}

/* At the first address that can be reached. */
static enum status exchange(struct text addresses, struct arena *arena, int timeout_ms, struct bytes hello, struct bytes *out_reply)
{
	struct route route;
	enum status status = route_read(arena, addresses, &route);

	if (status != STATUS_OK)
		return status;
	status = STATUS_OFFLINE;
	for (size_t i = 0; i < route.count && status == STATUS_OFFLINE; i++)
		status = exchange_at(route.addresses[i].data, arena, timeout_ms, hello, out_reply);
	return status;
}

static enum status find_server(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	const struct party *server = context;

	if (!id_equal(sender, &server->id) || key_number != 1)
		return STATUS_NOT_FOUND;
	*out_keys = server->keys;
	return STATUS_OK;
}

static enum status read_welcome(const struct keystore *keys, struct arena *arena, struct bytes reply, struct welcome *out_welcome)
{
	struct envelope envelope;
	struct section *sections;
	size_t count = 0;
	struct party server = keys->server;
	enum status status = envelope_open(arena, &keys->identity, &keys->organisation, reply, find_server, &server, &envelope);

	if (status == STATUS_OK)
		status = sections_read(envelope.sections, arena, &sections, &count);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (sections[i].number == SECTION_WELCOME)
			return welcome_decode(sections[i].body, out_welcome);
	return STATUS_NOT_FOUND;
}

enum status hello_ask(const struct keystore *keys, struct device_store *store, const struct clock *clock, struct arena *arena,
	int timeout_ms, struct welcome *out_welcome)
{
	struct bytes hello, reply;
	enum status status = make_hello(keys, store, clock_now_ms(clock), arena, &hello);

	if (status != STATUS_OK)
		return status;
	status = exchange(keys->url, arena, timeout_ms, hello, &reply);
	if (status == STATUS_OK)
		status = read_welcome(keys, arena, reply, out_welcome);
	if (status == STATUS_OK || status == STATUS_OFFLINE)
		return status;
	return fail(STATUS_REFUSED,
		"%.*s does not answer this device: it may not know it (any more), or it is another server. Ask the office whether the "
		"device is in \"truckrolld device list\" and the address is right",
		TEXT_ARGUMENTS(keys->url));
}
