#include "device_agent/command_terms.h"

#include "device_agent/device.h"
#include "device_agent/settings.h"
#include "shell/time_text.h"

static void tell_budget(struct context *context, const struct budget *budget)
{
	output_json(context->output, "carries", json_string(device_load_word(budget_class(budget))));
	output_json(context->output, "metered_bytes_today", json_integer(budget->bytes_used));
	output_json(context->output, "metered_bytes_left", budget_left(budget) < 0 ? json_null() : json_integer(budget_left(budget)));
	if (budget->metered && budget->bytes_a_day > 0)
		output_line(context->output, "Metered links carried %.*s of %.*s today.",
			TEXT_ARGUMENTS(size_print(context->arena, budget->bytes_used)),
			TEXT_ARGUMENTS(size_print(context->arena, budget->bytes_a_day)));
	else if (budget->metered)
		output_line(context->output, "Metered links carried %.*s today.",
			TEXT_ARGUMENTS(size_print(context->arena, budget->bytes_used)));
	if (budget_class(budget) == CLASS_CONTROL)
		output_line(context->output, "Only operations go over this link now: rows and files wait.");
	else if (budget_class(budget) == CLASS_KNOWLEDGE)
		output_line(context->output, "Operations and rows go over this link now: files wait.");
}

enum status terms_tell(struct context *context)
{
	struct output *output = context->output;
	struct link_terms terms;
	struct budget budget;
	int64_t rate;
	enum status status = link_terms_read(context->arena, local_device_of(context)->dir, &terms);

	if (status != STATUS_OK)
		return status;
	rate = traffic_rate(&terms.traffic, link_terms_class(&terms));
	budget = link_terms_budget(&terms, time_day(context->now_ms, context->zone));
	output_value(output, "metered", "link is metered", cell_boolean(terms.metered));
	if (terms.interface.size > 0)
		output_value(output, "interface", "leads out by", cell_text(terms.interface));
	output_json(output, "bytes_per_s", rate > 0 ? json_integer(rate) : json_null());
	if (rate > 0)
		output_line(output, "Measured lately: %.*s a second.", TEXT_ARGUMENTS(size_print(context->arena, rate)));
	tell_budget(context, &budget);
	return STATUS_OK;
}

void terms_tell_waiting(struct context *context, bool rows_held, int64_t files, int64_t bytes)
{
	if (rows_held)
		output_warning(context->output,
			"Rows wait: this metered link may carry only operations now (\"truckroll config\").");
	if (files > 0)
		output_line(context->output, "Files that wait, since this metered link may not carry them now: %lld (%.*s).",
			(long long)files, TEXT_ARGUMENTS(size_print(context->arena, bytes)));
}
