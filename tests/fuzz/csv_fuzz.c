/* Any bytes as a CSV file: rows of sound text, or a problem with its place. */
#include <stdlib.h>

#include "server/csv.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct csv *csv = csv_create(&arena, import_input_of(&arena, (struct bytes){ data, size }));
	struct csv_row row;
	size_t cells = 0;
	bool last = false;

	while (csv_next(csv, &row)) {
		if (last || row.count > CSV_CELLS_MAX || (row.problem.reason == NULL && row.count == 0))
			abort();
		if (row.problem.reason != NULL && (row.problem.line < 1 || row.problem.column < 1))
			abort();
		for (size_t i = 0; row.problem.reason == NULL && i < row.count; i++)
			if (!text_valid(row.cells[i].text) || row.cells[i].line < row.line)
				abort();
		last = row.problem.last;
		cells += row.count;
	}
	if (cells > size + 1)
		abort();
	arena_finish(&arena);
	return 0;
}
