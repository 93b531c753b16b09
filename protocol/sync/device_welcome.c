/* What a welcome says: how far the server knows this device's history, whether it is the server that it was, and up to which commit there
 * is a backup. */
#include "protocol/sync/device_bugs.h"
#include "protocol/sync/device_inner.h"
#include "protocol/sync/history.h"
#include "protocol/sync/keeping.h"
#include "protocol/wire/dictionary.h"

enum status device_server_restored(struct device_core *core, const char *detail)
{
	enum status status = device_blobs_offer_again(&core->blobs, core->options.store, &core->arena);

	return status == STATUS_OK ? device_put_right(core, "epoch", detail) : status;
}

/* Neither side has these any more. */
static enum status tell_gap(struct device_core *core, const struct keeping_gap *gap)
{
	struct text detail = arena_print(&core->arena, "%lld-%lld", (long long)gap->first, (long long)gap->last);

	return gap->first == 0 ? STATUS_OK : device_note_incident(core, "gap", detail.data);
}

/* What is kept goes out again as a new history. The epoch is noted once files are offered again, too: see server_goes_on(). */
static enum status send_anew(struct device_core *core, const struct keeping_gap *gap)
{
	enum status status = tell_gap(core, gap);

	if (status == STATUS_OK)
		status = history_begin_again(core->options.store, core->options.random, &core->arena);
	if (status != STATUS_OK)
		return status;
	core->own_rows = true;
	core->acknowledged_seq = 0;
	return STATUS_OK;
}

/* The history that the server knows is gone on with. Rows tell which files it may lack: without any, they come first. */
static enum status server_goes_on(struct device_core *core, const struct id *epoch, const struct replica_state *state)
{
	enum status status;

	if (state->cursor.gseq == 0)
		return STATUS_OK;
	status = device_blobs_offer_again(&core->blobs, core->options.store, &core->arena);
	return status == STATUS_OK ? device_store_put_epoch(core->options.store, epoch) : status;
}

/* The server was put back from a backup. It is sent again what that lacks, in the history that it knows or in a new one. */
static enum status begin_after_restore(
	struct device_core *core, const struct welcome *welcome, const struct replica_state *state, const struct keeping_gap *gap)
{
	bool anew = gap->first != 0 || (gap->anew && core->options.bug != BUG_FORMER_NOT_SENT);
	enum status status = anew ? send_anew(core, gap) : server_goes_on(core, &welcome->epoch, state);

	if (status != STATUS_OK)
		return status;
	if (!anew && state->cursor.gseq == 0 && welcome->last_seq >= state->settled_seq)
		return STATUS_OK;
	if (!anew)
		return device_put_right(core, "epoch", "the server was restored: it counts its commits anew");
	device_link_down(core);
	core->retry_at_ms = 0;
	return fail(STATUS_OFFLINE, "the server was restored: what it may lack is sent again under a new incarnation");
}

/* What a backup of the server holds need not be kept any longer. */
static enum status look_at_kept(struct device_core *core, const struct welcome *welcome)
{
	int64_t unbacked;
	struct text detail;
	enum status status = keeping_look(core->options.store, welcome, core->options.bug, &unbacked);

	if (status != STATUS_OK || unbacked == 0)
		return status;
	detail = arena_print(&core->arena, "%lld", (long long)unbacked);
	return device_note_incident(core, "unbacked", detail.data);
}

/* Does the cursor still mean something to the server, and has it what is not kept here any more? */
static bool follows(const struct welcome *welcome, const struct replica_state *state, const struct repair *repair)
{
	const struct cursor *stands = repair->under_way ? &repair->since : &state->cursor; /* gseq 0 before a repair's first answer */

	return welcome->last_seq >= state->settled_seq &&
	       (stands->gseq == 0 || (id_equal(&stands->epoch, &welcome->epoch) && welcome->gseq >= stands->gseq));
}

static enum status compare_epochs(struct device_core *core, const struct welcome *welcome)
{
	struct device_store *store = core->options.store;
	struct replica_state state;
	struct repair repair;
	struct keeping_gap gap;
	bool restored = false;
	enum status status = device_store_replica(store, &state);

