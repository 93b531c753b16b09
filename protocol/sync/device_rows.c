/* The part of the device's core that takes in rows: pages, answers of a repair, cuts. */
#include <string.h>

#include "protocol/sync/cut.h"
#include "protocol/sync/device_bugs.h"
#include "protocol/sync/device_inner.h"
#include "protocol/sync/replay.h"

#define PAGES_SMALL 2    /* a cut of more than so many takes longer than somebody may have to wait */
#define ROWS_SMALL  8192 /* the same of a repair, which counts all rows that are held; as many as so many pages have */

static void keep_untold(struct device_core *core, struct text what, struct text detail)
{
	untold_note(&core->untold, core->options.carried, clock_now_ms(core->options.clock), what, detail);
}

enum status device_note_incident(struct device_core *core, const char *what, const char *detail)
{
	struct text kept = arena_copy_text(&core->arena, text_of(detail)); /* fail_reason() may be overwritten meanwhile */

	core->state.incidents++;
	if (strcmp(what, "digest") == 0 || strcmp(what, "rot") == 0 || strcmp(what, "gap") == 0)
		keep_untold(core, text_of(what), kept);
	return device_store_incident(core->options.store, clock_now_ms(core->options.clock), what, kept);
}

enum status device_on_incident(struct device_core *core, const char *what, const char *detail)
{
	enum status status;

	keep_untold(core, text_of(what), text_of(detail));
	status = device_note_incident(core, what, detail);
	arena_reset(&core->arena);
	return status;
}

/* Told with the cut that ends it. */
static enum status note_repair(struct device_core *core)
{
	const struct repair_tally *tally = &core->tally;
	struct text detail = arena_print(&core->cut_arena, "changed=%lld;missing=%lld;extra=%lld",
		(long long)tally->changed, (long long)tally->added, (long long)tally->removed);

	if (tally->changed + tally->added + tally->removed == 0)
		return STATUS_OK;
	return device_store_incident(core->options.store, clock_now_ms(core->options.clock), "repaired", detail);
}

static enum status begin_seed(struct device_core *core)
{
	core->pages_loaded = 0;
	return device_store_seed_begin(core->options.store);
}

enum status device_put_right(struct device_core *core, const char *what, const char *detail)
{
	struct device_store *store = core->options.store;
	bool failed = strcmp(what, "digest") == 0 || strcmp(what, "repair") == 0, fetch = false;
	enum status status = device_note_incident(core, what, detail);

	if (status == STATUS_OK && device_store_seeding(store))
		status = begin_seed(core); /* drops what was loaded */
	if (status == STATUS_OK)
		status = repair_prepare(store, &core->arena, core->acknowledged_seq, failed, &fetch);
	core->own_rows = true;
	core->poll_again = false;
	core->nothing_missing = false;
	core->state.fetches += fetch;
	return status != STATUS_OK ? status
				   : fail(STATUS_OFFLINE, "the replica does not fit the server's (%s): %s", what,
					     fetch ? "it is fetched again" : "what differs is fetched again");
}

/* Stages the page, or loads it at once into a fresh replica. A bundle goes on in its next part or not at all: a pull does not. */
static enum status keep_page(struct device_core *core, struct bytes body, const struct page *page)
{
	struct device_store *store = core->options.store;
	enum status status = device_store_begin(store, false);

	if (status != STATUS_OK)
		return status;
	core->seeded = device_store_seeding(store);
	core->pages_loaded += core->seeded;
	if (core->seeded)
		status = cut_load_page(store, &core->arena, page);
	if (status == STATUS_OK && (!device_store_seeding(store) || cut_page_has_words(page)))
		status = device_store_stage(store, body);
	if (status == STATUS_OK && !core->by_bundle)
		status = device_keep_resume(core, page->resume);
	if (status == STATUS_OK)
		status = device_store_commit(store);
	else
		device_store_rollback(store);
	return status;
}

/* Rows that answer a pull from before a repair began are of no use to it, and the other way round: they are asked for anew. */
static enum status look_at_repair(struct device_core *core, struct repair *out_repair, bool *out_wanted)
{
	enum status status = repair_load(core->options.store, &core->arena, out_repair);

	if (status == STATUS_OK)
		*out_wanted = core->pull_of_repair == (out_repair->under_way && out_repair->question_count == 0) &&
			      (core->pull_of_repair || !out_repair->under_way);
	return status;
}

enum status device_take_page(struct device_core *core, struct bytes body)
{
	struct device_store *store = core->options.store;
	struct replica_state state;
	struct repair repair;
	bool wanted = true;
	struct page page;
	enum status status = device_store_replica(store, &state);

	if (status == STATUS_OK)
		status = look_at_repair(core, &repair, &wanted);
	if (status != STATUS_OK || !wanted)
		return status;
	if (state.cursor.gseq == 0 && !device_store_seeding(store))
		status = begin_seed(core);
	if (status == STATUS_OK)
		status = page_decode(body, &core->arena, device_store_references(store), &page);
	if (status != STATUS_OK)
		return status;
	core->page_came = true;
	for (size_t i = 0; i < page.group_count; i++)
		core->state.rows_received += (int64_t)page.groups[i].count;
	return keep_page(core, body, &page);
}

