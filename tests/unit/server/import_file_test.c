#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "protocol/domain/movement.h"
#include "protocol/domain/site.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/work_order.h"
#include "protocol/domain/work_order_cost.h"
#include "protocol/wire/chain.h"
#include "shell/catalogue.h"
#include "tests/unit/server/import_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define PARTS_HEADER    "record=part,key,number,description\n"
#define MOVEMENT_HEADER "record=movement;key;part_id;quantity;from_location_id;to_location_id\n"
#define ORDER_HEADER    "wo_id,asset_id,date,raw_text,wo_type,cost\n"

/* Imports `content` under `name`; the caller finishes the run. */
static void import_text(struct import_run *run, const char *name, const char *content)
{
	const char *path = import_test_file(&run->taken.arena, name, text_of(content));

	import_run(run, path);
	import_test_remove(path);
}

/* The only error, without the folder of the temporary file. */
static void assert_error(const struct import_run *run, size_t k, const char *expected)
{
	char error[REASON_SIZE + 300];
	const char *base;

	assert_int_equal(run->status, STATUS_INVALID);
	assert_int_equal(run->taken.count, 0);
	assert_true((int64_t)k < run->report.error_count);
	snprintf(error, sizeof(error), "%.*s", TEXT_ARGUMENTS(run->report.errors[k]));
	base = strrchr(error, '/');
	assert_non_null(base);
	assert_string_equal(base + 1, expected);
}

static void refuse_text(const char *name, const char *content, const char *expected)
{
	struct import_run run = { .options = { .territory_id = import_test_territory } };

	import_text(&run, name, content);
	assert_error(&run, 0, expected);
	assert_int_equal(run.report.error_count, 1);
	import_run_finish(&run);
}

static void one_bad_line_in_the_middle_yields_no_operation_at_all(void **state)
{
	(void)state;
	refuse_text("stock.csv", MOVEMENT_HEADER ";a;p1;4;vendor;d1\n;b;p1;abc;vendor;d1\n;c;p1;5;vendor;d1\n",
		"stock.csv:3:4: quantity: \"abc\" is not a whole number");
}

static void each_kind_of_error_names_file_line_column_and_reason(void **state)
{
	(void)state;
	refuse_text("a.csv", PARTS_HEADER ",k,,x\n", "a.csv:2:3: number: part.number is required");
	refuse_text("b.csv", PARTS_HEADER ",,n,x\n", "b.csv:2:2: key: is empty; every row needs its own");
	refuse_text("c.csv", PARTS_HEADER ",k,n\n", "c.csv:2:3: the row has 3 cells, the header has 4");
	refuse_text("d.csv", PARTS_HEADER "site,k,n,x\n", "d.csv:2:1: the first cell must be empty or \"part\", as in the header");
	refuse_text("e.csv", PARTS_HEADER ",k,n,\"two\nlines\"\n,l,\"open\n",
		"e.csv:4:3: a quoted cell that begins here is never closed: a quote is missing");
	refuse_text("f.csv", MOVEMENT_HEADER ";a;p;0;vendor;d\n", "f.csv:2:4: quantity: movement.quantity is required");
	refuse_text("g.csv", MOVEMENT_HEADER ";a;p;1;vendor;vendor\n",
		"g.csv:2:6: to_location_id: movement: it comes from where it goes to; name two places");
	refuse_text("h.csv", ORDER_HEADER "W1,E1,2024-02-30,text,PM01,5\n",
		"h.csv:2:3: date: \"2024-02-30\" is not a time such as 2024-05-31 or 2024-05-31T14:30:00+02:00, from 1970 on");
	refuse_text(
		"i.csv", ORDER_HEADER "W1,E1,2024-02-03,text,PM01,5.123\n", "i.csv:2:6: cost: \"5.123\" is not an amount such as 183.05");
	refuse_text("j.csv", ORDER_HEADER "W1,,2024-02-03,text,PM01,5\n", "j.csv:2:2: asset_id: is empty; it must be given");
	refuse_text("k.jsonl",
		"{\"id\":\"1\",\"lang\":\"en\",\"title\":\"t\",\"device\":\"d\",\"steps\":[]}\n"
		"{\"id\":\"2\", \"title\":[1],\"steps\":[]}\n",
		"k.jsonl:2:12: title: is a list or an object; it must be one value");
}

