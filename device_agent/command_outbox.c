/* What became of what the technician did: outbox, trace, issues. */
#include <stdlib.h>
#include <string.h>

#include "device_agent/commands.h"
#include "device_agent/outbox_view.h"
#include "device_agent/waiting.h"
#include "shell/listing.h"
#include "shell/outcome_words.h"

struct item_listing {
	struct context *context;
	struct table *table;
	struct id issue; /* of the item before */
};

static enum status list_item(void *user, const struct outbox_item *item)
{
	struct item_listing *listing = user;
	struct context *context = listing->context;
	struct storage *records = local_device_records(context);
	const char *kind = operation_find(item->operation.head.kind)->name;
	struct cell cells[] = {
		cell_integer(item->seq),
		cell_id(&item->id),
		cell_text(catalogue_word(context->arena, context->language, "operation", text_of(kind))),
		cell_string(kind),
		cell_text(outcome_subject(context, records, &item->operation.head)),
		cell_time(item->operation.head.at_ms),
		cell_duration(context->now_ms - item->operation.head.at_ms),
		cell_name("progress", text_of(item->state)),
		item->forgotten ? cell_none() : cell_string(outbox_item_outcome(item)),
		cell_text(outbox_item_listed(context, records, item, &listing->issue)),
		cell_id(&item->operation.head.subject),
	};

	table_row(listing->table, cells);
	return STATUS_OK;
}

enum status command_outbox(struct context *context)
{
	static const struct column columns[] = {
		{ "seq", "#", false },
		{ "operation", NULL, false },
		{ "kind_words", "what", false },
		{ "kind", NULL, true },
		{ "subject", "about", false },
		{ "at", NULL, true },
		{ "age", NULL, false },
		{ "state", NULL, false },
		{ "outcome", NULL, true },
		{ "words", "here and now", false },
		{ "subject_id", NULL, true },
	};
	struct local_device *device = local_device_of(context);
	struct item_listing listing = { .context = context };
	struct outbox_marks marks;
	enum status status = outbox_marks_read(device->store, &marks);

	if (status != STATUS_OK)
		return status;
	output_json(context->output, "pending", json_integer(marks.last_seq - marks.settled_seq));
	listing.table = output_table(context->output, "operations", columns, LENGTH(columns));
	status = outbox_items_each(context, device, arguments_flag(context->arguments, "all") ? 0 : marks.settled_seq, list_item, &listing);
	if (status == STATUS_OK && table_row_count(listing.table) == 0)
		output_line(context->output, "Everything you did is settled with the office.");
	else if (status == STATUS_OK && marks.settled_seq < marks.last_seq)
		waiting_tell(context, device, marks.decided_seq == marks.last_seq);
	return status;
}

/* ---- trace ---- */

struct item_search {
	struct text digits; /* of the id; empty: by seq */
	int64_t seq;        /* -1: the last */
	struct outbox_item found;
	size_t count;
};

static enum status match_item(void *user, const struct outbox_item *item)
{
	struct item_search *search = user;
	struct id_text id = id_to_text(&item->id);
	bool fits = search->digits.size == 0 ? search->seq == -1 || item->seq == search->seq
					     : search->digits.size < sizeof(id.characters) &&
						       memcmp(id.characters, search->digits.data, search->digits.size) == 0;

	if (!fits)
		return STATUS_OK;
	search->count = search->digits.size == 0 ? 1 : search->count + 1;
	search->found = *item;
	return STATUS_OK;
}

static enum status find_item(struct context *context, struct text which, struct outbox_item *out_item)
{
	struct item_search search = { .digits = which };
	enum status status;

	if (text_equals(which, "last"))
		search = (struct item_search){ .seq = -1 };
	else if (which.size > 1 && which.data[0] == '#')
		search = (struct item_search){ .seq = strtoll(which.data + 1, NULL, 10) };
	status = outbox_items_each(context, local_device_of(context), 0, match_item, &search);
	if (status != STATUS_OK)
		return status;
	if (search.count == 0)
		return fail(STATUS_NOT_FOUND, "no operation \"%.*s\" was made on this device", TEXT_ARGUMENTS(which));
	if (search.count > 1)
		return fail(STATUS_AMBIGUOUS, "%zu operations begin with \"%.*s\": give more digits", search.count, TEXT_ARGUMENTS(which));
	*out_item = search.found;
	return STATUS_OK;
}

static void tell_outcome(struct context *context, const struct outbox_item *item)
{
	const struct operation_outcome *outcome = item->outcome;

	output_value(context->output, "outcome", NULL,
		item->forgotten ? cell_none() : cell_name("result", text_of(outbox_item_outcome(item))));
	output_value(context->output, "words", NULL, cell_text(outbox_item_words(context, local_device_records(context), item)));
	if (outcome != NULL && outcome->rule.size > 0)
		output_value(context->output, "rule", NULL, cell_text(outcome->rule));
	if (outcome != NULL && !id_is_nil(&outcome->issue_id))
		output_value(context->output, "issue", NULL, cell_id(&outcome->issue_id));
	if (outcome != NULL && !id_is_nil(&outcome->waits_for))
		output_value(context->output, "waits_for", "waits for", cell_id(&outcome->waits_for));
	if (strcmp(item->state, "settled") == 0)
		return;
	output_line(context->output, "This is this device's own view: the office has not settled it yet.");
	waiting_tell(context, local_device_of(context), strcmp(item->state, "decided") == 0);
}

enum status command_trace(struct context *context)
{
	const struct operation_head *head;
	struct outbox_item item;
	enum status status = find_item(context, text_trim(arguments_text(context->arguments, "OPERATION")), &item);

	if (status != STATUS_OK)
		return status;
	head = &item.operation.head;
	output_value(context->output, "operation", NULL, cell_text(arena_print(context->arena, "%s", id_to_text(&item.id).characters)));
	output_value(context->output, "seq", "number", cell_integer(item.seq));
	output_value(context->output, "kind", NULL, cell_name("operation", text_of(operation_find(head->kind)->name)));
	output_value(context->output, "subject", "about", cell_text(outcome_subject(context, local_device_records(context), head)));
	output_value(context->output, "subject_id", "id", cell_id(&head->subject));
	output_value(context->output, "at", NULL, cell_time(head->at_ms));
	output_value(context->output, "manual", "time was typed", cell_boolean(head->manual));
	output_value(context->output, "base_gseq", "seen up to commit", cell_integer(head->base_gseq));
	output_value(context->output, "state", NULL, cell_name("progress", text_of(item.state)));
	tell_outcome(context, &item);
	listing_operation(context, local_device_records(context), &item.operation);
	return STATUS_OK;
}

enum status command_issues(struct context *context)
{
	return listing_issues(context, local_device_records(context), arguments_flag(context->arguments, "all"));
}
