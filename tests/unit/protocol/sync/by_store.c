#include "tests/unit/protocol/sync/by_store.h"

void by_store_begin(struct by_store *by, struct simulation *pair)
{
	struct server_store *store = pair->server.store;
	struct server_state now;

	by->pair = pair;
	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_state(store, &now), STATUS_OK);
	commit_init(&by->commit, store, NULL, &pair->arena, now.gseq + 1);
	by->commit.now_ms = clock_now_ms(&pair->server.clock);
	overlay_init(&by->overlay, server_store_records(store), &pair->arena);
}

void by_store_put(struct by_store *by, enum record_kind kind, const void *row)
{
	assert_int_equal(records_put(&by->overlay.records, kind, row), STATUS_OK);
}

size_t by_store_end(struct by_store *by)
{
	struct server_store *store = by->pair->server.store;

	assert_int_equal(publish_changes(&by->commit, &by->overlay, 0), STATUS_OK);
	assert_int_equal(publish_finish(&by->commit), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	server_store_reset_rows(store);
	return by->commit.job_count;
}

size_t by_store_put_one(struct simulation *pair, enum record_kind kind, const void *row)
{
	struct by_store by;

	by_store_begin(&by, pair);
	by_store_put(&by, kind, row);
	return by_store_end(&by);
}

struct id by_store_id(const char *what, unsigned number)
{
	return id_imported(text_of(what), (struct text){ (const char *)&number, sizeof(number) });
}

int64_t by_store_job_rows(struct simulation *pair, const struct id *order)
{
	const struct scope scope = { .kind = SCOPE_JOB, .id = *order };
	struct scope_state state = { 0 };
	enum status status = server_store_look_scope(pair->server.store, &scope, &state);

	assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
	return state.digest.count;
}

void by_store_settle(struct simulation *pair)
{
	for (unsigned i = 1; i <= 2; i++)
		device_node_go(pair, pair_device(pair, i));
	pair_settle(pair);
}

void by_store_let_a_round_pass(struct simulation *pair)
{
	const int64_t hour_ms = (int64_t)3600 * 1000;

	for (int64_t until = pair->now_ms + hour_ms + hour_ms / 2; pair->now_ms < until;)
		assert_true(simulation_step(pair));
	pair_settle(pair);
}