static void the_header_refuses_what_is_no_field(void **state)
{
	(void)state;
	refuse_text("a.csv", "record=part,key,numbr\n",
		"a.csv:1:3: \"numbr\" is not a field of part; write key or one of: number, "
		"description, unit, type, assembly");
	refuse_text("b.csv", "record=part,number\n",
		"b.csv:1:1: there is no column \"key\": it names each row, so that importing it twice changes nothing");
	refuse_text("c.csv", "record=work_order,key,state\n", "c.csv:1:3: state is computed; leave the column out");
	refuse_text("c2.csv", "record=work_order,key,cost_cents\n", "c2.csv:1:3: cost_cents is no longer in use; leave the column out");
	refuse_text("d.csv", "record=part,key,number,number\n", "d.csv:1:4: number is there twice");
	refuse_text("e.csv", "record=visit,key\n",
		"e.csv:1:1: record \"visit\" cannot be imported; these can: territory, technician, part, stock_location, account, "
		"site, asset, service_request, work_order, note, movement, kb_article, contact, task, meter, reading, "
		"territory_grant, site_access, work_order_cost");
}

static void an_unknown_file_is_told_the_known_forms(void **state)
{
	struct import_run run = { .options = { .dry_run = true } };

	(void)state;
	import_text(&run, "x.csv", "first name,last name\na,b\n");
	assert_int_equal(run.status, STATUS_INVALID);
	assert_non_null(strstr(fail_reason(), "x.csv:1:1: the column names fit no known form"));
	assert_non_null(strstr(fail_reason(), "work orders of excavators"));
	assert_non_null(strstr(fail_reason(), "record=site"));
	import_run_finish(&run);
	(void)catalogue_speak(LANGUAGE_ZH);
	import_text(&run, "x.csv", "first name,last name\na,b\n");
	(void)catalogue_speak(LANGUAGE_EN);
	assert_non_null(strstr(fail_reason(), "列名不符合任何已知格式"));
	assert_non_null(strstr(fail_reason(), "挖掘机工单（CSV）"));
	assert_null(strstr(fail_reason(), "excavators"));
	import_run_finish(&run);
	refuse_text("empty.csv", "", "empty.csv:1:1: the file is empty: it needs a header row, or JSON objects, one a line");
	refuse_text("wide.csv",
		"\xff\xfe"
		"a",
		"wide.csv:1:1: the file is UTF-16 text: save it as UTF-8");
}

static void a_file_about_places_needs_a_territory(void **state)
{
	struct import_run run = { .options = { .dry_run = false } };

	(void)state;
	import_text(&run, "o.csv", ORDER_HEADER "W1,E1,2024-02-03,text,PM01,5\n");
	assert_error(&run, 0, "o.csv:1:1: the file names no territory: say with --territory which one its records belong to");
	import_run_finish(&run);
}

static void at_most_twenty_errors_are_kept(void **state)
{
	struct import_run run = { .options = { .dry_run = true } };
	char text[2000] = PARTS_HEADER;

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(text, ",k,,x\n");
	import_text(&run, "p.csv", text);
	assert_int_equal(run.report.error_count, IMPORT_ERRORS_MAX);
	assert_error(&run, IMPORT_ERRORS_MAX - 1, "p.csv:21:3: number: part.number is required");
	import_run_finish(&run);
}

