/* docs/records.md out of the field tables: records_page RECORDS.MD. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/domain/operation.h"
#include "protocol/domain/revision.h"
#include "tests/golden/document.h"

#define DESK (ROLE_DISPATCHER | ROLE_SUPERVISOR)

/* What a record is. One row a kind. */
static const struct {
	enum record_kind kind;
	const char *sentence;
} sentences[] = {
	/* clang-format off */
	{ RECORD_TERRITORY,       "A part of the country that is served by its own people." },
	{ RECORD_TECHNICIAN,      "Who does the work." },
	{ RECORD_PART,            "An entry of the parts catalogue." },
	{ RECORD_STOCK_LOCATION,  "Where parts are: a van or a depot." },
	{ RECORD_ACCOUNT,         "A customer." },
	{ RECORD_SITE,            "Where a customer's equipment stands." },
	{ RECORD_ASSET,           "A piece of equipment." },
	{ RECORD_SERVICE_REQUEST, "What a customer asked for, before anybody decided what to do." },
	{ RECORD_WORK_ORDER,      "What is to be done at a site; carried out in visits." },
	{ RECORD_VISIT,           "One technician's appointment for a work order." },
	{ RECORD_NOTE,            "A remark on a work order; never changed." },
	{ RECORD_MOVEMENT,        "Parts going from one place to another; never changed, corrected by its reverse." },
	{ RECORD_BALANCE,         "How much of a part is at a place: the sum of its movements." },
	{ RECORD_KB_ARTICLE,      "Knowledge: a repair guide or a known fault with its fix." },
	{ RECORD_DEVICE,          "A technician's device, as everybody in the office may see it; its keys are not here." },
	{ RECORD_OPERATION,       "What became of an operation that was not plainly applied. It has the operation's id." },
	{ RECORD_ISSUE,           "Something for a person: two edits that collided, or a fact that did not fit." },
	{ RECORD_CONTACT,         "A person at a customer." },
	{ RECORD_TASK,            "One point of a work order's checklist." },
	{ RECORD_TASK_ANSWER,     "What a technician answered to a task; never changed, corrected by another answer." },
	{ RECORD_TIME_ENTRY,      "Time a technician spent, told or taken from the commands that moved a visit; never changed." },
	{ RECORD_ATTACHMENT,      "What is known of a photo, a signature or a document; the file itself travels apart." },
	{ RECORD_METER,           "What is read on an asset, with what it showed last." },
	{ RECORD_READING,         "What a meter showed; never changed, corrected by another reading." },
	{ RECORD_TERRITORY_GRANT, "A territory that a technician serves beside the home one." },
	{ RECORD_SITE_ACCESS,     "How to get into a site and what waits there; only for who has a job on it." },
	{ RECORD_WORK_ORDER_COST, "What a work order cost; for the office alone." },
	/* clang-format on */
};

static const char *sentence_of(enum record_kind kind)
{
	for (size_t i = 0; i < LENGTH(sentences); i++)
		if (sentences[i].kind == kind)
			return sentences[i].sentence;
	assert(false && "every record has a sentence");
	return "";
}

static const char *scope_name(enum scope_kind scope)
{
	static const char *const names[] = { "none", "`org.all`", "`org.staff`", "`territory`", "`tech`", "`depot`", "`device`", "`job`" };

	return names[scope];
}

static void print_choices(FILE *out, const struct choice *choices)
{
	for (size_t i = 0; choices[i].name != NULL; i++) {
		fprintf(out, "%s%" PRIu32 " %s", i == 0 ? "one of: " : ", ", choices[i].number, choices[i].name);
		if (choice_since(choices, choices[i].number) > 0)
			fprintf(out, " (since %" PRIu32 ")", choice_since(choices, choices[i].number));
	}
}

