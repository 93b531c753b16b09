/* Files of known form, in small made-up samples: what becomes of their rows, and what of the store when they come in another order or
 * again. */
#include <string.h>

#include "tests/unit/protocol/domain/world.h"
#include "tests/unit/server/import_help.h"

#include "protocol/domain/kb_article.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/part.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/stock_location.h"
#include "protocol/wire/chain.h"
#include "server/import_group.h"

#define MACHINES "asset_id,kind,model,age_years\nP-1,press,model7,3\nP-2,press,model8,5\n"
#define FAILURES "datetime,asset_id,component\n2021-03-04 06:00:00,P-1,seal\n2021-05-06 07:30:00,P-2,belt\n"
#define REPLACEMENTS                                                                                                                       \
	"datetime,asset_id,component,kind\n2021-03-04 06:00:00,P-1,seal,reactive\n2021-04-01 08:00:00,P-1,seal,proactive\n"                \
	"2021-04-01 08:00:00,P-1,belt,proactive\n"
#define AIRCRAFT "wo_id,problem,action,problem_location,problem_part,problem_state,action_part,action_verb,cause_found\n"
#define CITY                                                                                                                               \
	"unique_key,created_date,closed_date,due_date,agency,complaint_type,descriptor,location_type,status,resolution_description,"       \
	"resolution_action_updated_date,community_board,borough,open_data_channel_type\n"
#define TROUBLES "trouble,cause,remedy\n"

static void import_text(struct import_run *run, const char *content)
{
	const char *path = import_test_file(&run->taken.arena, "sample.csv", text_of(content));

	import_run(run, path);
	import_test_remove(path);
	if (run->status != STATUS_OK)
		print_error("%s\n", fail_reason());
}

static void take_text(struct import_run *run, const char *content)
{
	*run = (struct import_run){ .options = { .territory_id = import_test_territory } };
	import_text(run, content);
	assert_int_equal(run->status, STATUS_OK);
}

static void refuse_text(const char *content, const char *expected)
{
	struct import_run run = { .options = { .territory_id = import_test_territory } };

	import_text(&run, content);
	assert_int_equal(run.status, STATUS_INVALID);
	assert_int_equal(run.taken.count, 0);
	assert_int_equal(run.report.error_count, 1);
	assert_non_null(strstr(arena_print(&run.taken.arena, "%.*s", TEXT_ARGUMENTS(run.report.errors[0])).data, expected));
	import_run_finish(&run);
}

/* The only record of that kind that was handed out last. */
static const void *last_of(const struct import_run *run, enum record_kind kind)
{
	for (size_t i = run->taken.count; i > 0; i--)
		if (run->taken.operations[i - 1]->head.record == kind)
			return import_run_row(run, i - 1);
	assert_string_equal(schema_find(kind)->name, "handed out");
	return NULL;
}

/* What became of the records of a file. */
struct outcome_count {
	size_t applied, unchanged, other;
};

static bool same_content(const struct schema *schema, const void *left, const void *right)
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (!schema->fields[i].derived && !field_equal(&schema->fields[i], left, right))
			return false;
	return true;
}

/* As the command does it: what is there already is looked at and left alone. */
static void take_into(struct world *world, const struct operation *operation, struct outcome_count *counts)
{
	const struct schema *schema = schema_find(operation->head.record);
	const void *there = world_find(world, schema->kind, operation->head.subject);
	struct operation create = *operation;
	bool applied;

	if (there != NULL) {
		*(same_content(schema, there, operation->arguments) ? &counts->unchanged : &counts->other) += 1;
		return;
	}
	create.arguments = row_copy(&world->arena, schema, operation->arguments);
	applied = world_decide(world, &create).outcome == OUTCOME_APPLIED;
	*(applied ? &counts->applied : &counts->other) += 1;
}

static struct outcome_count import_into(struct world *world, const char *content)
{
	struct import_run run = { .options = { .territory_id = world_id(RECORD_TERRITORY, COAST) } };
	struct outcome_count counts = { .applied = 0 };

	import_text(&run, content);
	assert_int_equal(run.status, STATUS_OK);
	for (size_t i = 0; i < run.taken.count; i++)
		take_into(world, run.taken.operations[i], &counts);
	import_run_finish(&run);
	return counts;
}

