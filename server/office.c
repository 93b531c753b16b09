#include "server/office.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "server/commands.h"
#include "shell/blob_folder.h"
#include "shell/file.h"
#include "shell/lookup.h"
#include "shell/outcome_words.h"
#include "tests/bench/record/bench_order.h"

#define STORE_FILE    "organisation.db"
#define NOTE_EVERY_MS 1000
#define TURNS_MAX     100000 /* each decides something of what is held, or nothing is */

static void (*watch)(const struct operation *operation);

void office_watch_decisions(void (*before_decide)(const struct operation *operation))
{
	watch = before_decide;
}

/* What it was at, and whose device that was when it was only one. */
static void note_unclean_stop(struct office *office, const struct suspect *suspects, size_t count)
{
	struct incident incident = { .kind = INCIDENT_UNCLEAN_STOP };
	const struct suspect *latest = NULL;
	size_t suspected = 0;
	bool one = true;

	for (size_t i = 0; i < count; i++) {
		if (suspects[i].work == SUSPECT_CLEARED)
			continue;
		one = one && (latest == NULL || id_equal(&suspects[i].device, &latest->device));
		latest = &suspects[i];
		suspected++;
	}
	if (one && latest != NULL && !id_equal(&latest->device, &office->identity.id))
		incident.device = latest->device;
	incident.detail = arena_print(&office->arena, "work=%s;suspects=%zu", suspect_word(latest), suspected);
	server_core_incident(office->core, &incident);
}

static enum status open_core(struct office *office)
{
	struct suspect *suspects;
	size_t count;
	enum run_mark_state mark = run_mark_read(&office->arena, office->dir, &suspects, &count);
	struct server_core_options options = { .store = office->store,
		.clock = office->clock,
		.random = random_system(),
		.identity = office->identity,
		.before_decide = watch,
		.blobs = office->blobs,
		.pages = plain_folder(&office->arena, office->dir),
		.sink = { run_mark_put, &office->mark },
		.suspects = suspects,
		.suspect_count = count,
		.program = text_of(server_program.version) };
	enum status status;

	random_fill(random_system(), &options.incarnation, sizeof(options.incarnation));
	run_mark_init(&office->mark, &office->arena, office->dir);
	if (office->flight != NULL)
		server_flight_begin(office->flight, &options, office->bench);
	status = server_core_create(&options, &office->core);
	identity_wipe(&options.identity);
	if (status == STATUS_OK && mark == RUN_MARK_UNCLEAN)
		note_unclean_stop(office, suspects, count);
	return status;
}

/* The keys are made last: where they are, an organisation was. The note first: of a reader the owner may be committing. */
enum status office_read_history(struct office *office)
{
	struct server_state state;
	enum status status;

	office->note = commit_note_read(&office->arena, office->dir);
	status = server_store_state(office->store, &state);
	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_CORRUPT,
			"%s/organisation.db holds no organisation any more, though its keys are here; stop the server and restore the "
			"newest backup (truckrolld restore)",
			office->dir.data);
	if (status != STATUS_OK)
		return status;
	office->lost = commit_note_proves_loss(&office->note, &state.epoch, state.gseq);
	office->to_note = !id_equal(&office->note.epoch, &state.epoch) || office->note.gseq < state.gseq;
	return STATUS_OK;
}

static void write_note(struct office *office, bool durable)
{
	struct server_state state;
	struct arena arena = { 0 };

	if (server_store_state(office->store, &state) != STATUS_OK)
		return;
	office->note = (struct commit_note){ .epoch = state.epoch, .gseq = state.gseq };
	commit_note_write(&arena, office->dir, &office->note, durable);
	arena_finish(&arena);
	office->noted_at_ms = clock_monotonic_ms(office->clock);
	office->to_note = false;
}

enum status office_check_loss(const struct office *office)
{
	struct server_state state;
	enum status status = office->lost ? server_store_state(office->store, &state) : STATUS_OK;

	if (status != STATUS_OK || !office->lost)
		return status;
	return fail(STATUS_CORRUPT,
		"%s/organisation.db has lost what it had acknowledged: it ends at commit %lld, but commit %lld was made; stop the server "
		"and restore the "
		"newest backup (truckrolld restore), or go on without with \"truckrolld serve --accept-loss\", once: then the devices send "
		"again what they have",
		office->dir.data, (long long)state.gseq, (long long)office->note.gseq);
}

