#include "server/import_format.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/chain.h"
#include "server/import_input.h"

#define SHOWN_MAX 40 /* bytes of a wrong value quoted in a reason */

/* What a rule works on. */
struct assignment {
	struct import_pass *pass;
	struct import_draft *draft;
	const struct import_mapping *mapping;
	const struct import_value *value;
	const struct field *field; /* NULL when the mapping names none */
	struct text *key;
};

static bool names_have(const struct text *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equals(names[i], name))
			return true;
	return false;
}

const struct import_format *import_format_find(bool json, const struct text *names, size_t count)
{
	for (const struct import_format *format = import_formats; format->title != NULL; format++) {
		size_t at = 0;
		while (at < IMPORT_SIGNATURE_MAX && format->signature[at] != NULL && names_have(names, count, format->signature[at]))
			at++;
		if (format->json == json && (at == IMPORT_SIGNATURE_MAX || format->signature[at] == NULL))
			return format;
	}
	return NULL;
}

bool import_format_reads(const struct import_format *format, struct text column)
{
	for (const struct import_mapping *mapping = format->mappings; mapping->column != NULL; mapping++)
		if (text_equals(column, mapping->column))
			return true;
	return false;
}

static void refuse(struct assignment *a, const char *reason)
{
	import_draft_refuse(a->pass, a->draft, a->value, NULL, reason);
}

static void warn(struct assignment *a, const char *what)
{
	import_draft_warn(a->pass, a->draft, arena_print(a->pass->row_arena, "%.*s: %s", TEXT_ARGUMENTS(a->value->name), what).data);
}

static struct text *text_of_field(struct assignment *a)
{
	return field_at_mutable(a->field, a->draft->row);
}

static void set_cut(struct assignment *a, struct text text)
{
	import_draft_cut(a->pass, a->draft, a->field, text, a->value);
}

static void apply_used(struct assignment *a)
{
	(void)a;
}

static void apply_take(struct assignment *a)
{
	import_draft_set(a->pass, a->draft, a->field, a->value->text, a->value);
}

static void apply_time(struct assignment *a)
{
	struct text text = a->value->text;
	const char *blank = text.size == 0 ? NULL : memchr(text.data, ' ', text.size);
	int day = blank == NULL ? 0 : (int)(blank - text.data);

	if (blank != NULL)
		text = arena_print(a->pass->row_arena, "%.*sT%.*s", day, text.data, (int)text.size - day - 1, blank + 1);
	import_draft_set(a->pass, a->draft, a->field, text, a->value);
}

static void apply_key(struct assignment *a)
{
	*a->key = a->value->text;
	if (a->field != NULL)
		apply_take(a);
}

static void apply_cut(struct assignment *a)
{
	set_cut(a, a->value->text);
}

/* "183.05", "-3", "1026684.2": true with the amount in hundredths. */
static bool cents_from_text(struct text text, int64_t *out_cents)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	size_t digits = 0;
	size_t decimals = 0;
	bool point = false;
	int64_t cents = 0;

	for (size_t i = negative; i < text.size; i++) {
		char character = text.data[i];
		if (character == '.' && !point && digits > 0) {
			point = true;
			continue;
		}
		if (character < '0' || character > '9' || ++digits > 16 || (point && ++decimals > 2))
			return false;
		cents = 10 * cents + (character - '0');
	}
	for (; decimals < 2; decimals++)
		cents *= 10;
	*out_cents = negative ? -cents : cents;
	return digits > 0;
}

static void apply_cents(struct assignment *a)
{
	struct text shown = text_cut(a->value->text, SHOWN_MAX);
	int64_t cents = 0;

	if (a->value->text.size == 0)
		return;
	if (!cents_from_text(a->value->text, &cents))
		refuse(a, arena_print(a->pass->row_arena, "\"%.*s\" is not an amount such as 183.05", TEXT_ARGUMENTS(shown)).data);
	else if (cents < 0)
		warn(a, "an amount below zero was left out");
	else
		a->draft->cents = cents;
}

static void apply_words(struct assignment *a)
{
	const struct import_word *word = a->mapping->words;
	struct text shown = text_cut(a->value->text, SHOWN_MAX);

	while (word->word != NULL && !text_equals(a->value->text, word->word))
		word++;
	import_draft_set(a->pass, a->draft, a->field, text_of(word->choice), a->value);
	if (word->word == NULL)
		warn(a, arena_print(
				a->pass->row_arena, "\"%.*s\" has no counterpart and was taken as %s", TEXT_ARGUMENTS(shown), word->choice)
				.data);
}

static void add_line(struct assignment *a, struct text line)
{
	struct text *text = text_of_field(a);

	if (text->size > 0)
		line = arena_print(a->pass->row_arena, "%.*s\n%.*s", TEXT_ARGUMENTS(*text), TEXT_ARGUMENTS(line));
	set_cut(a, line);
}

static void apply_label(struct assignment *a)
{
	if (a->value->text.size > 0)
		add_line(a, arena_print(a->pass->row_arena, "%s: %.*s", a->mapping->label, TEXT_ARGUMENTS(a->value->text)));
}

static struct text item_text(const json_t *item)
{
	return text_trim((struct text){ .data = json_string_value(item), .size = json_string_length(item) });
}