static void assert_counts(struct outcome_count counts, size_t applied, size_t unchanged)
{
	assert_int_equal(counts.applied, applied);
	assert_int_equal(counts.unchanged, unchanged);
	assert_int_equal(counts.other, 0);
}

static void an_aircraft_order_keeps_what_people_marked_in_it(void **state)
{
	struct import_run run;
	const struct work_order *order;
	const struct site *site;

	(void)state;
	take_text(&run, AIRCRAFT "K-7,LEFT FLAP DOES NOT MOVE.,\"REPLACED RELAY, TESTED.\",LEFT,FLAP,STUCK,RELAY,REPLACED,RELAY BURNT\n"
				 "K-8,DOOR SEAL LOOSE.,GLUED.,,,,,,\n");
	assert_int_equal(run.report.records[RECORD_WORK_ORDER], 2);
	assert_int_equal(run.report.ignored.count, 0);
	order = import_run_row(&run, 2);
	site = last_of(&run, RECORD_SITE);
	assert_text(order->number, "K-7");
	assert_text(order->title, "LEFT FLAP DOES NOT MOVE.");
	assert_text(order->problem_code, "STUCK");
	assert_text(order->cause_code, "RELAY BURNT");
	assert_text(order->action_code, "REPLACED");
	assert_text(order->description, "Action: REPLACED RELAY, TESTED.\nLocation: LEFT\nPart: FLAP\nPart worked on: RELAY");
	assert_text(order->source, "imported");
	assert_true(id_equal(&order->site_id, &site->id));
	assert_true(id_is_nil(&order->asset_id));
	assert_true(work_order_is_over(order));
	order = import_run_row(&run, 3);
	assert_text(order->description, "Action: GLUED.");
	assert_int_equal(order->problem_code.size, 0);
	import_run_finish(&run);
	refuse_text(AIRCRAFT "K-7,,GLUED.,,,,,,\n", "sample.csv:2:2: problem: is empty; it must be given");
}

static void a_replacement_is_an_order_with_the_part_that_was_put_in(void **state)
{
	struct import_run run;
	const struct work_order *order;
	const struct movement *use;
	const struct part *part;
	struct id machine = id_imported(text_of(IMPORT_SOURCE), text_of("P-1"));

	(void)state;
	take_text(&run, "datetime,asset_id,component,kind\n2021-04-01 08:00:00,P-1,seal,proactive\n");
	order = last_of(&run, RECORD_WORK_ORDER);
	part = last_of(&run, RECORD_PART);
	use = last_of(&run, RECORD_MOVEMENT);
	assert_int_equal(order->type, WORK_ORDER_TYPE_PREVENTIVE);
	assert_text(order->title, "seal replaced before it failed");
	assert_text(order->action_code, "Replace");
	assert_text(order->description, "Part: seal");
	assert_text(order->number, "P-1/seal/2021-04-01T08:00:00Z");
	assert_int_equal(order->closed_at_ms, INT64_C(1617264000000));
	assert_int_equal(order->planned_start_at_ms, order->closed_at_ms);
	assert_true(id_equal(&order->asset_id, &machine));
	assert_text(part->number, "seal");
	assert_true(id_equal(&use->part_id, &part->id));
	assert_true(id_equal(&use->work_order_id, &order->id));
	assert_int_equal(use->quantity, 1);
	assert_int_equal(use->at_ms, order->closed_at_ms);
	assert_true(id_equal(&use->from_location_id, &location_vendor));
	assert_true(id_equal(&use->to_location_id, &location_customer));
	import_run_finish(&run);
}

static void a_failure_is_a_break_fix_order_and_claims_no_replacement(void **state)
{
	struct import_run run;
	const struct work_order *order;

	(void)state;
	take_text(&run, "datetime,asset_id,component\n2021-03-04 06:00:00,P-1,seal\n");
	order = last_of(&run, RECORD_WORK_ORDER);
	assert_int_equal(order->type, WORK_ORDER_TYPE_BREAK_FIX);
	assert_text(order->title, "seal failed");
	assert_int_equal(order->action_code.size, 0);
	assert_int_equal(run.report.records[RECORD_MOVEMENT], 0);
	import_run_finish(&run);
}

