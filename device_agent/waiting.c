#include "device_agent/waiting.h"

#include "device_agent/agent_answer.h"
#include "shell/catalogue.h"

/* What may keep operations here. */
struct look {
	const struct standing_note *note;
	struct agent_answer agent;
	bool decided;
};

static bool is_decided(const struct look *look)
{
	return look->decided;
}

static bool is_refused(const struct look *look)
{
	return standing_note_refusal(look->note->refused)[0] != '\0';
}

static bool has_no_agent(const struct look *look)
{
	return !look->agent.runs;
}

static bool is_busy(const struct look *look)
{
	return !look->agent.answered;
}

static bool is_connected(const struct look *look)
{
	return look->agent.connected;
}

static bool is_offline(const struct look *look)
{
	(void)look;
	return true;
}

struct cause {
	const char *name;
	bool (*holds)(const struct look *look);
	const char *words; /* NULL: what the server said, as the note of how the device stands has it */
};

/* The first that holds. */
static const struct cause causes[] = {
	{ "decided", is_decided, "The office has decided it; the next exchange brings what came of it." },
	{ "refused", is_refused, NULL },
	{ "no_agent", has_no_agent, "No agent runs: it waits here until \"truckroll sync\", \"truckroll agent\" or a bundle takes it." },
	{ "busy", is_busy, "The agent is busy; it sends it by itself." },
	{ "connected", is_connected, "The agent is connected and sends it." },
	{ "offline", is_offline, "The agent does not reach the office, and tries again by itself." },
};

void waiting_tell(struct context *context, const struct local_device *device, bool decided)
{
	const struct look look = { .note = &device->note, .agent = agent_answer_ask(context), .decided = decided };
	const struct cause *cause = causes;
	struct output *output = context->output;

	while (!cause->holds(&look))
		cause++;
	output_json(output, "waits_because", json_string(cause->name));
	if (cause->words != NULL)
		output_line(output, "%s", catalogue_translate(context->language, cause->words));
	else
		output_value(output, "refusal", NULL,
			cell_string(catalogue_translate(context->language, standing_note_refusal(look.note->refused))));
	if (cause->holds == is_offline && look.agent.failure.size > 0)
		output_value(output, "failure", "latest failure", cell_text(look.agent.failure));
	output_value(output, "contact_at", "office reached last", cell_time(look.agent.contact_at_ms));
}