enum status office_accept_loss(struct office *office)
{
	struct server_state state;
	struct id epoch;
	enum status status = server_store_state(office->store, &state);

	randombytes_buf(&epoch, sizeof(epoch));
	if (status == STATUS_OK)
		status = server_store_init_organisation(office->store, &state.organisation, &epoch);
	if (status != STATUS_OK)
		return status;
	storage_fold(server_store_storage(office->store)); /* before the note says so */
	write_note(office, true);
	office->lost = false;
	server_core_incident(office->core,
		&(struct incident){ .kind = INCIDENT_LOSS_ACCEPTED,
			.detail = arena_print(&office->arena, "commit=%lld", (long long)state.gseq) });
	return STATUS_OK;
}

bool office_take_note(struct office *office)
{
	if (office->to_note && !office->lost && !storage_in_transaction(server_store_storage(office->store)) &&
		clock_monotonic_ms(office->clock) - office->noted_at_ms >= NOTE_EVERY_MS)
		write_note(office, false);
	return office->to_note;
}

static enum status open_office(
	struct text dir, const struct clock *clock, bool read_only, int64_t flight_bytes, struct office **out_office)
{
	struct office *office = memory_zeroed(1, sizeof(*office));
	struct server_store_options options = { .mode = read_only ? STORAGE_READ : STORAGE_OWN };
	enum status status;

	keys_init();
	office->clock = clock;
	office->dir = arena_copy_text(&office->arena, dir);
	office->blobs = blob_folder(&office->arena, office->dir);
	office->bench = file_exists(path_join(&office->arena, office->dir, text_of(OFFICE_BENCH_FILE)).data);
	if (office->bench)
		bench_order_register();
	status = server_keys_load(&office->arena, office->dir, &office->keys, &office->identity);
	options.path = path_join(&office->arena, office->dir, text_of(STORE_FILE)).data;
	if (status == STATUS_OK)
		status = server_store_open(&options, &office->store);
	if (status == STATUS_OK && !read_only)
		status = office_read_history(office);
	if (status == STATUS_OK && flight_bytes > 0)
		office->flight = server_flight_create(office->dir,
			arena_print(&office->arena, "%s %s", server_program.name, server_program.version), flight_bytes, clock);
	if (status == STATUS_OK && !read_only)
		status = open_core(office);
	if (status == STATUS_OK)
		*out_office = office;
	else
		office_close(office);
	return status;
}

enum status office_open(struct text dir, const struct clock *clock, bool read_only, struct office **out_office)
{
	return open_office(dir, clock, read_only, 0, out_office);
}

enum status office_open_recorded(struct text dir, const struct clock *clock, int64_t flight_bytes, struct office **out_office)
{
	return open_office(dir, clock, false, flight_bytes, out_office);
}

/* What an owner leaves behind. A store that has lost something is left as it is. */
static void retire(struct office *office)
{
	office_abandon(office);
	if (server_core_incidents_noted(office->core) > 0)
		(void)(office_settle(office) == STATUS_OK); /* else the next owner finds what there was to find */
	storage_fold(server_store_storage(office->store));
	if (office->to_note)
		write_note(office, true);
}

void office_close(struct office *office)
{
	if (office == NULL)
		return;
	listener_close(office->listener);
	office->listener = NULL; /* nobody can be answered any more */
	front_watch_close(office->front);
	office->front = NULL;
	if (office->core != NULL && !office->lost)
		retire(office);
	if (office->core != NULL)
		run_mark_end(&office->mark, server_core_leave(office->core));
	server_core_destroy(office->core);
	server_flight_destroy(office->flight);
	server_store_close(office->store);
	identity_wipe(&office->identity);
	arena_finish(&office->arena);
	free(office);
}

struct office *office_of(const struct context *context)
{
	return context->state;
}

enum status office_settle(struct office *office)
{
	struct server_effect effect;
	enum status status = server_core_flush(office->core);

