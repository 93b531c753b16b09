/* What devices say of themselves, and what their histories show: put back from an older copy, or alive twice. */
#include "protocol/sync/incarnation.h"
#include "protocol/sync/server_core_inner.h"

/* `forgotten`: the server itself came only to an earlier operation of the previous one, since it was put back from a backup. */
static enum status begin_anew(struct server_core *core, const struct inquiry *waiting, bool forgotten)
{
	struct server_store *store = core->options.store;
	struct chain_state chain;
	enum status status = server_core_ensure_commit(core);

	if (status == STATUS_OK)
		status = incarnation_begin(store, &waiting->device, &waiting->incarnation, server_core_now_ms(core), &chain);
	if (status != STATUS_OK)
		return status;
	chain.previous = waiting->origin.previous;
	chain.shared_seq = waiting->origin.shared_seq;
	core->changed = true;
	if (!forgotten)
		incidents_note(&core->incidents, &(struct incident){ .kind = INCIDENT_RESTORED, .device = waiting->device });
	return server_store_begin_anew(store, &chain, core->commit.gseq);
}

/* Only once, and only when the server knows the history that it goes on from. */
enum status server_core_take_origin(struct server_core *core, struct inquiry *waiting)
{
	struct server_store *store = core->options.store;
	struct chain_state chain;
	enum status status = server_store_chain(store, &waiting->device, &waiting->incarnation, &chain);

	if (status != STATUS_NOT_FOUND || id_equal(&waiting->origin.previous, &waiting->incarnation))
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	status = server_store_chain(store, &waiting->device, &waiting->origin.previous, &chain);
	if (status == STATUS_OK)
		status = begin_anew(core, waiting, chain.last_seq < waiting->origin.shared_seq);
	if (status == STATUS_BUSY) {
		server_core_note_incarnations(core, &waiting->device);
		waiting->fault = (struct wire_fault){ .code = WIRE_ERROR_TOO_OFTEN };
		return STATUS_OK;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status server_core_take_told(struct server_core *core, const struct inquiry *waiting, struct bytes body)
{
	struct told_incident told;
	enum status status = told_incident_decode(body, &told);

	if (status != STATUS_OK)
		return status;
	incidents_note(&core->incidents, &(struct incident){ .kind = incident_by_told_word(told.what),
						 .device = waiting->device,
						 .detail = arena_print(&core->request_arena, "what=%.*s", TEXT_ARGUMENTS(told.detail)) });
	return STATUS_OK;
}

void server_core_note_incarnations(struct server_core *core, const struct id *device)
{
	struct text detail = arena_print(&core->request_arena, "count=%d", INCARNATIONS_A_DAY);

	incidents_note(&core->incidents, &(struct incident){ .kind = INCIDENT_INCARNATIONS, .device = *device, .detail = detail });
}

enum status server_core_drop_told(struct server_core *core)
{
	struct incidents *incidents = &core->incidents;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < incidents->count && status == STATUS_OK;) {
		const struct incident *incident = &incidents->noted[i].incident;
		status = id_is_nil(&incident->device)
				 ? STATUS_NOT_FOUND
				 : server_store_told_lately(core->options.store, incident, server_core_now_ms(core));
		if (status == STATUS_OK)
			incidents_drop(incidents, i);
		else if (status == STATUS_NOT_FOUND)
			i++;
		status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	return status;
}

/* A session that began after the device had gone on under another incarnation is another copy of it. */
void server_core_look_for_copy(struct server_core *core, const struct live_session *live)
{
	if (server_store_goes_on_elsewhere(core->options.store, &live->device, &live->incarnation, live->started_gseq) == STATUS_OK)
		incidents_note(&core->incidents, &(struct incident){ .kind = INCIDENT_COPIED, .device = live->device });
}

void server_core_note_fork(struct server_core *core, const struct id *device, int64_t seq)
{
	struct text detail = arena_print(&core->commit_arena, "seq=%lld", (long long)seq);

	incidents_note(&core->incidents, &(struct incident){ .kind = INCIDENT_FORK, .device = *device, .detail = detail });
}
