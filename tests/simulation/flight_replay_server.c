/* The server's side of the replay. */
#include <string.h>

#include "server/store.h"
#include "tests/simulation/flight_replay_inner.h"

/* The core knows which version it is of. */
static struct text version_of(struct text program)
{
	const char *blank = memchr(program.data, ' ', program.size);

	return blank == NULL ? program : (struct text){ blank + 1, program.size - (size_t)(blank + 1 - program.data) };
}

static enum status open_core(struct replay *replay)
{
	const struct flight_head *head = &replay->head;
	const struct server_store_options store = { .path = arena_print(&replay->leg_arena, "%s/organisation.db", replay->dir).data,
		.mode = STORAGE_OWN };
	struct server_core_options core = { .clock = &replay->clock,
		.random = &replay->random,
		.identity = { .id = head->device, .key_number = head->key_number, .keys = head->keys, .holder = &replay->holder },
		.incarnation = head->incarnation,
		.bug = replay->options->mended ? BUG_NONE : (enum seeded_bug)head->bug,
		.suspects = head->suspects,
		.suspect_count = head->suspect_count,
		.program = version_of(head->program),
		.retention_ms = head->retention_ms,
		.window_ms = head->window_ms,
		.blobs = head->files ? &replay->files : NULL,
		.held_max = (size_t)head->held_max,
		.page_raw_max = (size_t)head->page_raw_max };
	enum status status = server_store_open(&store, &replay->server_store);

	if (status != STATUS_OK)
		return status;
	core.store = replay->server_store;
	replay->within = true;
	status = server_core_create(&core, &replay->server_core);
	replay->within = false;
	return status;
}

static bool is_open(const struct replay *replay)
{
	return replay->server_core != NULL;
}

/* What was written beside the core is not in the flight. */
static bool touch(struct replay *replay)
{
	(void)replay;
	return false;
}

static enum status keep_envelope(void *context, struct bytes sealed)
{
	(void)context;
	(void)sealed;
	return STATUS_OK;
}

static enum status feed(struct replay *replay)
{
	struct verdict verdict = { 0 };
	struct id id = { 0 };
	const struct server_answer answer = { .verdict = &verdict, .operation_id = &id, .take = keep_envelope };
	enum status status;

	replay->within = true;
	status = server_core_feed(replay->server_core, &replay->event.event.server, &answer);
	replay->within = false;
	return status;
}

static const char *effect_word(const struct server_effect *effect)
{
	static const char *const words[] = {
		[SERVER_EFFECT_SEND] = "frame", [SERVER_EFFECT_DROP] = "connection that is dropped", [SERVER_EFFECT_COMMIT] = "commit"
	};

	return words[effect->kind];
}

static void compare(struct replay *replay, const struct flight_entry *there)
{
	struct server_effect here = { 0 };
	bool came = server_core_next(replay->server_core, &here);

	replay_compare(
		replay, effect_word(&there->server_effect), there->server_effect.bytes, came ? effect_word(&here) : "nothing", here.bytes);
	if (came && here.kind != SERVER_EFFECT_COMMIT && here.connection != there->server_effect.connection)
		replay_differ(replay, "it goes to another connection here");
	if (came && here.kind == SERVER_EFFECT_COMMIT)
		replay->committed = server_store_commit(replay->server_store);
}

static void close_core(struct replay *replay)
{
	server_core_destroy(replay->server_core);
	server_store_close(replay->server_store);
	replay->server_core = NULL;
	replay->server_store = NULL;
}

static const char *word(const struct flight_entry *event)
{
	return server_event_to_text(event->event.server.kind);
}

static bool tells_commit(const struct flight_entry *event, enum status *out_status)
{
	*out_status = event->event.server.result;
	return event->event.server.kind == SERVER_EVENT_COMMITTED;
}

static const char *const files[] = { "organisation.db", NULL };

const struct replay_side replay_server = { .files = files,
	.open = open_core,
	.is_open = is_open,
	.touch = touch,
	.feed = feed,
	.compare = compare,
	.close = close_core,
	.word = word,
	.tells_commit = tells_commit };
