#include "tests/unit/protocol/sync/suspects.h"

static enum status find(void *context, const struct kept_incident *incident)
{
	struct poison_found *found = context;

	if (incident->incident.kind == INCIDENT_POISON) {
		found->latest = *incident;
		found->count++;
	}
	return STATUS_OK;
}

struct poison_found suspects_poison(struct simulation *pair)
{
	struct poison_found found = { 0 };

	assert_int_equal(server_store_each_incident(pair->server.store, true, 100, find, &found), STATUS_OK);
	return found;
}

enum outcome suspects_outcome(struct simulation *pair, const struct id *operation)
{
	struct logged_operation logged;

	assert_true(pair_logged(pair, operation, &logged));
	return logged.outcome;
}

bool suspects_attempts_are_left(struct simulation *pair)
{
	return server_store_any_attempt(pair->server.store) == STATUS_OK;
}

struct suspect suspects_of(struct simulation *pair, unsigned number, enum suspect_work work, int64_t first, int64_t last)
{
	struct suspect suspect = {
		.work = work, .device = organisation_device_id(number), .first_seq = first, .last_seq = last, .since_ms = pair->now_ms
	};
	struct outbox_state outbox;

	assert_int_equal(device_store_outbox(pair_device(pair, number)->store, &outbox), STATUS_OK);
	suspect.incarnation = outbox.incarnation;
	suspect.since_ms = clock_now_ms(&pair->server.clock);
	return suspect;
}

void suspects_stop(struct simulation *pair, const struct suspect *suspect)
{
	server_node_kill(pair);
	pair->server.suspects[0] = *suspect;
	pair->server.suspect_count = 1;
	server_node_start(pair);
}

void suspects_open(struct hand_device *hand, struct simulation *pair, enum suspect_work work, int64_t last)
{
	struct suspect suspect = suspects_of(pair, 1, work, 1, last);

	suspect.incarnation = (struct id){ { 9 } };
	suspects_stop(pair, &suspect);
	pair_settle(pair);
	hand_device_open(hand, pair, 1, 9);
}

int64_t suspects_count(struct simulation *pair, const struct hand_device *hand, int64_t seq, const struct hash *hash)
{
	struct attempt attempt = { .device = hand->identity.id, .incarnation = hand->incarnation, .seq = seq, .hash = *hash };

	assert_int_equal(server_store_attempt(pair->server.store, &attempt), STATUS_OK);
	return attempt.count;
}

void suspects_carry_out_effects(struct simulation *pair)
{
	struct server_effect effect;

	while (server_core_next(pair->server.core, &effect))
		if (effect.kind == SERVER_EFFECT_COMMIT)
			assert_int_equal(server_core_committed(pair->server.core, server_store_commit(pair->server.store)), STATUS_OK);
}

void suspects_carry_out_one(struct simulation *pair)
{
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	suspects_carry_out_effects(pair);
}
