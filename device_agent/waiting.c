#include "device_agent/waiting.h"

#include <jansson.h>

#include "device_agent/traffic.h"
#include "shell/catalogue.h"

#define PATIENCE_MS 300

struct agent_view agent_view_of(struct context *context)
{
	struct agent_view view = { .last_contact_at_ms = traffic_load(context->arena, context->dir).contact_at_ms };
	enum status status = link_report_ask(context, ASK_ONLY, PATIENCE_MS, &view.report);

	view.runs = status != STATUS_NOT_FOUND;
	view.answered = status == STATUS_OK;
	if (view.answered && view.report.last_contact_at_ms > view.last_contact_at_ms)
		view.last_contact_at_ms = view.report.last_contact_at_ms;
	return view;
}

/* What may keep operations here. */
struct look {
	const struct standing_note *note;
	struct agent_view agent;
	bool decided;
};

static bool is_held(const struct look *look)
{
	return look->decided && look->agent.answered && look->agent.report.rows_held;
}

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

static bool is_outdated(const struct look *look)
{
	return look->agent.report.outdated;
}

static bool is_connected(const struct look *look)
{
	return look->agent.report.connected;
}

static bool is_unanswered(const struct look *look)
{
	return look->agent.report.unanswered;
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
	{ "held", is_held, "The office has decided this; what came of it does not fit into what this metered link may carry now." },
	{ "decided", is_decided, "The office has decided this; the next exchange brings what came of it." },
	{ "refused", is_refused, NULL },
	{ "no_agent", has_no_agent,
		"No agent runs: this waits here until \"truckroll sync\", \"truckroll agent\" or a bundle takes it along." },
	{ "busy", is_busy, "The agent is busy; this is sent when it is done." },
	{ "outdated", is_outdated, "The server is newer than this program can speak to: update this program." },
	{ "connected", is_connected, "The agent is connected: it sends this, or waits for the office to decide it." },
	{ "unanswered", is_unanswered, "The agent reaches the server, which does not answer this device." },
	{ "offline", is_offline, "The agent does not reach the office; it tries again by itself." },
};

void waiting_tell(struct context *context, const struct local_device *device, bool decided)
{
	const struct look look = { .note = &device->note, .agent = agent_view_of(context), .decided = decided };
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
	if (look.agent.report.failure.size > 0)
		output_value(output, "failure", "latest failure", cell_text(look.agent.report.failure));
	output_value(output, "last_contact_at", "last contact", cell_time(look.agent.last_contact_at_ms));
}