static void a_repeated_row_is_skipped_and_a_contradiction_is_refused(void **state)
{
	struct import_run run = { .options = { .dry_run = false } };

	(void)state;
	import_text(&run, "p.csv", PARTS_HEADER ",k,n,x\n,l,n,x\n,k,n,x\n");
	assert_int_equal(run.status, STATUS_OK);
	assert_int_equal(run.taken.count, 2);
	assert_int_equal(run.report.rows, 3);
	assert_int_equal(run.report.skipped.count, 1);
	assert_int_equal(run.report.skipped.items[0].line, 4);
	import_run_finish(&run);
	refuse_text("q1.csv", ORDER_HEADER "W1,E1,2024-02-03,text,PM01,5.5\nW1,E1,2024-02-03,text,PM01,7\n",
		"q1.csv:3:1: wo_id: line 2 has the same key with other values");
	refuse_text("q2.csv", ORDER_HEADER "W1,E1,2024-02-03,text,PM01,\nW1,E1,2024-02-03,text,PM01,7\n",
		"q2.csv:3:1: wo_id: line 2 has the same key with other values");
	refuse_text("q.csv", PARTS_HEADER ",k,n,x\n,k,n,y\n", "q.csv:3:2: key: line 2 has the same key with other values");
}

static void references_meet_keys_and_kinds_keep_apart(void **state)
{
	struct text source = text_of(IMPORT_SOURCE), hex = text_of("00112233445566778899aabbccddeeff");
	struct import_run run = { .options = { .territory_id = import_test_territory } };
	struct id account = import_id(source, RECORD_ACCOUNT, text_of("1")), site = import_id(source, RECORD_SITE, text_of("1"));
	const struct site *row;
	struct id id;

	(void)state;
	import_text(&run, "s.csv",
		"record=site,key,account_id,territory_id,name\nsite,1,1,00112233445566778899aabbccddeeff,Mill\n,2,1,,Hall\n");
	assert_int_equal(run.status, STATUS_OK);
	row = import_run_row(&run, 0);
	assert_true(id_equal(&row->account_id, &account));
	assert_true(id_equal(&run.taken.operations[0]->head.subject, &site));
	assert_false(id_equal(&account, &site));
	assert_int_equal(id_from_text(hex, &id), STATUS_OK);
	assert_true(id_equal(&row->territory_id, &id));
	row = import_run_row(&run, 1);
	assert_true(id_equal(&row->territory_id, &import_test_territory));
	id = import_id(source, RECORD_SITE, hex);
	assert_true(id_equal(&row[0].account_id, &account));
	assert_int_equal(id.bytes[1], 0x11);
	import_run_finish(&run);
}

static void a_source_of_another_name_has_other_ids(void **state)
{
	struct import_run one = { .options = { .source = text_of("ledger") } }, two = { .options = { .source = text_of("other") } };

	(void)state;
	import_text(&one, "p.csv", PARTS_HEADER ",k,n,x\n");
	import_text(&two, "p.csv", PARTS_HEADER ",k,n,x\n");
	assert_false(id_equal(&one.taken.operations[0]->head.subject, &two.taken.operations[0]->head.subject));
	import_run_finish(&one);
	import_run_finish(&two);
}

static void places_that_are_everywhere_have_names(void **state)
{
	struct import_run run = { .options = { .dry_run = false } };
	const struct movement *movement;

	(void)state;
	import_text(&run, "m.csv", MOVEMENT_HEADER ";a;p;1;vendor;d\n");
	assert_int_equal(run.status, STATUS_OK);
	movement = import_run_row(&run, 0);
	assert_true(id_equal(&movement->from_location_id, &location_vendor));
	assert_false(location_is_virtual(&movement->to_location_id));
	import_run_finish(&run);
	refuse_text("l.csv", "record=stock_location,key,name\n,vendor,V\n",
		"l.csv:2:2: key: names a place that is everywhere and needs no row; choose another");
}

