#include "server/enrolment_desk.h"

#include <sodium.h>
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/domain/technician.h"

bool ticket_is_expired(const struct ticket_entry *ticket, int64_t now_ms)
{
	return (ticket->state == TICKET_STATE_OPEN || ticket->state == TICKET_STATE_PENDING) && now_ms > ticket->expires_at_ms;
}

/* A ticket's change in a transaction of its own: what came before it is settled first. Tickets of long ago go. */
static enum status store_ticket(struct office *office, const struct ticket_entry *ticket)
{
	enum status status = office_settle(office);

	if (status == STATUS_OK)
		status = server_store_begin(office->store);
	if (status != STATUS_OK)
		return status;
	status = server_store_put_ticket(office->store, ticket);
	if (status == STATUS_OK)
		status = server_store_forget_tickets(office->store, clock_now_ms(office->clock) - TICKET_KEPT_MS);
	if (status == STATUS_OK)
		return server_store_commit(office->store);
	server_store_rollback(office->store);
	return status;
}

enum status enrolment_desk_invite(
	struct office *office, const struct id *technician, int64_t now_ms, int64_t valid_ms, char out_code[static TICKET_CODE_LENGTH + 1])
{
	struct ticket_entry ticket = { .technician = *technician, .created_at_ms = now_ms, .expires_at_ms = now_ms + valid_ms };
	enum status status;

	ticket_generate(out_code);
	status = ticket_from_code(text_of(out_code), &ticket.ticket);
	return status == STATUS_OK ? store_ticket(office, &ticket) : status;
}

/* Counts a wrong try; the fifth kills the ticket. */
static enum status count_failure(struct office *office, struct ticket_entry *ticket)
{
	ticket->failures++;
	if (ticket->failures >= TICKET_FAILURES_MAX)
		ticket->state = TICKET_STATE_DEAD;
	return store_ticket(office, ticket);
}

/* The first good request takes the ticket: the device waits under it from now on. */
static enum status take_ticket(
	struct office *office, struct arena *arena, const struct enrolment_request *request, struct ticket_entry *ticket)
{
	ticket->state = TICKET_STATE_PENDING;
	ticket->expires_at_ms = clock_now_ms(office->clock) + TICKET_PENDING_MS;
	ticket->device_keys = request->device;
	ticket->device_name = request->name;
	ticket->platform = request->platform;
	ticket->words = enrolment_words(arena, &office->keys, &request->device, &ticket->ticket.id);
	randombytes_buf(&ticket->device, sizeof(ticket->device));
	return store_ticket(office, ticket);
}

static struct bytes refuse(struct arena *arena, enum enrolment_refusal refusal)
{
	return enrolment_refused(arena, (uint32_t)refusal);
}

/* A device that is leaving, or was stolen, is not let in again by its old ticket. */
static enum status grant(struct office *office, struct arena *arena, const struct ticket_entry *ticket, struct bytes *out_answer)
{
	struct grant grant = { .device_id = ticket->device, .technician_id = ticket->technician };
	struct device_entry device;
	struct server_state state;
	void *technician;
	enum status status = server_store_device(office->store, &ticket->device, &device);

	if (status == STATUS_OK)
		status = server_store_state(office->store, &state);
	if (status == STATUS_OK)
		status = table_get(
			server_store_storage(office->store), schema_find(RECORD_TECHNICIAN), &ticket->technician, arena, &technician, NULL);
	if (status != STATUS_OK)
		return status;
	if (device.state != DEVICE_STATE_ACTIVE) {
		*out_answer = refuse(arena, ENROLMENT_REFUSAL_NOT_APPROVED);
		return STATUS_OK;
	}
	grant.epoch = state.epoch;
	grant.lease_until_ms = device.lease_until_ms;
	grant.technician_name = ((const struct technician *)technician)->name;
	*out_answer = enrolment_grant_seal(arena, &office->identity, &office->keys, &ticket->ticket, &ticket->device_keys, &grant);
	return STATUS_OK;
}

static bool same_keys(const struct public_keys *left, const struct public_keys *right)
{
	return sodium_memcmp(left->sign, right->sign, SIGN_PUBLIC_SIZE) == 0 && sodium_memcmp(left->box, right->box, BOX_PUBLIC_SIZE) == 0;
}

static enum status answer_by_state(struct office *office, struct arena *arena, const struct enrolment_request *request,
	struct ticket_entry *ticket, struct bytes *out_answer)
{
	enum status status = STATUS_OK;

	if (ticket_is_expired(ticket, clock_now_ms(office->clock)))
		*out_answer = refuse(arena, ENROLMENT_REFUSAL_EXPIRED);
	else if (ticket->state == TICKET_STATE_DEAD)
		*out_answer = refuse(arena, ENROLMENT_REFUSAL_FAILURES);
	else if (ticket->state == TICKET_STATE_REFUSED)
		*out_answer = refuse(arena, ENROLMENT_REFUSAL_NOT_APPROVED);
	else if (ticket->state != TICKET_STATE_OPEN && !same_keys(&ticket->device_keys, &request->device))
		*out_answer = refuse(arena, ENROLMENT_REFUSAL_UNKNOWN); /* used already by another device */
	else if (ticket->state == TICKET_STATE_APPROVED)
		return grant(office, arena, ticket, out_answer);
	else {
		if (ticket->state == TICKET_STATE_OPEN)
			status = take_ticket(office, arena, request, ticket);
		*out_answer = enrolment_pending(arena);
	}
	return status;
}