enum status device_take_recon(struct device_core *core, struct bytes body)
{
	struct repair repair;
	enum status status = repair_load(core->options.store, &core->arena, &repair);

	if (status == STATUS_OK && repair.question_count == 0)
		return STATUS_OK; /* nobody asked, or not any more */
	if (status == STATUS_OK)
		status = repair_take(core->options.store, &core->arena, &repair, body);
	return status == STATUS_CORRUPT ? device_put_right(core, "repair", fail_reason()) : status;
}

enum status device_take_cut(struct device_core *core, const struct section *section, const struct common_ground *ground)
{
	struct repair repair;
	bool wanted = true;
	enum status status;

	arena_reset(&core->cut_arena);
	status = cut_decode_within(section, ground, &core->cut_arena, &core->cut);
	if (status == STATUS_OK)
		status = look_at_repair(core, &repair, &wanted);
	if (status != STATUS_OK || !wanted)
		return status;
	if (core->options.bug == BUG_CURSOR_BEFORE_COMMIT)
		status = bug_move_cursor(core->options.store, &core->cut.cursor);
	if (status != STATUS_OK)
		return status;
	core->repairing = repair.under_way;
	core->link = LINK_COMMITTING;
	device_emit(core, DEVICE_EFFECT_COMMIT, (struct bytes){ 0 });
	return STATUS_OK;
}

/* In the open transaction. */
static enum status make_cut(struct device_core *core)
{
	struct device_store *store = core->options.store;
	const struct cut_input input = { .cut = &core->cut,
		.decided = core->has_decided ? &core->decided : NULL,
		.device = core->options.identity.id,
		.repair = core->repairing,
		.own_rows = core->own_rows,
		.bug = core->options.bug };
	enum status status;

	core->tally = (struct repair_tally){ 0 };
	status = cut_apply(store, &core->cut_arena, &input, &core->committing, &core->tally);
	if (status == STATUS_OK && (core->repairing || device_store_seeding(store))) /* every row was looked at */
		status = device_store_put_checked_at(store, clock_now_ms(core->options.clock));
	if (status == STATUS_OK && core->repairing)
		status = note_repair(core);
	return status;
}

enum status device_on_cut(struct device_core *core)
{
	struct device_store *store = core->options.store;
	enum status status;

	if (core->link != LINK_COMMITTING)
		return STATUS_OK;
	status = device_store_begin(store, true);
	if (status != STATUS_OK)
		return status;
	status = make_cut(core);
	if (status != STATUS_OK) {
		device_store_rollback(store);
		return status;
	}
	status = device_store_commit(store);
	return status == STATUS_OK && device_store_seeding(store) ? device_store_seed_ready(store) : status;
}

static enum status count_rows(void *context, const struct scope *scope, const struct digest *digest)
{
	int64_t *rows = context;

	(void)scope;
	*rows += digest->count;
	return STATUS_OK;
}

static bool holds_much(struct device_store *store)
{
	int64_t rows = 0;

	return device_store_scopes_each(store, count_rows, &rows) != STATUS_OK || rows > ROWS_SMALL;
}

bool device_core_cut_is_large(const struct device_core *core)
{
	struct device_store *store = core->options.store;
	size_t pages = 0;

	if (core->link != LINK_COMMITTING || device_store_staged_count(store, &pages) != STATUS_OK)
		return false;
	if (device_store_seeding(store))
		pages = core->pages_loaded;
	return pages > PAGES_SMALL || (core->repairing && holds_much(store));
}

enum status device_finish_cut(struct device_core *core)
{
	const struct repair_tally *tally = &core->tally;
	enum status status = STATUS_OK;

	if (device_store_seeding(core->options.store))
		status = device_store_seed_finish(core->options.store);
	if (status == STATUS_OK)
		status = replay_lacks_base(core->options.store, &core->committing, &core->own_rows);
	if (status != STATUS_OK)
		return status;
	core->poll_again = true;
	core->state.cuts++;
	core->state.rows_expected = core->state.rows_received;
	core->state.repairs += core->repairing;
	core->state.repaired_rows += tally->changed + tally->added + tally->removed;
	if (core->committing.settled_seq > core->acknowledged_seq)
		core->acknowledged_seq = core->committing.settled_seq;
	core->nothing_missing = true;
	device_on_files(core);
	return STATUS_OK;
}

enum status device_take_outlook(struct device_core *core, struct bytes body)
{
	int64_t rows;
	enum status status = outlook_decode(body, &rows);

	if (status == STATUS_OK)
		core->state.rows_expected = core->state.rows_received + (rows < INT64_MAX / 2 ? rows : INT64_MAX / 2);
	return status;
}

enum status device_take_again(struct device_core *core, struct bytes body)
{
	struct repair repair;
	bool wanted = true;
	int64_t after_ms;
	enum status status = look_at_repair(core, &repair, &wanted);

	if (status != STATUS_OK || !wanted)
		return status;
	core->nothing_missing = true;
	core->poll_again = true;
	return again_decode(body, &after_ms);
}
