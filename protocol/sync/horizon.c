#include "protocol/sync/horizon.h"

enum status horizon_note_time(struct commit *commit)
{
	int64_t before = commit->gseq - 1, noted;
	enum status status = server_store_gseq_before(commit->store, INT64_MAX, &noted);

	return status == STATUS_OK && before > noted ? server_store_note_time(commit->store, before, commit->now_ms) : status;
}

enum status horizon_advance(
	struct commit *commit, const struct server_state *state, const struct horizon_round *round, bool *out_changed)
{
	int64_t horizon = 0;
	size_t forgotten = 0;
	bool moved = false;
	enum status status = server_store_gseq_before(commit->store, commit->now_ms - round->retention_ms, &horizon);

	if (status == STATUS_OK && horizon > state->horizon) {
		status = server_store_put_horizon(commit->store, horizon);
		moved = true;
	}
	if (horizon < state->horizon)
		horizon = state->horizon;
	if (round->bug == BUG_FORGOTTEN_ABOVE_HORIZON)
		horizon = state->gseq;
	if (status == STATUS_OK && horizon > 0)
		status = server_store_forget_until(commit->store, horizon, round->most, &forgotten);
	*out_changed = moved || forgotten > 0;
	return status;
}