static enum status answer_request(struct office *office, struct arena *arena, struct bytes message, struct bytes *out_answer)
{
	struct enrolment_request request;
	struct ticket_entry ticket;
	uint8_t mac[32];
	enum status status = enrolment_request_open(arena, &office->identity, message, &request, mac);

	if (status != STATUS_OK)
		return STATUS_CORRUPT;
	status = server_store_ticket(office->store, &request.ticket_id, arena, &ticket);
	if (status == STATUS_NOT_FOUND) {
		*out_answer = refuse(arena, ENROLMENT_REFUSAL_UNKNOWN);
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	if (enrolment_request_verify(&office->keys, &ticket.ticket, &request, mac) != STATUS_OK) {
		*out_answer = refuse(arena, ENROLMENT_REFUSAL_UNKNOWN);
		return ticket.state == TICKET_STATE_OPEN ? count_failure(office, &ticket) : STATUS_OK;
	}
	return answer_by_state(office, arena, &request, &ticket, out_answer);
}

enum status enrolment_desk_answer(struct office *office, struct arena *arena, struct bytes message, struct bytes *out_answer)
{
	enum enrolment_message type;

	if (!enrolment_peek(message, &type))
		return fail(STATUS_CORRUPT, "not an enrolment message");
	if (type == ENROL_ASK) {
		*out_answer = enrolment_keys(arena, &office->keys);
		return STATUS_OK;
	}
	if (type == ENROL_REQUEST)
		return answer_request(office, arena, message, out_answer);
	return fail(STATUS_CORRUPT, "an enrolment message that only servers send");
}

/* ---- approval ---- */

struct pending_search {
	struct arena *arena;
	struct text which;
	int64_t now_ms;
	struct ticket_entry found;
	size_t count;
};

static bool begins_with(struct text text, struct text start)
{
	return start.size > 0 && start.size <= text.size && memcmp(text.data, start.data, start.size) == 0;
}

static enum status match_pending(void *context, const struct ticket_entry *ticket)
{
	struct pending_search *search = context;
	struct id_text id = id_to_text(&ticket->device);

	if (ticket->state != TICKET_STATE_PENDING || ticket_is_expired(ticket, search->now_ms) ||
		(!begins_with(text_of(id.characters), search->which) && !text_equal(ticket->device_name, search->which)))
		return STATUS_OK;
	search->count++;
	search->found = *ticket;
	search->found.device_name = arena_copy_text(search->arena, ticket->device_name);
	search->found.platform = arena_copy_text(search->arena, ticket->platform);
	search->found.words = arena_copy_text(search->arena, ticket->words);
	return STATUS_OK;
}

/* Everything that lets the device in, in one commit with its record. */
static enum status let_in(struct context *context, struct ticket_entry *ticket)
{
	struct office *office = office_of(context);
	struct device device = { .id = ticket->device,
		.name = ticket->device_name,
		.technician_id = ticket->technician,
		.state = DEVICE_STATE_ACTIVE,
		.enrolled_at_ms = context->now_ms,
		.platform = ticket->platform };
	struct device_entry entry = { .id = ticket->device,
		.technician = ticket->technician,
		.keys = ticket->device_keys,
		.key_number = 1,
		.state = DEVICE_STATE_ACTIVE,
		.lease_until_ms = context->now_ms + LEASE_MS };
	struct operation operation = {
		.head = { .kind = OPERATION_CREATE, .record = RECORD_DEVICE, .subject = ticket->device, .role = ROLE_SYSTEM },
		.arguments = &device
	};
	struct verdict verdict = { 0 };
	struct id id;
	enum status status = server_core_open_commit(office->core);

	ticket->state = TICKET_STATE_APPROVED;
	if (status == STATUS_OK)
		status = server_store_put_device(office->store, &entry);
	if (status == STATUS_OK)
		status = server_store_put_ticket(office->store, ticket);
	if (status == STATUS_OK)
		status = office_operation(context, &operation, &verdict, &id);
	if (status == STATUS_OK && verdict.outcome != OUTCOME_APPLIED)
		status = fail(STATUS_REFUSED, "the device's record was not made: %.*s", TEXT_ARGUMENTS(verdict.rule));
	if (status == STATUS_OK)
		return office_settle(office);
	office_abandon(office);
	return status;
}

static enum status find_pending(struct context *context, struct text which, struct ticket_entry *out_ticket)
{
	struct pending_search search = { .arena = context->arena, .which = which, .now_ms = context->now_ms };
	enum status status = server_store_each_ticket(office_of(context)->store, match_pending, &search);

	if (status != STATUS_OK)
		return status;
	if (search.count == 0)
		return fail(
			STATUS_NOT_FOUND, "no device \"%.*s\" waits for approval; see \"truckrolld device list\"", TEXT_ARGUMENTS(which));
	if (search.count > 1)
		return fail(STATUS_AMBIGUOUS, "%zu waiting devices match \"%.*s\": give more digits of the id", search.count,
			TEXT_ARGUMENTS(which));
	*out_ticket = search.found;
	return STATUS_OK;
}

enum status enrolment_desk_approve(struct context *context, struct text which, struct id *out_device)
{
	struct ticket_entry ticket;
	enum status status = find_pending(context, which, &ticket);

	if (status == STATUS_OK)
		status = let_in(context, &ticket);
	if (status == STATUS_OK)
		*out_device = ticket.device;
	return status;
}

enum status enrolment_desk_refuse(struct context *context, struct text which)
{
	struct ticket_entry ticket;
	enum status status = find_pending(context, which, &ticket);

	if (status != STATUS_OK)
		return status;
	ticket.state = TICKET_STATE_REFUSED;
	return store_ticket(office_of(context), &ticket);
}
