/* The files that are imported in earnest: the real data when it is there, and the example organisation. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/kb_article.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/work_order.h"
#include "protocol/wire/chain.h"
#include "server/import_keys.h"
#include "tests/unit/server/import_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define FILES_MAX 64

/* The path of a real file, or NULL after saying that it is not there: with TAP, meson takes skip() of cmocka for a failure. */
static const char *real_file(struct arena *arena, const char *name)
{
	const char *folder = getenv("TRUCKROLL_DATA");
	const char *path;

	if (folder == NULL || *folder == '\0')
		folder = SOURCE_ROOT "/../shared/data";
	path = arena_print(arena, "%s/%s", folder, name).data;
	if (access(path, R_OK) == 0)
		return path;
	print_message("# %s is not there: skipped\n", name);
	return NULL;
}

static void assert_same(const struct import_run *one, const struct import_run *two)
{
	assert_int_equal(one->taken.count, two->taken.count);
	for (size_t i = 0; i < one->taken.count; i++) {
		const struct operation *left = one->taken.operations[i], *right = two->taken.operations[i];
		assert_true(id_equal(&left->head.subject, &right->head.subject));
		assert_true(row_equal(schema_find(left->head.record), left->arguments, right->arguments));
	}
}

/* Where a record keeps its source's name for it, that gives its id. */
static void assert_origin(const struct operation *operation)
{
	const struct schema *schema = schema_find(operation->head.record);
	const struct field *source = schema_field(schema, text_of("source"));
	const struct field *source_id = schema_field(schema, text_of("source_id"));
	struct id id;

	if (source == NULL || source_id == NULL)
		return;
	id = id_imported(*(const struct text *)field_at(source, operation->arguments),
		*(const struct text *)field_at(source_id, operation->arguments));
	assert_true(id_equal(&id, &operation->head.subject));
}

static const struct real {
	const char *name;
	int64_t rows;
	enum record_kind record;
	int64_t records;
	int64_t operations;
} reals[] = {
	{ "work_orders_excavator.csv", 5485, RECORD_WORK_ORDER, 5485, 9683 }, /* with what 4191 cost, 5 machines, account and site */
	{ "work_orders_aviation.csv", 6169, RECORD_WORK_ORDER, 6169, 6171 },
	{ "part_replacements.csv", 3286, RECORD_WORK_ORDER, 3286, 6578 }, /* with as many movements, 4 parts, account and site */
	{ "failure_events.csv", 761, RECORD_WORK_ORDER, 761, 763 },
	{ "service_requests_311.csv", 1000, RECORD_SERVICE_REQUEST, 1000, 1067 },
	{ "troubleshooting_en.csv", 50, RECORD_KB_ARTICLE, 8, 8 },
	{ "assets.csv", 105, RECORD_ASSET, 105, 109 },
	{ "parts_catalogue.csv", 307, RECORD_PART, 306, 306 },
	{ "kb_articles_en.jsonl.gz", 2534, RECORD_KB_ARTICLE, 2534, 2534 },
	{ "kb_articles_zh.jsonl.gz", 2288, RECORD_KB_ARTICLE, 2288, 2288 },
};

static void real_files_are_taken_whole_and_twice_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(reals); i++) {
		struct import_run one = { .options = { .territory_id = import_test_territory } }, two = one;
		const char *path = real_file(&one.taken.arena, reals[i].name);

		if (path != NULL) {
			import_run(&one, path);
			import_run(&two, path);
			assert_int_equal(one.status, STATUS_OK);
			assert_int_equal(one.report.rows, reals[i].rows);
			assert_int_equal(one.report.records[reals[i].record], reals[i].records);
			assert_int_equal(one.report.operations, reals[i].operations);
			assert_int_equal((int64_t)one.taken.count, reals[i].operations);
			assert_same(&one, &two);
			for (size_t k = 0; k < one.taken.count; k++)
				assert_origin(one.taken.operations[k]);
		}
		import_run_finish(&one);
		import_run_finish(&two);
	}
}

static void historic_orders_are_closed_and_imported(void **state)
{
	struct import_run run = { .options = { .territory_id = import_test_territory } };
	const char *path = real_file(&run.taken.arena, "work_orders_excavator.csv");

	(void)state;
	if (path != NULL) {
		import_run(&run, path);
		for (size_t i = 0; i < run.taken.count; i++) {
			const struct work_order *order = import_run_row(&run, i);
			if (run.taken.operations[i]->head.record != RECORD_WORK_ORDER)
				continue;
			assert_true(order->closed_at_ms > 0);
			assert_true(text_equals(order->source, "imported"));
			assert_false(id_is_nil(&order->asset_id));
		}
		assert_int_equal(run.report.ignored.count, 1);
		assert_true(text_equals(run.report.ignored.items[0].text, "running_time"));
		assert_int_equal(run.report.ignored.items[0].count, 5328);
	}
	import_run_finish(&run);
}