/* The items of a list of texts, each behind `before`; numbered ones as "1. ". */
static void apply_items(struct assignment *a, const char *between, bool numbered)
{
	struct writer writer = writer_in(a->pass->row_arena, IMPORT_LINE_MAX * 2);
	size_t count = json_array_size(a->value->list);
	size_t number = 0;

	if (a->value->text.size > 0 || (a->value->list != NULL && !json_is_array(a->value->list))) {
		refuse(a, "is not a list of texts");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(a->value->list, i);
		struct text text = json_is_string(item) ? item_text(item) : text_of("");
		if (!json_is_string(item))
			refuse(a, "is not a list of texts");
		if (text.size == 0)
			continue;
		if (number++ > 0)
			write_raw(&writer, between, strlen(between));
		if (numbered) {
			struct text prefix = arena_print(a->pass->row_arena, "%zu. ", number);
			write_raw(&writer, prefix.data, prefix.size);
		}
		write_raw(&writer, text.data, text.size);
	}
	if (number > 0)
		add_line(a, (struct text){ .data = (const char *)writer.data, .size = writer.size });
}

static void apply_steps(struct assignment *a)
{
	apply_items(a, "\n", true);
}

static void apply_list(struct assignment *a)
{
	apply_items(a, ", ", false);
}

static void (*const rules[])(struct assignment *a) = {
	[IMPORT_USED] = apply_used,
	[IMPORT_KEY] = apply_key,
	[IMPORT_TAKE] = apply_take,
	[IMPORT_TIME] = apply_time,
	[IMPORT_CUT] = apply_cut,
	[IMPORT_CENTS] = apply_cents,
	[IMPORT_WORDS] = apply_words,
	[IMPORT_LABEL] = apply_label,
	[IMPORT_STEPS] = apply_steps,
	[IMPORT_LIST] = apply_list,
};

static void apply(struct assignment *a)
{
	bool wants_list = a->mapping->rule == IMPORT_STEPS || a->mapping->rule == IMPORT_LIST;

	if (a->mapping->required && import_value_is_empty(a->value))
		refuse(a, "is empty; it must be given");
	else if (a->value->list != NULL && !wants_list)
		refuse(a, "is a list or an object; it must be one value");
	else
		rules[a->mapping->rule](a);
}

/* Records that keep where they are from, keep it. */
static void set_origin(struct import_draft *draft, struct text key)
{
	const struct field *source = schema_field(draft->schema, text_of("source"));
	const struct field *source_id = schema_field(draft->schema, text_of("source_id"));

	if (source != NULL)
		*(struct text *)field_at_mutable(source, draft->row) = text_of(IMPORT_SOURCE);
	if (source_id != NULL)
		*(struct text *)field_at_mutable(source_id, draft->row) = key;
}

static void set_territory(struct import_pass *pass, struct import_draft *draft)
{
	const struct field *field = schema_field(draft->schema, text_of("territory_id"));

	if (field != NULL)
		*(struct id *)field_at_mutable(field, draft->row) = pass->options->territory_id;
}

static void take_record(struct import_pass *pass, const struct import_row *row)
{
	const struct import_format *format = pass->format;
	const struct schema *schema = schema_find(format->record);
	struct import_draft draft = { .schema = schema, .row = arena_allocate(pass->row_arena, schema->size), .from = row };
	const struct import_value *key_value = NULL;
	struct text key = { .data = NULL };
	struct id id;

	for (const struct import_mapping *mapping = format->mappings; mapping->column != NULL; mapping++) {
		struct import_value missing = { .name = text_of(mapping->column), .line = row->line, .column = 1 };
		struct assignment a = { .pass = pass, .draft = &draft, .mapping = mapping, .key = &key };
		a.value = import_row_find(row, mapping->column);
		if (a.value == NULL)
			a.value = arena_copy(pass->row_arena, &missing, sizeof(missing));
		if (mapping->field != NULL)
			a.field = schema_field(schema, text_of(mapping->field));
		if (mapping->rule == IMPORT_KEY || key_value == NULL)
			key_value = a.value;
		apply(&a);
	}
	set_territory(pass, &draft);
	if (draft.broken)
		return;
	if (format->complete != NULL)
		format->complete(pass, &draft, &key);
	set_origin(&draft, key);
	id = id_imported(text_of(IMPORT_SOURCE), key);
	import_draft_finish(pass, &draft, &id, key_value);
	if (format->follow != NULL && !draft.broken && pass->status == STATUS_OK)
		format->follow(pass, &draft);
}

/* In a group a value that must be given is missed where it is missing, not where the group begins. */
static bool check_required(struct import_pass *pass, const struct import_row *row)
{
	struct import_draft draft = { .from = row };

	for (const struct import_mapping *mapping = pass->format->mappings; mapping->column != NULL; mapping++) {
		const struct import_value *value = import_row_find(row, mapping->column);
		if (mapping->required && value != NULL && import_value_is_empty(value))
			import_draft_refuse(pass, &draft, value, NULL, "is empty; it must be given");
	}
	return !draft.broken;
}

static void gather(struct import_pass *pass, const struct import_row *row)
{
	struct import_draft draft = { .from = row };

	switch (import_group_add(&pass->group, row)) {
	case IMPORT_GROUP_ADDED:
		return;
	case IMPORT_GROUP_REPEATED:
		import_notes_add(&pass->report->skipped, pass->arena, text_of(IMPORT_REPEATED), row->line, 1);
		return;
	case IMPORT_GROUP_FULL:
		import_draft_refuse(pass, &draft, import_row_find(row, pass->format->group), NULL,
			"too many rows have this same text: at most 100 rows, and 1 MiB, become one record");
		return;
	}
}

void import_format_row(struct import_pass *pass, const struct import_row *row)
{
	const char *group = pass->format->group;

	if (group == NULL) {
		take_record(pass, row);
		return;
	}
	if (!check_required(pass, row))
		return;
	if (!import_group_takes(&pass->group, group, row))
		import_format_end(pass);
	gather(pass, row);
}

void import_format_end(struct import_pass *pass)
{
	struct import_row row;

	if (pass->group.count == 0)
		return;
	row = import_group_row(&pass->group, pass->format->group, pass->row_arena);
	take_record(pass, &row);
	import_group_clear(&pass->group);
}