static void today_is_the_day_of_the_import(void **state)
{
	struct import_run run = { .options = { .territory_id = import_test_territory } };
	const struct work_order *order;

	(void)state;
	import_text(&run, "w.csv",
		"record=work_order,key,title,planned_start_at_ms,promised_to_at_ms,closed_at_ms\n,1,t,todayT09:30,today+2,today-31T23:"
		"00\n");
	assert_int_equal(run.status, STATUS_OK);
	order = import_run_row(&run, 0);
	assert_int_equal(order->planned_start_at_ms, INT64_C(1748683800000)); /* 2025-05-31T09:30Z */
	assert_int_equal(order->promised_to_at_ms, INT64_C(1748822400000));   /* 2025-06-02 */
	assert_int_equal(order->closed_at_ms, INT64_C(1746054000000));        /* 2025-04-30T23:00Z */
	import_run_finish(&run);
	refuse_text("v.csv", "record=work_order,key,title,planned_start_at_ms\n,1,t,today+x\n",
		"v.csv:2:4: planned_start_at_ms: \"2025-05-31x\" is not a time such as 2024-05-31 or 2024-05-31T14:30:00+02:00, from 1970 "
		"on");
}

static void operations_are_creates_by_the_import(void **state)
{
	struct import_run run = { .options = { .territory_id = import_test_territory } };
	const struct work_order_cost *cost;
	const struct operation *last;

	(void)state;
	import_text(&run, "o.csv", ORDER_HEADER "W1,E1,2024-02-03,text,PM01,5.5\nW2,E1,2024-02-04,more,PM02,-1\n");
	assert_int_equal(run.status, STATUS_OK);
	assert_int_equal(run.taken.count, 6);
	for (size_t i = 0; i < run.taken.count; i++)
		assert_int_equal(operation_validate(run.taken.operations[i]), STATUS_OK);
	cost = run.taken.operations[4]->arguments;
	assert_int_equal(cost->cost_cents, 550);
	assert_true(id_equal(&cost->work_order_id, row_id(import_run_row(&run, 3))));
	last = run.taken.operations[5];
	assert_int_equal(last->head.kind, OPERATION_CREATE);
	assert_int_equal(last->head.role, ROLE_IMPORT);
	assert_int_equal(last->head.record, RECORD_WORK_ORDER);
	assert_int_equal(((const struct work_order *)import_run_row(&run, 3))->cost_cents, 0);
	assert_int_equal(((const struct work_order *)last->arguments)->cost_cents, 0);
	assert_int_equal(run.report.warnings.count, 1);
	import_run_finish(&run);
}

static void a_dry_run_hands_nothing_out(void **state)
{
	struct import_run run = { .options = { .dry_run = true } };

	(void)state;
	import_text(&run, "p.csv", PARTS_HEADER ",k,n,x\n");
	assert_int_equal(run.status, STATUS_OK);
	assert_int_equal(run.taken.count, 0);
	assert_int_equal(run.report.operations, 1);
	assert_int_equal(run.report.records[RECORD_PART], 1);
	import_run_finish(&run);
}

static void a_store_that_refuses_stops_the_import(void **state)
{
	struct import_run run = { .taken = { .refuse_from = 2 } };

	(void)state;
	import_text(&run, "p.csv", PARTS_HEADER ",k,n,x\n,l,n,x\n,m,n,x\n");
	assert_int_equal(run.status, STATUS_CANNOT_WRITE);
	assert_int_equal(run.taken.count, 1);
	import_run_finish(&run);
}

static enum status miss_a_site(void *context, const struct operation *operation)
{
	int *calls = context;

	(void)operation;
	*calls += 1;
	return *calls == 1 ? STATUS_OK : fail(STATUS_NOT_FOUND, "site_id");
}

