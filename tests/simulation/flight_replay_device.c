/* The device's side of the replay. */
#include "device_agent/store.h"
#include "tests/bench/record/bench_order.h"
#include "tests/simulation/flight_replay_inner.h"

static enum status open_core(struct replay *replay)
{
	const struct flight_head *head = &replay->head;
	const struct device_store_options store = { .bench = head->bench };
	struct device_core_options core = { .clock = &replay->clock,
		.random = &replay->random,
		.identity = { .id = head->device, .key_number = head->key_number, .keys = head->keys, .holder = &replay->holder },
		.server = head->server,
		.organisation = head->organisation,
		.technician = head->technician,
		.standing = head->standing,
		.moved = head->moved,
		.poll_wait_ms = head->poll_wait_ms,
		.bug = replay->options->mended ? BUG_NONE : (enum seeded_bug)head->bug,
		.check_every_ms = head->check_every_ms,
		.blobs = head->files ? &replay->files : NULL,
		.carried = head->files ? &replay->files : NULL,
		.batch_raw_max = (size_t)head->batch_raw_max,
		.tap = &replay->tap };
	enum status status = device_store_open(replay->dir, &store, &replay->device_store);

	if (status != STATUS_OK)
		return status;
	core.store = replay->device_store;
	replay->within = true;
	status = device_core_create(&core, &replay->device_core);
	replay->within = false;
	return status;
}

static bool is_open(const struct replay *replay)
{
	return replay->device_core != NULL;
}

/* Only that something was written matters: the core looks whether anything was. */
static bool touch(struct replay *replay)
{
	int64_t at_ms = 0;

	return device_store_checked_at(replay->device_store, &at_ms) == STATUS_OK &&
	       device_store_put_checked_at(replay->device_store, at_ms) == STATUS_OK;
}

static enum status keep_envelope(void *context, struct bytes sealed)
{
	(void)context;
	(void)sealed;
	return STATUS_OK;
}

static enum status feed(struct replay *replay)
{
	struct arena arena = { 0 };
	struct verdict verdict = { 0 };
	struct device_bundle bundle = { 0 };
	enum bundle_finding finding = BUNDLE_TAKEN;
	struct id id = { 0 };
	bool done = false;
	const struct device_answer answer = { .arena = &arena,
		.verdict = &verdict,
		.operation_id = &id,
		.done = &done,
		.take = keep_envelope,
		.bundle = &bundle,
		.finding = &finding };
	enum status status;

	replay->within = true;
	status = device_core_feed(replay->device_core, &replay->event.event.event, &answer);
	replay->within = false;
	arena_finish(&arena);
	if (replay->event.event.event.kind == DEVICE_EVENT_CUT)
		replay->committed = status;
	return status;
}

static const char *effect_word(const struct device_effect *effect)
{
	return effect->kind == DEVICE_EFFECT_SEND ? "frame" : "commit";
}

static void compare(struct replay *replay, const struct flight_entry *there)
{
	struct device_effect here = { 0 };
	bool came = device_core_next(replay->device_core, &here);

	replay_compare(replay, effect_word(&there->effect), there->effect.bytes, came ? effect_word(&here) : "nothing", here.bytes);
}

static void close_core(struct replay *replay)
{
	device_core_destroy(replay->device_core);
	device_store_close(replay->device_store);
	replay->device_core = NULL;
	replay->device_store = NULL;
}

static const char *word(const struct flight_entry *event)
{
	return device_event_to_text(event->event.event.kind);
}

static bool tells_commit(const struct flight_entry *event, enum status *out_status)
{
	*out_status = event->event.event.result;
	return event->event.event.kind == DEVICE_EVENT_COMMITTED;
}

static const char *const files[] = { "outbox.db", "replica.db", NULL };

const struct replay_side replay_device = { .files = files,
	.open = open_core,
	.is_open = is_open,
	.touch = touch,
	.feed = feed,
	.compare = compare,
	.close = close_core,
	.word = word,
	.tells_commit = tells_commit };