/* Whichever of the two files comes first, the second one changes nothing that both bring. */
static void assert_meet(const char *one, const char *two, size_t expected)
{
	struct import_run left = { .options = { .territory_id = import_test_territory } }, right = left;
	const char *left_path = real_file(&left.taken.arena, one);
	const char *right_path = real_file(&right.taken.arena, two);
	size_t met = 0;

	if (left_path != NULL && right_path != NULL) {
		import_run(&left, left_path);
		import_run(&right, right_path);
		for (size_t i = 0; i < left.taken.count; i++)
			for (size_t k = 0; k < right.taken.count; k++) {
				const struct operation *a = left.taken.operations[i], *b = right.taken.operations[k];
				if (!id_equal(&a->head.subject, &b->head.subject))
					continue;
				met++;
				assert_int_equal(a->head.record, b->head.record);
				assert_true(row_equal(schema_find(a->head.record), a->arguments, b->arguments));
			}
		assert_int_equal(met, expected);
	}
	import_run_finish(&left);
	import_run_finish(&right);
}

static void machines_are_the_same_in_assets_and_work_orders(void **state)
{
	(void)state;
	assert_meet("work_orders_excavator.csv", "assets.csv", 7); /* five machines, their account and site */
}

static void a_failure_and_its_replacement_are_one_order(void **state)
{
	(void)state;
	assert_meet("failure_events.csv", "part_replacements.csv", 743 + 2);
	assert_meet("failure_events.csv", "assets.csv", 2);
}

static void guides_have_numbered_steps_and_their_address(void **state)
{
	struct import_run run = { .options = { .dry_run = false } };
	const char *path = real_file(&run.taken.arena, "kb_articles_en.jsonl.gz");

	(void)state;
	if (path != NULL) {
		import_run(&run, path);
		for (size_t i = 0; i < run.taken.count; i++) {
			const struct kb_article *article = import_run_row(&run, i);
			char *body = strndup(article->body.data, article->body.size);
			assert_non_null(body);
			assert_memory_equal(body, "1. ", 3);
			assert_non_null(strstr(body, "\nSource: https://"));
			free(body);
		}
		assert_int_equal(run.report.warnings.count, 0);
	}
	import_run_finish(&run);
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The files of the example organisation in the order of their names. */
static size_t example_files(struct arena *arena, const char *paths[FILES_MAX])
{
	DIR *folder = opendir(SOURCE_ROOT "/example");
	size_t count = 0;

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL && count < FILES_MAX; entry = readdir(folder))
		if (strstr(entry->d_name, ".csv") != NULL)
			paths[count++] = arena_print(arena, "%s/example/%s", SOURCE_ROOT, entry->d_name).data;
	closedir(folder);
	qsort(paths, count, sizeof(*paths), by_name);
	return count;
}

/* Everything a record refers to was there before it: in the order of the files nothing waits. */
static void assert_references(const struct import_keys *known, const struct operation *operation)
{
	const struct schema *schema = schema_find(operation->head.record);

	for (size_t i = 1; i < schema->field_count; i++) {
		const struct id *id = field_at(&schema->fields[i], operation->arguments);
		if (schema->fields[i].kind != FIELD_ID || id_is_nil(id) || location_is_virtual(id))
			continue;
		if (!import_keys_has(known, id))
			print_error("%s.%s is not there\n", schema->name, schema->fields[i].name);
		assert_true(import_keys_has(known, id));
	}
}

static void the_example_imports_cleanly_dry_and_twice(void **state)
{
	struct arena arena = { .newest = NULL };
	const char *paths[FILES_MAX];
	size_t count = example_files(&arena, paths);
	struct import_keys known = { .slots = NULL };
	int64_t records[RECORD_KIND_MAX + 1] = { 0 };
	enum import_key_use use;
	int64_t line;

	(void)state;
	assert_true(count >= 12);
	for (size_t i = 0; i < count; i++) {
		struct import_run dry = { .options = { .dry_run = true } }, one = { .status = STATUS_OK }, two = one;

		import_run(&dry, paths[i]);
		import_run(&one, paths[i]);
		import_run(&two, paths[i]);
		if (one.status != STATUS_OK)
			print_error("%s\n", fail_reason());
		assert_int_equal(dry.status, STATUS_OK);
		assert_int_equal(one.status, STATUS_OK);
		assert_int_equal(dry.report.operations, one.report.operations);
		assert_int_equal(one.report.warnings.count + one.report.skipped.count + one.report.ignored.count, 0);
		assert_same(&one, &two);
		for (size_t k = 0; k < one.taken.count; k++) {
			const struct operation *operation = one.taken.operations[k];
			assert_references(&known, operation);
			assert_int_equal(import_keys_add(&known, &operation->head.subject, 0, 1, &use, &line), STATUS_OK);
			assert_int_equal(use, IMPORT_KEY_NEW);
			records[operation->head.record]++;
		}
		import_run_finish(&dry);
		import_run_finish(&one);
		import_run_finish(&two);
	}
	assert_int_equal(records[RECORD_TERRITORY], 3);
	assert_int_equal(records[RECORD_TECHNICIAN], 12);
	assert_int_equal(records[RECORD_SITE], 40);
	assert_true(records[RECORD_ASSET] >= 280 && records[RECORD_PART] >= 150 && records[RECORD_KB_ARTICLE] >= 60);
	assert_int_equal(records[RECORD_WORK_ORDER], 245);
	import_keys_finish(&known);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_files_are_taken_whole_and_twice_the_same),
		cmocka_unit_test(historic_orders_are_closed_and_imported),
		cmocka_unit_test(machines_are_the_same_in_assets_and_work_orders),
		cmocka_unit_test(a_failure_and_its_replacement_are_one_order),
		cmocka_unit_test(guides_have_numbered_steps_and_their_address),
		cmocka_unit_test(the_example_imports_cleanly_dry_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