static void one_event_in_two_files_is_one_order_in_whatever_order_they_come(void **state)
{
	struct world left = { .count = 0 }, right = { .count = 0 };
	size_t orders, movements;

	(void)state;
	world_init(&left);
	world_init(&right);
	orders = world_count(&left, RECORD_WORK_ORDER);
	movements = world_count(&left, RECORD_MOVEMENT);
	assert_counts(import_into(&left, MACHINES), 4, 0);
	assert_counts(import_into(&left, FAILURES), 2, 2);
	assert_counts(import_into(&left, REPLACEMENTS), 7, 3);
	assert_counts(import_into(&right, MACHINES), 4, 0);
	assert_counts(import_into(&right, REPLACEMENTS), 8, 2);
	assert_counts(import_into(&right, FAILURES), 1, 3);
	assert_int_equal(world_count(&left, RECORD_WORK_ORDER) - orders, 4);
	assert_int_equal(world_count(&left, RECORD_MOVEMENT) - movements, 3);
	assert_int_equal(world_count(&left, RECORD_ISSUE), 0);
	assert_true(world_equal(&left, &right));
	world_finish(&left);
	world_finish(&right);
}

static void events_wait_for_the_table_of_machines(void **state)
{
	struct world world = { .count = 0 };
	struct outcome_count counts;

	(void)state;
	world_init(&world);
	counts = import_into(&world, FAILURES);
	assert_int_equal(counts.other, 2);
	world_finish(&world);
}

static void a_contradicting_event_and_a_wrong_moment_are_refused(void **state)
{
	(void)state;
	refuse_text("datetime,asset_id,component,kind\n2021-04-01 08:00:00,P-1,seal,proactive\n2021-04-01 08:00:00,P-1,seal,reactive\n",
		"sample.csv:3:1: datetime: line 2 has the same key with other values");
	refuse_text("datetime,asset_id,component\n2021-04-01 08:61:00,P-1,seal\n",
		"sample.csv:2:1: datetime: \"2021-04-01T08:61:00\" is not a time such as");
	refuse_text("datetime,asset_id,component\n2021-04-01 08:00:00,P-1,\n", "sample.csv:2:3: component: is empty; it must be given");
}

static void a_city_request_says_what_where_and_how_far_it_is(void **state)
{
	struct import_run run;
	const struct service_request *request;
	const struct site *site;

	(void)state;
	take_text(&run, CITY
		"901,2022-02-03T04:05:06.000,2022-02-04T01:00:00.000,,PARKS,Fallen Tree,Blocks path,Park,Closed,Cut and taken away.,,02 "
		"HILLSIDE,HILLSIDE,MOBILE\n"
		"902,2022-02-03T05:00:00,,,ROADS,Street Light,,,In Progress,,,02 HILLSIDE,HILLSIDE,PHONE\n"
		"903,2022-02-03T06:00:00,,,ROADS,Street Light,Flickers,,Forgotten,,,,,\n");
	assert_int_equal(run.report.records[RECORD_SERVICE_REQUEST], 3);
	assert_int_equal(run.report.records[RECORD_SITE], 1);
	assert_int_equal(run.report.records[RECORD_ACCOUNT], 1);
	request = import_run_row(&run, 2);
	site = last_of(&run, RECORD_SITE);
	assert_text(request->text, "Fallen Tree: Blocks path\nPlace: Park\nAgency: PARKS\nResolution: Cut and taken away.");
	assert_text(request->problem_code, "Fallen Tree");
	assert_int_equal(request->state, SERVICE_REQUEST_STATE_CLOSED);
	assert_int_equal(request->channel, SERVICE_REQUEST_CHANNEL_PORTAL);
	assert_int_equal(request->opened_at_ms, INT64_C(1643861106000));
	assert_true(id_equal(&request->site_id, &site->id));
	assert_text(site->name, "Community board 02 HILLSIDE (imported)");
	request = import_run_row(&run, 3);
	assert_text(request->text, "Street Light\nAgency: ROADS");
	assert_int_equal(request->state, SERVICE_REQUEST_STATE_IN_WORK);
	assert_true(id_equal(&request->site_id, &site->id));
	request = import_run_row(&run, 4);
	assert_int_equal(request->state, SERVICE_REQUEST_STATE_NEW);
	assert_true(id_is_nil(&request->site_id));
	assert_int_equal(run.report.ignored.count, 4);
	assert_int_equal(run.report.warnings.count, 2); /* the unknown state, and no channel */
	import_run_finish(&run);
}

