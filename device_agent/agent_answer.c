#include "device_agent/agent_answer.h"

#include "device_agent/traffic.h"
#include "shell/control.h"
#include "shell/time_text.h"

#define PATIENCE_MS 300

static struct text text_at(struct context *context, const json_t *answer, const char *name)
{
	const char *found = json_string_value(json_object_get(answer, name));

	return found == NULL ? (struct text){ 0 } : arena_print(context->arena, "%s", found);
}

static bool is_true_at(const json_t *answer, const char *name)
{
	return json_is_true(json_object_get(answer, name));
}

static void read_answer(struct context *context, const json_t *answer, struct agent_answer *out_answer)
{
	struct agent_answer *said = out_answer;
	struct text contact = text_at(context, answer, "last_contact_at");
	int64_t contact_at_ms;

	said->answered = true;
	said->connected = is_true_at(answer, "connected");
	said->synced = is_true_at(answer, "synced");
	said->rows_held = is_true_at(answer, "rows_held");
	said->files_held = is_true_at(answer, "files_held");
	said->files_waiting = json_integer_value(json_object_get(answer, "files_waiting"));
	said->file_bytes_waiting = json_integer_value(json_object_get(answer, "file_bytes_waiting"));
	said->failure = text_at(context, answer, "failure");
	if (contact.size > 0 && time_parse(contact, context->now_ms, NULL, &contact_at_ms) == STATUS_OK &&
		contact_at_ms > said->contact_at_ms)
		said->contact_at_ms = contact_at_ms;
}

struct agent_answer agent_answer_ask(struct context *context)
{
	const struct text words[] = { text_of("link"), text_of("--json") };
	const struct control_request request = { .words = words,
		.word_count = LENGTH(words),
		.working_dir = context->working_dir,
		.language = text_of("en"),
		.now_ms = context->now_ms };
	struct agent_answer said = { .contact_at_ms = traffic_load(context->arena, context->dir).contact_at_ms };
	struct control_reply reply;
	enum status status = control_call(context->dir.data, context->arena, &request, PATIENCE_MS, PATIENCE_MS, &reply);
	json_t *answer = status == STATUS_OK ? json_loadb(reply.out.data, reply.out.size, 0, NULL) : NULL;

	said.runs = status != STATUS_NOT_FOUND;
	if (answer != NULL)
		read_answer(context, answer, &said);
	json_decref(answer);
	return said;
}