static void print_type(FILE *out, const struct field *field)
{
	const struct schema *refers = field->refers == RECORD_NONE ? NULL : schema_find(field->refers);

	switch (field->kind) {
	case FIELD_ID:
		fprintf(out, refers == NULL ? "id" : "id of `%s`", refers == NULL ? "" : refers->name);
		return;
	case FIELD_TEXT:
		fprintf(out, "text, at most %" PRId64 " bytes", field->max);
		return;
	case FIELD_INTEGER:
		if (field->max == INT64_MAX)
			fprintf(out, "integer, from %" PRId64, field->min);
		else
			fprintf(out, "integer, %" PRId64 " to %" PRId64, field->min, field->max);
		return;
	case FIELD_TIME:
		fputs("time", out);
		return;
	case FIELD_CHOICE:
		if (field->choices == record_kind_names)
			fputs("number of a record kind", out);
		else
			print_choices(out, field->choices);
		return;
	case FIELD_BOOLEAN:
		fputs("yes or no", out);
		return;
	}
}

static void print_editors(FILE *out, enum record_kind kind, const struct field *field)
{
	if (!edit_allowed(ROLE_DISPATCHER, kind, field))
		fputs("–", out);
	else
		fprintf(out, "office%s; %s", edit_allowed(ROLE_TECHNICIAN, kind, field) ? ", technician" : "",
			field->merge == MERGE_SERVER_WINS ? "what stands wins" : "the later wins");
}

static void print_marks(FILE *out, const struct field *field)
{
	static const char *const separators[] = { "", ", " };
	const char *const marks[] = { field->required ? "required" : NULL, field->derived ? "computed" : NULL,
		field->personal ? "personal" : NULL };
	bool first = true;

	for (size_t i = 0; i < LENGTH(marks); i++) {
		if (marks[i] == NULL)
			continue;
		fprintf(out, "%s%s", separators[!first], marks[i]);
		first = false;
	}
	if (field->since > SCHEMA_REVISION_PLAIN)
		fprintf(out, "%ssince revision %" PRIu32, separators[!first], field->since);
	if (field->retired > 0)
		fprintf(out, "%sretired in revision %" PRIu32, separators[!first], field->retired);
}

static void print_home(FILE *out, const struct schema *schema)
{
	fputs("Home: ", out);
	for (size_t i = 0; i < HOME_RULES_MAX && schema->homes[i].field != NULL; i++)
		fprintf(out, "%s %s `%s`, else ", scope_name(schema->homes[i].scope),
			schema_field(schema, text_of(schema->homes[i].field))->kind == FIELD_ID ? "of" : "when", schema->homes[i].field);
	fprintf(out, "%s.", scope_name(schema->home_otherwise));
	if (schema->window.field != NULL)
		fprintf(out, " On devices for %" PRId64 " days from `%s`.", schema->window.days, schema->window.field);
	for (size_t i = 0; i < INDEXES_MAX && schema->indexes[i].field != NULL; i++)
		fprintf(out, "%s`%s`", i == 0 ? " Found by id and by " : ", ", schema->indexes[i].field);
	fputs(schema->indexes[0].field != NULL ? ".\n" : "\n", out);
}

static void print_creators(FILE *out, const struct schema *schema)
{
	bool first = true;

	for (const struct choice *role = role_names; role->name != NULL; role++) {
		if (role->number == 0 || !create_allowed(role->number, schema->kind))
			continue;
		fprintf(out, "%s%s", first ? "CREATE by: " : ", ", role->name);
		first = false;
	}
	fputs(first ? "Written by handlers only.\n\n" : ".\n\n", out);
}

static void print_record(FILE *out, const struct schema *schema)
{
	fprintf(out, "\n### %s (%d)\n\n%s\n", schema->name, (int)schema->kind, sentence_of(schema->kind));
	print_home(out, schema);
	print_creators(out, schema);
	fputs("| tag | field | holds | EDIT by | |\n|---|---|---|---|---|\n", out);
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		fprintf(out, "| %" PRIu32 " | `%s` | ", field->tag, field->name);
		print_type(out, field);
		fputs(" | ", out);
		print_editors(out, schema->kind, field);
		fputs(" | ", out);
		print_marks(out, field);
		fputs(" |\n", out);
	}
}

static const char *who(uint32_t roles)
{
	static const struct {
		uint32_t roles;
		const char *words;
	} rows[] = { { ROLE_TECHNICIAN, "technician" }, { DESK, "dispatcher, supervisor" }, { DESK | ROLE_SYSTEM, "office" },
		{ DESK | ROLE_TECHNICIAN, "technician, dispatcher, supervisor" },
		{ DESK | ROLE_TECHNICIAN | ROLE_IMPORT | ROLE_SYSTEM, "everyone, as said at the record" } };

	for (size_t i = 0; i < LENGTH(rows); i++)
		if (rows[i].roles == roles)
			return rows[i].words;
	assert(false && "every set of roles has words");
	return "";
}