	if (status == STATUS_OK)
		status = repair_load(store, &core->arena, &repair);
	if (status == STATUS_OK)
		status = keeping_meet(store, &welcome->epoch, &state.cursor, &restored);
	if (status == STATUS_OK)
		status = keeping_compare(store, welcome->last_seq, &gap);
	if (status != STATUS_OK)
		return status;
	if (restored || gap.first != 0 || !follows(welcome, &state, &repair))
		return begin_after_restore(core, welcome, &state, &gap);
	return repair.under_way ? STATUS_OK : look_at_kept(core, welcome);
}

/* One that is older than what is here says nothing: it may be of a server that an old copy was put in the place of. */
enum status device_keep_by_bundle(struct device_core *core, const struct welcome *welcome)
{
	struct device_store *store = core->options.store;
	struct replica_state state;
	struct kept_state kept;
	struct repair repair = { 0 };
	bool same = false;
	enum status status = STATUS_OK;

	if (!id_is_nil(&welcome->incarnation))
		status = history_compare(store, &welcome->incarnation, welcome->last_seq, &welcome->chain_hash, HASH_SIZE, &same);
	if (status == STATUS_OK)
		status = device_store_kept(store, &kept);
	if (status == STATUS_OK)
		status = device_store_replica(store, &state);
	if (status == STATUS_OK)
		status = repair_load(store, &core->arena, &repair);
	if (status != STATUS_OK || !same || repair.under_way || !id_equal(&kept.epoch, &welcome->epoch) ||
		!follows(welcome, &state, &repair))
		return status;
	return look_at_kept(core, welcome);
}

enum status device_meet_by_bundle(struct device_core *core, const struct welcome *welcome, bool *out_anew)
{
	struct device_store *store = core->options.store;
	struct replica_state state;
	struct keeping_gap gap;
	bool same = id_is_nil(&welcome->incarnation), restored = false;
	enum status status = STATUS_OK;

	*out_anew = false;
	if (!same)
		status = history_compare(store, &welcome->incarnation, welcome->last_seq, &welcome->chain_hash, HASH_SIZE, &same);
	if (status == STATUS_OK)
		status = device_store_replica(store, &state);
	if (status == STATUS_OK && same)
		status = keeping_meet(store, &welcome->epoch, &state.cursor, &restored);
	if (status == STATUS_OK && !restored)
		return device_keep_by_bundle(core, welcome);
	if (status != STATUS_OK)
		return status;
	status = keeping_compare(store, welcome->last_seq, &gap);
	if (status != STATUS_OK)
		return status;
	*out_anew = gap.anew;
	return gap.anew ? send_anew(core, &gap) : server_goes_on(core, &welcome->epoch, &state);
}

enum status device_take_welcome(struct device_core *core, const struct welcome *welcome)
{
	bool same = false;
	enum status status =
		history_compare(core->options.store, &welcome->incarnation, welcome->last_seq, &welcome->chain_hash, HASH_SIZE, &same);

	if (status != STATUS_OK)
		return status;
	core->state.lease_until_ms = welcome->lease_until_ms;
	core->state.device_state = welcome->device_state;
	core->state.server_revision = welcome->schema_revision < UINT16_MAX ? (uint16_t)welcome->schema_revision : UINT16_MAX;
	if (core->by_bundle && id_is_nil(&welcome->incarnation)) /* the server has heard of none: it speaks of rows alone */
		return STATUS_OK;
	if (!core->by_bundle) {
		core->ground = (struct common_ground){ welcome->incarnation, welcome->epoch, dictionary_common(welcome->schema_revision) };
		core->speaks_short = short_forms_spoken(welcome->schema_revision);
	}
	core->tell_origin = !welcome->incarnation_known;
	core->acknowledged_seq = same ? welcome->last_seq : 0; /* of the incarnation that goes on */
	if (!same && core->options.bug == BUG_SEQUENCE_REUSED)
		return bug_reuse_sequence(core->options.store, welcome->last_seq, &core->acknowledged_seq);
	if (same) /* a bundle's was looked at before anything of it was taken */
		return core->by_bundle ? STATUS_OK : compare_epochs(core, welcome);
	status = history_begin_incarnation(core->options.store, core->options.random, &core->arena);
	core->own_rows = true; /* what the lost history computed is missing here */
	if (status == STATUS_OK)
		status = device_note_incident(core, "restored", "the server knows operations that are not in this outbox");
	if (status != STATUS_OK)
		return status;
	device_link_down(core);
	core->retry_at_ms = 0;
	return fail(STATUS_OFFLINE, "this device was restored from an older copy: it goes on under a new incarnation");
}
