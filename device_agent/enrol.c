#include "device_agent/enrol.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "device_agent/store.h"
#include "protocol/transport/route.h"
#include "shell/catalogue.h"
#include "shell/file.h"
#include "tests/bench/record/bench_order.h"

#define ANSWER_TIMEOUT_MS 10000
#define POLL_EVERY_MS     1000
#define REACH_TRIES       4

/* One enrolment under way. */
struct enrolment {
	const struct enrol_options *options;
	struct arena *arena;
	struct transport *transport;
	struct ticket ticket;
	struct server_keys server;
	struct keystore_pending pending;
	struct grant grant;
	bool granted;
};

static enum status exchange(
	struct transport *transport, struct arena *arena, struct bytes message, int timeout_ms, struct bytes *out_answer)
{
	enum status status = transport_send(transport, message);

	if (status == STATUS_OK)
		status = transport_receive(transport, timeout_ms, arena, out_answer);
	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_OFFLINE, "the server did not answer within %d s", timeout_ms / 1000);
	return status;
}

static enum status ask_keys(struct transport *transport, struct arena *arena, int timeout_ms, struct server_keys *out_server)
{
	struct bytes answer;
	enum status status = exchange(transport, arena, enrolment_ask(arena), timeout_ms, &answer);

	return status == STATUS_OK ? enrolment_keys_open(answer, out_server) : status;
}

/* Asks the addresses in turn until one answers; *out_transport is then open to it. */
static enum status reach(const struct route *route, struct arena *arena, int timeout_ms, struct transport **out_transport,
	struct server_keys *out_server)
{
	enum status status = STATUS_OFFLINE;

	for (size_t i = 0; i < route->count && status == STATUS_OFFLINE; i++) {
		struct transport *transport = NULL;
		status = route_open(route->addresses[i].data, &transport);
		if (status == STATUS_OK)
			status = ask_keys(transport, arena, timeout_ms, out_server);
		if (status == STATUS_OK)
			*out_transport = transport;
		else
			transport_close(transport);
	}
	return status;
}

enum status enrol_ask(struct arena *arena, struct text addresses, int timeout_ms, struct server_keys *out_server)
{
	struct transport *transport = NULL;
	struct route route;
	enum status status = route_read(arena, addresses, &route);

	keys_init();
	if (status == STATUS_OK)
		status = reach(&route, arena, timeout_ms, &transport, out_server);
	transport_close(transport);
	return status;
}

static enum status fail_refused(uint32_t reason)
{
	static const struct {
		uint32_t reason;
		const char *sentence;
	} sentences[] = {
		{ ENROLMENT_REFUSAL_UNKNOWN,
			"the server does not know this code, or another device used it: check it, or ask the office for a new one" },
		{ ENROLMENT_REFUSAL_EXPIRED, "this code has expired: ask the office for a new one" },
		{ ENROLMENT_REFUSAL_FAILURES, "this code was tried wrongly too often and is dead: ask the office for a new one" },
		{ ENROLMENT_REFUSAL_NOT_APPROVED, "the office did not let this device in" },
	};

	for (size_t i = 0; i < LENGTH(sentences); i++)
		if (sentences[i].reason == reason)
			return fail(STATUS_REFUSED, "%s", catalogue_translate(catalogue_spoken(), sentences[i].sentence));
	return fail(STATUS_REFUSED, "the server refused the enrolment (%u); ask the office", reason);
}

/* A device in the directory already must not be lost by a second enrolment over it. */
static enum status check_free(struct enrolment *enrolment, bool resumed)
{
	const struct enrol_options *options = enrolment->options;
	struct text outbox = path_join(enrolment->arena, options->dir, text_of("outbox.db"));
	struct keystore keys;
	enum status status;

	if (resumed)
		return STATUS_OK;
	status = keystore_load(enrolment->arena, options->keys_directory, &keys);
	if (status == STATUS_OK) {
		keystore_wipe(&keys);
		return fail(STATUS_REFUSED, "%.*s is enrolled already, as \"%.*s\" of %.*s: choose another directory with --dir",
			TEXT_ARGUMENTS(options->dir), TEXT_ARGUMENTS(keys.device_name), TEXT_ARGUMENTS(keys.technician_name));
	}
	if (status != STATUS_NOT_FOUND)
		return status;
	if (file_exists(outbox.data))
		return fail(STATUS_REFUSED,
			"%.*s holds a device's work but its keys are not in %.*s: name them with --keys, or choose another directory with "
			"--dir",
			TEXT_ARGUMENTS(options->dir), TEXT_ARGUMENTS(options->keys_directory));
	return STATUS_OK;
}

/* The keys that the ticket goes with: those of an interrupted enrolment with the same code, else fresh ones, kept before anybody sees
 * them. */
static enum status take_identity(struct enrolment *enrolment)
{
	const struct enrol_options *options = enrolment->options;
	enum status status = keystore_load_pending(enrolment->arena, options->keys_directory, &enrolment->pending);
	bool resumed = status == STATUS_OK && id_equal(&enrolment->pending.ticket_id, &enrolment->ticket.id);

	if (status != STATUS_OK && status != STATUS_NOT_FOUND && status != STATUS_CORRUPT)
		return status;
	status = check_free(enrolment, resumed);
	if (status != STATUS_OK || resumed)
		return status;
	identity_generate(&enrolment->pending.identity);
	enrolment->pending.ticket_id = enrolment->ticket.id;
	return keystore_save_pending(enrolment->arena, options->keys_directory, &enrolment->pending);
}