static void a_reference_that_the_store_misses_is_an_error_with_line_and_key(void **state)
{
	struct arena arena = { .newest = NULL };
	struct import_report report;
	int calls = 0;
	struct import_options options = { .at_ms = IMPORT_TEST_AT_MS };

	(void)state;
	options.path = import_test_file(&arena, "a.csv",
		text_of("record=asset,key,name,territory_id,site_id\n,k,n,north,s-1\n,l,n,north,s-2\n,m,n,north,s-3\n"));
	/* Whether it is found missing before anything is taken, or after all. */
	for (int when = 0; when < 2; when++) {
		struct import_sinks sinks = { .check = when == 0 ? miss_a_site : NULL, .take = miss_a_site, .context = &calls };
		calls = 0;
		assert_int_equal(import_file(&options, &arena, &sinks, &report), STATUS_INVALID);
		assert_int_equal(calls, 3);
	}
	assert_int_equal(report.error_count, 2);
	assert_non_null(strstr(report.errors[0].data, "a.csv:3:5: site_id: there is no site \"s-2\" here; import sites first"));
	assert_non_null(strstr(report.errors[1].data, "a.csv:4:5: site_id: there is no site \"s-3\""));
	import_test_remove(options.path);
	arena_finish(&arena);
}

static void change_the_file(void *context, int64_t done, int64_t total)
{
	(void)total;
	if (done > 0)
		import_test_write(context, text_of(PARTS_HEADER ",k,n,y\n"));
}

static void a_file_that_changes_between_the_readings_is_refused(void **state)
{
	struct import_run run = { .options = { .progress = change_the_file } };
	const char *path = import_test_file(&run.taken.arena, "p.csv", text_of(PARTS_HEADER ",k,n,x\n"));
	char name[256];

	(void)state;
	snprintf(name, sizeof(name), "%s", path);
	run.options.progress_context = name;
	import_run(&run, path);
	import_test_remove(path);
	assert_int_equal(run.status, STATUS_INVALID);
	assert_non_null(strstr(fail_reason(), "changed while it was being read"));
	import_run_finish(&run);
}

static const char *write_gzip(struct arena *arena, const char *name, const char *content, long cut)
{
	const char *path = import_test_file(arena, name, text_of(""));
	gzFile file = gzopen(path, "wb");
	char bytes[4096];
	size_t size;
	FILE *whole;

	assert_non_null(file);
	assert_int_equal(gzwrite(file, content, (unsigned)strlen(content)), (int)strlen(content));
	assert_int_equal(gzclose(file), Z_OK);
	whole = fopen(path, "rb");
	assert_non_null(whole);
	size = fread(bytes, 1, sizeof(bytes), whole);
	fclose(whole);
	import_test_write(path, (struct text){ .data = bytes, .size = size - (size_t)cut });
	return path;
}

static void gzip_is_told_by_its_bytes_and_a_cut_one_is_refused(void **state)
{
	static const long cuts[] = { 0, 3, 12 };

	(void)state;
	for (size_t i = 0; i < LENGTH(cuts); i++) {
		struct import_run run = { .options = { .dry_run = false } };
		const char *path = write_gzip(&run.taken.arena, "p.csv", PARTS_HEADER ",k,n,x\n,l,n,some more text\n", cuts[i]);

		import_run(&run, path);
		import_test_remove(path);
		assert_int_equal(run.status, cuts[i] == 0 ? STATUS_OK : STATUS_INVALID);
		assert_int_equal(run.taken.count, cuts[i] == 0 ? 2 : 0);
		if (cuts[i] > 0)
			assert_non_null(strstr(fail_reason(), "damaged or cut short"));
		import_run_finish(&run);
	}
}

static void what_is_not_a_file_is_refused(void **state)
{
	struct import_run run = { .options = { .dry_run = true } };

	(void)state;
	import_run(&run, "/tmp");
	assert_int_equal(run.status, STATUS_INVALID);
	import_run(&run, "/tmp/truckroll-there-is-no-such-file");
	assert_int_equal(run.status, STATUS_NOT_FOUND);
	import_run_finish(&run);
}

