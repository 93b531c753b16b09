#include "protocol/sync/horizon.h"

static enum status note_time(struct commit *commit, const struct server_state *state, bool *out_noted)
{
	int64_t noted;
	enum status status = server_store_gseq_before(commit->store, INT64_MAX, &noted);

	*out_noted = status == STATUS_OK && state->gseq > noted;
	return *out_noted ? server_store_note_time(commit->store, state->gseq, commit->now_ms) : status;
}

enum status horizon_advance(
	struct commit *commit, const struct server_state *state, const struct horizon_round *round, bool *out_changed)
{
	int64_t horizon = 0;
	size_t forgotten = 0;
	bool noted = false, moved = false;
	enum status status = note_time(commit, state, &noted);

	if (status == STATUS_OK)
		status = server_store_gseq_before(commit->store, commit->now_ms - round->retention_ms, &horizon);
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
	*out_changed = noted || moved || forgotten > 0;
	return status;
}
