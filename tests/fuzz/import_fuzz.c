/* Any bytes as a file to import, of whatever form: operations that the rules can decide on, as many as were reported, or a report of what
 * is wrong, with its place; the same file twice gives the same operations. */
#include <stdio.h>
#include <stdlib.h>

#include "protocol/wire/operation_codec.h"
#include "server/import.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/target.h"

struct seen {
	int64_t count;
	uint64_t sum;
};

/* What one reading handed out, and the other. */
struct readings {
	struct seen checked;
	struct seen taken;
};

static void see(struct seen *seen, const struct operation *operation)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, OPERATION_SIZE_MAX);

	insist(operation_validate(operation) == STATUS_OK && !id_is_nil(&operation->head.subject));
	operation_encode(&writer, operation);
	insist(!writer.overflow);
	for (size_t i = 0; i < writer.size; i++)
		seen->sum = seen->sum * 31 + writer.data[i];
	seen->count++;
	arena_finish(&arena);
}

static enum status check(void *context, const struct operation *operation)
{
	see(&((struct readings *)context)->checked, operation);
	return STATUS_OK;
}

static enum status take(void *context, const struct operation *operation)
{
	see(&((struct readings *)context)->taken, operation);
	return STATUS_OK;
}

static enum status import_once(const char *path, struct readings *readings)
{
	const struct import_sinks sinks = { .check = check, .take = take, .context = readings };
	const struct import_options options = { .path = path, .territory_id = { { 7 } }, .at_ms = INT64_C(1767600000000) };
	struct arena arena = { 0 };
	struct import_report report;
	enum status status = import_file(&options, &arena, &sinks, &report);

	insist(status == STATUS_OK || readings->taken.count == 0);
	insist(status != STATUS_OK || (report.error_count == 0 && report.operations == readings->taken.count));
	insist(status != STATUS_OK || (readings->checked.count == readings->taken.count && readings->checked.sum == readings->taken.sum));
	arena_finish(&arena);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct readings first = { 0 }, second = { 0 };
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/rows", scratch_file_dir());
	scratch_file_write("rows", (struct bytes){ data, size });
	if (import_once(path, &first) == STATUS_OK)
		insist(import_once(path, &second) == STATUS_OK && memcmp(&first, &second, sizeof(first)) == 0);
	return 0;
}