static void what_a_file_says_does_not_steer_the_terminal(void **state)
{
	(void)state;
	refuse_text("a.csv", MOVEMENT_HEADER ";a;p;\033[31m;vendor;d\n", "a.csv:2:4: quantity: \"?[31m\" is not a whole number");
}

static uint32_t chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

static const char *const good_files[] = {
	MOVEMENT_HEADER ";a;p;1;vendor;d\n;b;\"p\n2\";1;vendor;d\n",
	"record=work_order,key,title,planned_start_at_ms,type\n,1,t,today+3T09:30,install\n,2,u,2024-02-29,recall\n",
	ORDER_HEADER "W1,E1,2024-02-03,text,PM01,5.5\nW2,E1,2024-02-04,more,PM02,-1\n",
	"{\"id\":\"1\",\"lang\":\"en\",\"title\":\"t\",\"device\":\"d\",\"steps\":[\"a\",\"b\"],\"tools\":[\"c\"]}\n",
};

static void damaged_copies_of_a_good_file_are_taken_whole_or_not_at_all(void **state)
{
	static const char bytes[] = "\0\",;\n\r{}[]: \xff+-T9a";
	uint64_t seed = 77;
	int taken = 0;

	(void)state;
	for (int round = 0; round < 600; round++) {
		struct import_run run = { .options = { .territory_id = import_test_territory } };
		char text[300];
		size_t size = strlen(good_files[round % LENGTH(good_files)]);
		const char *path;

		memcpy(text, good_files[round % LENGTH(good_files)], size);
		for (uint32_t left = 1 + chance(&seed) % 3; left > 0; left--)
			text[chance(&seed) % size] = bytes[chance(&seed) % (sizeof(bytes) - 1)];
		path = import_test_file(&run.taken.arena, "x", (struct text){ .data = text, .size = size });
		import_run(&run, path);
		import_test_remove(path);
		assert_true(run.status == STATUS_OK || run.status == STATUS_INVALID);
		assert_int_equal(run.taken.count, run.status == STATUS_OK ? (size_t)run.report.operations : 0);
		assert_int_equal(run.status == STATUS_OK, run.report.error_count == 0);
		for (size_t i = 0; i < run.taken.count; i++)
			assert_int_equal(operation_validate(run.taken.operations[i]), STATUS_OK);
		taken += run.status == STATUS_OK;
		import_run_finish(&run);
	}
	assert_true(taken >= 10 && taken <= 590);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bad_line_in_the_middle_yields_no_operation_at_all),
		cmocka_unit_test(each_kind_of_error_names_file_line_column_and_reason),
		cmocka_unit_test(the_header_refuses_what_is_no_field),
		cmocka_unit_test(an_unknown_file_is_told_the_known_forms),
		cmocka_unit_test(a_file_about_places_needs_a_territory),
		cmocka_unit_test(at_most_twenty_errors_are_kept),
		cmocka_unit_test(a_repeated_row_is_skipped_and_a_contradiction_is_refused),
		cmocka_unit_test(references_meet_keys_and_kinds_keep_apart),
		cmocka_unit_test(a_source_of_another_name_has_other_ids),
		cmocka_unit_test(places_that_are_everywhere_have_names),
		cmocka_unit_test(today_is_the_day_of_the_import),
		cmocka_unit_test(operations_are_creates_by_the_import),
		cmocka_unit_test(a_dry_run_hands_nothing_out),
		cmocka_unit_test(a_store_that_refuses_stops_the_import),
		cmocka_unit_test(a_reference_that_the_store_misses_is_an_error_with_line_and_key),
		cmocka_unit_test(a_file_that_changes_between_the_readings_is_refused),
		cmocka_unit_test(gzip_is_told_by_its_bytes_and_a_cut_one_is_refused),
		cmocka_unit_test(what_is_not_a_file_is_refused),
		cmocka_unit_test(damaged_copies_of_a_good_file_are_taken_whole_or_not_at_all),
		cmocka_unit_test(what_a_file_says_does_not_steer_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
