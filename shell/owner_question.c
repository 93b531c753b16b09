#include "shell/owner_question.h"

#include "shell/runner.h"

static enum status status_named(const char *name)
{
	for (int status = STATUS_OK; status <= STATUS_AMBIGUOUS; status++)
		if (text_equals(text_of(name), status_to_text((enum status)status)))
			return (enum status)status;
	return STATUS_CANNOT_WRITE;
}

/* Why the command failed, in its own words. */
static enum status take_over(const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");
	const char *why = json_string_value(json_object_get(error, "reason"));

	return fail(status_named(json_string_value(json_object_get(error, "status"))), "%s", why == NULL ? "" : why);
}

enum status owner_ask(const struct context *context, const struct text *words, size_t word_count, json_t **out_answer)
{
	struct arena arena = { 0 };
	struct context asking = *context;
	struct control_reply reply = { 0 };
	enum status status;

	asking.arena = &arena;
	*out_answer = NULL;
	status = command_in_owner(&asking, words, word_count, &reply);
	if (status == STATUS_OK)
		*out_answer = json_loadb(reply.out.data, reply.out.size, 0, NULL);
	if (status == STATUS_OK && reply.exit_code != 0)
		status = take_over(*out_answer);
	arena_finish(&arena);
	return status;
}

int64_t owner_integer(const json_t *answer, const char *name)
{
	return json_integer_value(json_object_get(answer, name));
}