static void print_arguments(FILE *out, const struct schema *schema)
{
	bool first = true;

	for (size_t i = 0; schema != NULL && i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if (field->tag == 1)
			continue;
		fprintf(out, "%s%" PRIu32 " `%s` (", first ? "" : "; ", field->tag, field->name);
		print_type(out, field);
		fprintf(out, "%s)", field->required ? ", required" : "");
		first = false;
	}
}

static void print_operations(FILE *out)
{
	static const char *const sorts[] = { "FACT", "CREATE", "EDIT", "CLAIM" };

	fputs("\n## Operations\n\n"
	      "One command is one operation. A FACT, CREATE or EDIT is never refused because the state moved on; a CLAIM may be.\n"
	      "The office is the dispatcher, the supervisor and the server itself.\n\n"
	      "| number | operation | sort | about | by | arguments (tag, name) |\n|---|---|---|---|---|---|\n",
		out);
	for (int kind = OPERATION_NONE + 1; kind < OPERATION_KIND_COUNT; kind++) {
		const struct operation_row *row = operation_find((enum operation_kind)kind);
		bool any_record = row->subject == RECORD_NONE;
		fprintf(out, "| %d | `%s` | %s | %s | %s | ", kind, row->name, sorts[row->sort],
			any_record ? "any record" : schema_find(row->subject)->name, who(row->roles));
		if (row->kind == OPERATION_CREATE)
			fputs("the new record", out);
		else if (row->kind == OPERATION_EDIT)
			fputs("fields with the values seen and the new ones", out);
		else
			print_arguments(out, row->arguments);
		fputs(" |\n", out);
	}
	fputs("\nEvery operation also has a head:\n\n| tag | field | holds |\n|---|---|---|\n", out);
	for (size_t i = 0; i < operation_head_schema.field_count; i++) {
		const struct field *field = &operation_head_schema.fields[i];
		fprintf(out, "| %" PRIu32 " | `%s` | ", field->tag, field->name);
		print_type(out, field);
		fputs(" |\n", out);
	}
}

static void print_page(FILE *out)
{
	const struct schema *schema;

	fputs("# Records and operations\n\n"
	      "This page is printed from the field tables in `protocol/domain` (`tests/golden/records_page.c`); a test compares the\n"
	      "two. The same tables make the columns of the databases, the bytes on the wire and the JSON, under the same names. Tags\n"
	      "and numbers are permanent.\n\n"
	      "* A field that is empty, 0, nil or \"no\" is its default and takes no space. Times are milliseconds since 1970 UTC;\n"
	      "  0 means not set, the end of the year 9999 is the last.\n"
	      "* *EDIT by* says who may change a field, and who wins when somebody else changed it meanwhile. Nobody's value is lost: an\n"
	      "  issue keeps what was seen, what was wanted and what stood there. \"–\" is never edited.\n"
	      "* *computed* fields are set by handlers only. *personal* ones never reach a log.\n"
	      "* *since* and *retired* name revisions of the schema ([protocol.md](protocol.md#revisions)). A retired field is\n"
	      "  kept as it is; only programs of earlier revisions still set it.\n"
	      "* *Home* is the scope a row lives in: whoever holds the scope holds the row ([architecture.md](architecture.md)).\n"
	      "  A fact that is older than it says here is *archived* when its order has been over for as long: the office alone\n"
	      "  keeps it.\n\n"
	      "## Records\n",
		out);
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
		print_record(out, schema);
	print_operations(out);
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int code;

	if (argc != 2 || out == NULL) {
		fprintf(stderr, "usage: records_page RECORDS.MD (UPDATE_GOLDEN=1 writes it)\n");
		return 2;
	}
	print_page(out);
	if (fclose(out) != 0)
		return 2;
	code = document_check(argv[1], NULL, NULL, text, size, "the_page_of_records_says_what_the_field_tables_say");
	free(text);
	return code;
}
