#include "server/jsonl.h"

#include <stdio.h>
#include <string.h>

#include "server/csv.h"

struct jsonl {
	struct import_input *input;
	char *text; /* IMPORT_LINE_MAX */
	size_t size;
	int64_t line; /* of the last row */
	json_t *object;
	char problem[JSON_ERROR_TEXT_LENGTH + 32];
	bool done;
};

struct jsonl *jsonl_create(struct arena *arena, struct import_input *input)
{
	struct jsonl *jsonl = arena_allocate(arena, sizeof(*jsonl));

	jsonl->input = input;
	jsonl->text = arena_allocate(arena, IMPORT_LINE_MAX);
	csv_skip_mark(input);
	return jsonl;
}

static void drop_object(struct jsonl *jsonl)
{
	json_decref(jsonl->object);
	jsonl->object = NULL;
}

void jsonl_finish(struct jsonl *jsonl)
{
	if (jsonl != NULL)
		drop_object(jsonl);
}

/* False when the line is longer than IMPORT_LINE_MAX. */
static bool read_line(struct jsonl *jsonl)
{
	jsonl->size = 0;
	jsonl->line++;
	for (;;) {
		struct bytes ahead = import_input_ahead(jsonl->input, IMPORT_LINE_MAX);
		const uint8_t *end = ahead.size == 0 ? NULL : memchr(ahead.data, '\n', ahead.size);
		size_t size = end == NULL ? ahead.size : (size_t)(end - ahead.data);

		if (size > IMPORT_LINE_MAX - jsonl->size)
			return false;
		if (size > 0)
			memcpy(jsonl->text + jsonl->size, ahead.data, size);
		jsonl->size += size;
		import_input_skip(jsonl->input, end == NULL ? size : size + 1);
		if (end != NULL || ahead.size == 0)
			return true;
	}
}

static void parse_line(struct jsonl *jsonl, struct jsonl_row *out_row)
{
	json_error_t error;

	jsonl->object = json_loadb(jsonl->text, jsonl->size, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(jsonl->object)) {
		out_row->object = jsonl->object;
		return;
	}
	if (jsonl->object == NULL) {
		snprintf(jsonl->problem, sizeof(jsonl->problem), "not a JSON object: %s", error.text);
		out_row->column = error.position > 0 ? error.position : 1;
	} else {
		snprintf(jsonl->problem, sizeof(jsonl->problem), "each line must be one JSON object, such as {\"id\": \"1\"}");
	}
	out_row->problem = text_of(jsonl->problem);
}

bool jsonl_next(struct jsonl *jsonl, struct jsonl_row *out_row)
{
	drop_object(jsonl);
	while (!jsonl->done && import_input_peek(jsonl->input) != IMPORT_INPUT_END) {
		jsonl->done = !read_line(jsonl);
		/* A file that stops unpacking in the middle of a line has no such line. */
		if (import_input_status(jsonl->input) != STATUS_OK)
			return false;
		*out_row = (struct jsonl_row){ .line = jsonl->line, .column = 1 };
		out_row->text = text_trim((struct text){ .data = jsonl->text, .size = jsonl->size });
		if (jsonl->done) {
			out_row->problem = text_of("the line is longer than 1 MiB");
			return true;
		}
		if (out_row->text.size == 0)
			continue;
		parse_line(jsonl, out_row);
		return true;
	}
	return false;
}