	while (server_core_next(office->core, &effect)) {
		struct listener_token token = { effect.connection };
		if (effect.kind == SERVER_EFFECT_COMMIT) {
			status = server_core_committed(office->core, server_store_commit(office->store));
			office->to_note = true;
		} else if (effect.connection == OFFICE_CONNECTION) {
			if (effect.kind == SERVER_EFFECT_SEND && office->answer_arena != NULL)
				office->answer = arena_copy_bytes(office->answer_arena, effect.bytes);
		} else if (effect.kind == SERVER_EFFECT_SEND && office->listener != NULL) {
			(void)(listener_reply(office->listener, token, effect.bytes) == STATUS_OK); /* gone meanwhile: it asks again */
		} else if (office->listener != NULL) {
			listener_forget(office->listener, token);
		}
	}
	return status;
}

enum status office_settle_for(struct office *office, struct arena *arena, struct bytes *out_answer)
{
	enum status status = STATUS_OK;

	office->answer = (struct bytes){ 0 };
	office->answer_arena = arena;
	for (size_t turn = 0; turn < TURNS_MAX && status == STATUS_OK && office->answer.size == 0; turn++)
		status = office_settle(office);
	office->answer_arena = NULL;
	if (status == STATUS_OK && office->answer.size == 0)
		status = fail(STATUS_BUSY, "the server is looking at other operations one by one: take the bundle in again in a while");
	*out_answer = office->answer;
	return status;
}

enum status office_cannot_see(const struct context *context)
{
	struct text reason = arena_print(context->arena, "%s", fail_reason());

	return fail(STATUS_NOT_FOUND,
		"%.*s; the running server reads it as user number %u, and as a service may see neither /home nor /tmp: "
		"put the file where it can read it, such as in %.*s",
		TEXT_ARGUMENTS(reason), (unsigned int)geteuid(), TEXT_ARGUMENTS(office_of(context)->dir));
}

void office_abandon(struct office *office)
{
	server_core_abandon(office->core);
}

enum status office_operation(struct context *context, struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id)
{
	struct office *office = office_of(context);
	enum status status;

	if (operation->head.role == 0)
		operation->head.role = ROLE_DISPATCHER;
	operation->head.at_ms = context->at_ms;
	operation->head.manual = context->at_manual;
	status = operation_validate(operation);
	if (status != STATUS_OK)
		return outcome_in_options(context, status);
	status = server_core_operation(office->core, operation, out_verdict, out_operation_id);
	if (status == STATUS_OK && out_verdict->outcome == OUTCOME_REJECTED)
		status = outcome_refused(context, server_store_storage(office->store), out_verdict);
	return status;
}

enum status office_run(struct context *context, struct operation *operation, struct id *out_operation_id)
{
	struct verdict verdict;
	enum status decided = office_operation(context, operation, &verdict, out_operation_id);
	struct text why = arena_print(context->arena, "%s", fail_reason());
	enum status status;

	if (decided != STATUS_OK && decided != STATUS_REFUSED) {
		office_abandon(office_of(context));
		return decided;
	}
	if (decided == STATUS_OK)
		outcome_tell(context, server_store_storage(office_of(context)->store), operation->head.kind, out_operation_id, &verdict);
	status = office_settle(office_of(context)); /* a refusal is part of the record, too */
	if (status != STATUS_OK || decided == STATUS_OK)
		return status;
	return fail(decided, "%.*s", TEXT_ARGUMENTS(why)); /* answering the devices may have left another reason */
}

static enum status office_not_found(enum record_kind kind, struct text text)
{
	const char *name = schema_find(kind)->name;

	return fail(STATUS_NOT_FOUND, "there is no %s \"%.*s\" here; \"truckrolld list %s\" lists them", catalogue_kind(name),
		TEXT_ARGUMENTS(text_cut(text, 60)), name);
}

enum status office_find(struct context *context, enum record_kind kind, struct text text, struct id *out_id)
{
	enum status status = lookup_record(server_store_storage(office_of(context)->store), kind, text, out_id);

	return status == STATUS_NOT_FOUND ? office_not_found(kind, text) : status;
}

enum status office_get(struct context *context, enum record_kind kind, struct text text, void **out_row)
{
	struct storage *storage = server_store_storage(office_of(context)->store);
	struct id id;
	enum status status = office_find(context, kind, text, &id);

	return status == STATUS_OK ? table_get(storage, schema_find(kind), &id, context->arena, out_row, NULL) : status;
}