/* One request and its answer: granted, or still waiting. */
static enum status request_once(struct enrolment *enrolment)
{
	const struct enrol_options *options = enrolment->options;
	const struct enrolment_request request = { .ticket_id = enrolment->ticket.id,
		.device = enrolment->pending.identity.keys,
		.name = options->name,
		.platform = options->platform };
	enum enrolment_message type;
	struct bytes answer;
	uint32_t reason = 0;
	enum status status = exchange(enrolment->transport, enrolment->arena,
		enrolment_request_seal(enrolment->arena, &enrolment->server, &enrolment->ticket, &request), ANSWER_TIMEOUT_MS, &answer);

	if (status != STATUS_OK)
		return status;
	if (!enrolment_peek(answer, &type))
		return fail(STATUS_CORRUPT, "%.*s answered with something else than an enrolment", TEXT_ARGUMENTS(options->url));
	if (type == ENROL_PENDING)
		return STATUS_OK;
	if (type == ENROL_REFUSED) {
		status = enrolment_refused_open(answer, &reason);
		return status == STATUS_OK ? fail_refused(reason) : status;
	}
	status = enrolment_grant_open(
		enrolment->arena, &enrolment->pending.identity, &enrolment->server, &enrolment->ticket, answer, &enrolment->grant);
	enrolment->granted = status == STATUS_OK;
	return status;
}

static void pause_ms(int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&time, NULL);
}

/* A first connection that was lost says little; that every one was lost says that the address is wrong or nobody is there. */
static enum status reach_server(struct enrolment *enrolment, int64_t until_ms)
{
	const struct enrol_options *options = enrolment->options;
	struct route route;
	enum status status = route_read(enrolment->arena, options->url, &route);

	if (status != STATUS_OK)
		return status;
	status = STATUS_OFFLINE;
	for (int i = 0; i < REACH_TRIES && status == STATUS_OFFLINE; i++) {
		if (i > 0)
			pause_ms(POLL_EVERY_MS);
		status = reach(&route, enrolment->arena, ANSWER_TIMEOUT_MS, &enrolment->transport, &enrolment->server);
		if (clock_monotonic_ms(options->clock) >= until_ms)
			break;
	}
	return status;
}

/* The server was there and may go away meanwhile: any request can be repeated, so answers that are lost cost time only. */
static enum status wait_for_grant(struct enrolment *enrolment, int64_t until_ms)
{
	const struct enrol_options *options = enrolment->options;
	bool shown = false;

	for (;;) {
		enum status status = request_once(enrolment);
		if (enrolment->granted || (status != STATUS_OK && status != STATUS_OFFLINE))
			return status;
		if (status == STATUS_OK && !shown)
			options->show_words(options->context, enrolment_words(enrolment->arena, &enrolment->server,
								      &enrolment->pending.identity.keys, &enrolment->ticket.id));
		shown |= status == STATUS_OK;
		if (clock_monotonic_ms(options->clock) >= until_ms)
			return shown ? fail(STATUS_OFFLINE,
					       "the office has not let this device in yet: give the same command again to go on waiting")
				     : status;
		pause_ms(POLL_EVERY_MS);
	}
}

/* Keys first: without them the files are worth nothing, and the other way round the enrolment can be given again. */
static enum status settle_in(struct enrolment *enrolment, struct keystore *keys)
{
	const struct enrol_options *options = enrolment->options;
	const struct grant *grant = &enrolment->grant;
	struct device_store_options store_options = { .create = true, .bench = options->bench, .device = grant->device_id };
	struct device_store *store = NULL;
	enum status status;

	keys->identity = enrolment->pending.identity;
	keys->identity.id = grant->device_id;
	keys->organisation = enrolment->server.organisation;
	keys->technician = grant->technician_id;
	keys->server = (struct party){ enrolment->server.server_id, enrolment->server.keys };
	keys->url = options->url;
	keys->organisation_name = grant->organisation_name;
	keys->technician_name = grant->technician_name;
	keys->device_name = options->name;
	keys->bench = options->bench;
	if (options->bench)
		bench_order_register();
	randombytes_buf(&store_options.incarnation, sizeof(store_options.incarnation));
	status = keystore_save(enrolment->arena, options->keys_directory, keys);
	if (status == STATUS_OK)
		status = device_store_open(options->dir.data, &store_options, &store);
	device_store_close(store);
	if (status == STATUS_OK)
		keystore_drop_pending(enrolment->arena, options->keys_directory);
	return status;
}

enum status enrol_device(struct arena *arena, const struct enrol_options *options, struct keystore *out_keys)
{
	struct enrolment enrolment = { .options = options, .arena = arena };
	int64_t until_ms = clock_monotonic_ms(options->clock) + options->wait_ms;
	enum status status;

	keys_init();
	status = ticket_from_code(options->code, &enrolment.ticket);
	if (status == STATUS_OK)
		status = take_identity(&enrolment);
	if (status == STATUS_OK)
		status = reach_server(&enrolment, until_ms);
	if (status == STATUS_OK)
		status = wait_for_grant(&enrolment, until_ms);
	if (status == STATUS_OK)
		status = settle_in(&enrolment, out_keys);
	transport_close(enrolment.transport);
	identity_wipe(&enrolment.pending.identity);
	sodium_memzero(&enrolment.ticket, sizeof(enrolment.ticket));
	return status;
}
