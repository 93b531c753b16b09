/* Any bytes as JSON lines: objects whose values can be named and placed, or a problem. */
#include <stdlib.h>

#include "server/import_row.h"
#include "server/jsonl.h"
#include "tests/fuzz/target.h"

static void look_at(struct arena *arena, const struct jsonl_row *line)
{
	struct import_row row = import_row_of_object(arena, line->object, line->text, line->line);

	for (size_t i = 0; i < row.count; i++) {
		int64_t column = import_value_column(&row, &row.values[i]);
		if (column < 1 || column > (int64_t)line->text.size || !text_valid(row.values[i].text))
			abort();
		if (import_row_find(&row, row.values[i].name.data) != &row.values[i])
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct jsonl *jsonl = jsonl_create(&arena, import_input_of(&arena, (struct bytes){ data, size }));
	struct jsonl_row row;

	while (jsonl_next(jsonl, &row)) {
		if ((row.object == NULL) == (row.problem.size == 0) || row.line < 1 || row.column < 1)
			abort();
		if (row.object != NULL)
			look_at(&arena, &row);
	}
	jsonl_finish(jsonl);
	arena_finish(&arena);
	return 0;
}