static void the_rows_of_one_trouble_are_one_article(void **state)
{
	struct import_run run;
	const struct kb_article *article;
	struct id id = id_imported(text_of(IMPORT_SOURCE), text_of("trouble/Pump is loud"));

	(void)state;
	take_text(&run, TROUBLES "Pump is loud,Air in it,\"Bleed it.\nListen.\"\nPump is loud,Worn bearing,Renew it.\n"
				 "Pump is loud,Air in it,\"Bleed it.\nListen.\"\nNo pressure,Open valve,Close it.\n");
	assert_int_equal(run.report.rows, 4);
	assert_int_equal(run.taken.count, 2);
	assert_int_equal(run.report.skipped.count, 1);
	assert_int_equal(run.report.skipped.items[0].line, 5);
	article = import_run_row(&run, 0);
	assert_true(id_equal(&run.taken.operations[0]->head.subject, &id));
	assert_text(article->title, "Pump is loud");
	assert_text(article->symptom, "Pump is loud");
	assert_text(article->cause, "1. Air in it\n2. Worn bearing");
	assert_text(article->fix, "1. Bleed it.\nListen.\n2. Renew it.");
	assert_text(article->language, "en");
	assert_int_equal(article->state, KB_ARTICLE_STATE_VALIDATED);
	article = import_run_row(&run, 1);
	assert_text(article->cause, "Open valve");
	import_run_finish(&run);
}

static void a_trouble_torn_apart_or_without_cause_is_refused_where_it_is(void **state)
{
	struct arena arena = { .newest = NULL };
	struct text many = text_of(TROUBLES);

	(void)state;
	refuse_text(TROUBLES "Loud,Air,Bleed.\nWeak,Valve,Close.\nLoud,Worn,Renew.\n",
		"sample.csv:4:1: trouble: line 2 has the same key with other values");
	refuse_text(TROUBLES "Loud,Air,Bleed.\nLoud,,Renew.\n", "sample.csv:3:2: cause: is empty; it must be given");
	for (int i = 0; i < IMPORT_GROUP_MAX + 1; i++)
		many = arena_print(&arena, "%.*sLoud,cause %d,Renew.\n", TEXT_ARGUMENTS(many), i);
	refuse_text(many.data, "sample.csv:102:1: trouble: too many rows have this same text");
	arena_finish(&arena);
}

/* Each on its own: a second import of any of them finds everything there. */
static void every_form_twice_changes_nothing(void **state)
{
	static const char *const samples[] = { MACHINES, FAILURES, REPLACEMENTS, AIRCRAFT "K-7,FLAP STUCK.,FREED.,,FLAP,STUCK,,FREED,\n",
		CITY "901,2022-02-03T04:05:06,,,PARKS,Fallen Tree,,Park,Open,,,02 HILLSIDE,HILLSIDE,PHONE\n",
		TROUBLES "Loud,Air,Bleed.\nLoud,Worn,Renew.\n" };
	struct world once = { .count = 0 }, twice = { .count = 0 };

	(void)state;
	world_init(&once);
	world_init(&twice);
	for (size_t i = 0; i < LENGTH(samples); i++) {
		struct outcome_count first = import_into(&once, samples[i]), again;
		assert_true(first.applied > 0);
		assert_counts(first, first.applied, first.unchanged);
		import_into(&twice, samples[i]);
		again = import_into(&twice, samples[i]);
		assert_counts(again, 0, first.applied + first.unchanged);
	}
	assert_true(world_equal(&once, &twice));
	world_finish(&once);
	world_finish(&twice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_aircraft_order_keeps_what_people_marked_in_it),
		cmocka_unit_test(a_replacement_is_an_order_with_the_part_that_was_put_in),
		cmocka_unit_test(a_failure_is_a_break_fix_order_and_claims_no_replacement),
		cmocka_unit_test(one_event_in_two_files_is_one_order_in_whatever_order_they_come),
		cmocka_unit_test(events_wait_for_the_table_of_machines),
		cmocka_unit_test(a_contradicting_event_and_a_wrong_moment_are_refused),
		cmocka_unit_test(a_city_request_says_what_where_and_how_far_it_is),
		cmocka_unit_test(the_rows_of_one_trouble_are_one_article),
		cmocka_unit_test(a_trouble_torn_apart_or_without_cause_is_refused_where_it_is),
		cmocka_unit_test(every_form_twice_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
