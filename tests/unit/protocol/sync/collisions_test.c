/* The seven collisions of docs/collisions.md between a server and two devices: what the technician saw meanwhile, what both sides have in
 * the end, the issue on both, and that what the office decides reaches the devices. */
#include "protocol/domain/asset.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/time_entry.h"
#include "protocol/domain/visit.h"
#include "tests/simulation/snapshot.h"
#include "tests/unit/protocol/sync/pair.h"

#define SERVER 0 /* a place, as the number of a device is */
#define HOUR   3600000

static const void *row_at(struct simulation *pair, unsigned place, enum record_kind kind, const struct id *id)
{
	struct records *records =
		place == SERVER ? server_store_records(pair->server.store) : device_store_records(pair_device(pair, place)->store);
	const void *row;

	assert_int_equal(records_look(records, kind, id, &row), STATUS_OK);
	assert_non_null(row);
	return row_copy(&pair->arena, schema_find(kind), row);
}

static const struct visit *visit_at(struct simulation *pair, unsigned place, const struct id *id)
{
	return row_at(pair, place, RECORD_VISIT, id);
}

static const struct task *task_at(struct simulation *pair, unsigned place, const struct id *id)
{
	return row_at(pair, place, RECORD_TASK, id);
}

static const struct work_order *order_at(struct simulation *pair, unsigned place, const struct id *id)
{
	return row_at(pair, place, RECORD_WORK_ORDER, id);
}

static void go_off_line(struct simulation *pair, unsigned number)
{
	pair_device(pair, number)->link_up = false;
}

static void come_back(struct simulation *pair, unsigned number)
{
	pair_device(pair, number)->link_up = true;
	device_node_go(pair, pair_device(pair, number));
	pair_settle(pair);
}

/* Lets those that are on line hear of what the office did while another is off line. */
static void let_others_hear(struct simulation *pair)
{
	for (int i = 0; i < 300; i++)
		(void)simulation_step(pair);
}

/* The one open issue of the kind, which the device of the territory has as well, in words that name who did it. */
static struct id told(struct simulation *pair, enum issue_kind kind)
{
	struct snapshot server;
	const struct snapshot_table *issues;
	struct id id = { 0 };
	size_t count = 0;

	assert_int_equal(snapshot_load(&server, server_store_storage(pair->server.store)), STATUS_OK);
	issues = snapshot_table(&server, RECORD_ISSUE);
	for (size_t i = 0; i < issues->count; i++) {
		const struct issue *issue = issues->rows[i].row;
		if (issue->kind != kind || issue->state != ISSUE_STATE_OPEN)
			continue;
		id = issue->id;
		count++;
	}
	snapshot_finish(&server);
	assert_int_equal(count, 1);
	for (unsigned place = SERVER; place <= 1; place++) {
		const struct issue *issue = row_at(pair, place, RECORD_ISSUE, &id);
		assert_int_equal(issue->kind, kind);
		assert_int_equal(issue->state, ISSUE_STATE_OPEN);
		assert_true(issue->detail.size > 0);
	}
	return id;
}

static void resolve(struct simulation *pair, const struct id *issue, enum issue_resolution how)
{
	const struct resolve_arguments arguments = { .resolution = (uint32_t)how, .text = text_of("spoke with both") };

	pair_office(pair, OPERATION_RESOLVE_ISSUE, issue, &arguments);
	pair_settle(pair);
	for (unsigned place = SERVER; place <= 1; place++) {
		const struct issue *resolved = row_at(pair, place, RECORD_ISSUE, issue);
		assert_int_equal(resolved->state, ISSUE_STATE_RESOLVED);
		assert_int_equal(resolved->resolution, how);
		assert_true(text_equals(resolved->resolution_text, "spoke with both"));
	}
}

/* An order of the first territory with a visit of its technician, on the device, which then goes off line. */
struct job {
	struct id order, visit;
};

static struct job off_line_job(struct simulation *pair)
{
	struct job job = { .order = pair_order(pair, 0) };

	job.visit = pair_book(pair, &job.order, 1);
	pair_settle(pair);
	go_off_line(pair, 1);
	return job;
}

static void finish(struct simulation *pair, unsigned number, const struct id *visit)
{
	const struct finish_arguments arguments = { .outcome = VISIT_OUTCOME_PARTIAL, .signer_name = text_of("the caretaker") };

	(void)pair_do(pair, number, OPERATION_FINISH, visit, &arguments);
	assert_int_equal(visit_at(pair, number, visit)->state, VISIT_STATE_DONE);
}

static void cancelled_by_the_office_and_finished_by_the_technician_is_done_and_asks_about_billing(void **state)
{
	struct simulation *pair = *state;
	struct job job = off_line_job(pair);
	const struct reason_arguments cancel = { .reason = text_of("called off") };
	struct id issue;

	finish(pair, 1, &job.visit);
	pair_office(pair, OPERATION_CANCEL, &job.visit, &cancel);
	assert_int_equal(visit_at(pair, SERVER, &job.visit)->state, VISIT_STATE_CANCELLED);
	come_back(pair, 1);
	for (unsigned place = SERVER; place <= 1; place++)
		assert_int_equal(visit_at(pair, place, &job.visit)->state, VISIT_STATE_DONE);
	issue = told(pair, ISSUE_KIND_WORK_DONE_AFTER_CANCEL);
	resolve(pair, &issue, ISSUE_RESOLUTION_BILL);
	assert_int_equal(visit_at(pair, 1, &job.visit)->state, VISIT_STATE_DONE);
}

/* The office gives the visit to the second technician, whose device hears of it; then the first comes back, who has finished it. */
static struct id reassigned(struct simulation *pair, const struct job *job, bool begun)
{
	const struct reassign_arguments reassign = { .technician_id = organisation_id(RECORD_TECHNICIAN, 1), .reason = text_of("nearer") };
	struct id other;

	finish(pair, 1, &job->visit);
	pair_office(pair, OPERATION_REASSIGN, &job->visit, &reassign);
	let_others_hear(pair);
	other = visit_at(pair, SERVER, &job->visit)->replaced_by_id;
	assert_int_equal(visit_at(pair, 2, &other)->state, VISIT_STATE_DISPATCHED);
	if (begun)
		(void)pair_do(pair, 2, OPERATION_TRAVEL, &other, NULL);
	let_others_hear(pair);
	come_back(pair, 1);
	assert_int_equal(visit_at(pair, SERVER, &job->visit)->state, VISIT_STATE_DONE);
	return other;
}

static void given_to_another_and_finished_by_the_first_calls_the_other_off_who_may_be_sent_all_the_same(void **state)
{
	struct simulation *pair = *state;
	struct job job = off_line_job(pair);
	struct id other = reassigned(pair, &job, false), issue = told(pair, ISSUE_KIND_OVERTAKEN);

	assert_int_equal(visit_at(pair, 2, &other)->state, VISIT_STATE_CANCELLED);
	assert_int_equal(visit_at(pair, 2, &other)->cancel_cause, VISIT_CANCEL_CAUSE_WITHDRAWN);
	resolve(pair, &issue, ISSUE_RESOLUTION_KEEP_OTHER_VISIT);
	assert_int_equal(visit_at(pair, 2, &other)->state, VISIT_STATE_DISPATCHED);
	assert_int_equal(visit_at(pair, 2, &other)->cancel_cause, VISIT_CANCEL_CAUSE_NONE);
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &job.order));
}

static void given_to_another_who_had_begun_lets_both_stand_until_the_second_is_called_back(void **state)
{
	struct simulation *pair = *state;
	struct job job = off_line_job(pair);
	struct id other = reassigned(pair, &job, true), issue = told(pair, ISSUE_KIND_DOUBLE_VISIT);

	assert_int_equal(visit_at(pair, 2, &other)->state, VISIT_STATE_TRAVELLING);
	resolve(pair, &issue, ISSUE_RESOLUTION_CANCEL_OTHER_VISIT);
	assert_int_equal(visit_at(pair, 2, &other)->state, VISIT_STATE_CANCELLED);
	assert_int_equal(visit_at(pair, 2, &other)->cancel_cause, VISIT_CANCEL_CAUSE_WITHDRAWN);
}

static void moved_by_the_office(struct simulation *pair, enum operation_kind kind, enum visit_state wanted)
{
	struct job job = off_line_job(pair);
	const struct reschedule_arguments move = {
		.planned_start_at_ms = WALL_START_MS + 24 * HOUR, .planned_end_at_ms = WALL_START_MS + 25 * HOUR
	};
	struct id issue;

	(void)pair_do(pair, 1, kind, &job.visit, NULL);
	assert_int_equal(visit_at(pair, 1, &job.visit)->state, wanted);
	assert_int_equal(visit_at(pair, 1, &job.visit)->planned_start_at_ms, WALL_START_MS);
	pair_office(pair, OPERATION_RESCHEDULE, &job.visit, &move);
	come_back(pair, 1);
	for (unsigned place = SERVER; place <= 1; place++) {
		assert_int_equal(visit_at(pair, place, &job.visit)->state, wanted);
		assert_int_equal(visit_at(pair, place, &job.visit)->planned_start_at_ms, move.planned_start_at_ms);
	}
	issue = told(pair, ISSUE_KIND_PLAN_MOVED);
	resolve(pair, &issue, ISSUE_RESOLUTION_NOTED);
}

static void moved_by_the_office_and_begun_by_the_old_plan_stands_and_is_told(void **state)
{
	moved_by_the_office(*state, OPERATION_TRAVEL, VISIT_STATE_TRAVELLING);
}

static void moved_by_the_office_and_accepted_by_the_old_plan_stands_and_is_told(void **state)
{
	moved_by_the_office(*state, OPERATION_ACCEPT, VISIT_STATE_ACCEPTED);
}

static struct id task_on(struct simulation *pair, const struct id *order)
{
	const struct task task = { .work_order_id = *order, .title = text_of("no oil in the pit"), .kind = TASK_KIND_YES_NO };

	return pair_make(pair, RECORD_TASK, &task);
}

static void answer(struct simulation *pair, unsigned number, const struct id *visit, const struct id *task, enum answer_truth truth)
{
	const struct answer_arguments arguments = { .task_id = *task, .task_version = 1, .truth = (uint32_t)truth };

	(void)pair_do(pair, number, OPERATION_ANSWER_TASK, visit, &arguments);
	assert_true(task_at(pair, number, task)->answered);
}

/* What the order is for changes: its machine, or its site. */
static void changed_by_the_office(struct simulation *pair, const char *field, enum record_kind kind)
{
	struct id order = pair_order(pair, 0), task = task_on(pair, &order), visit = pair_book(pair, &order, 1);
	const struct id other = organisation_id(kind, 2); /* of the same territory */
	const struct task_answer *kept;
	struct id issue;

	pair_settle(pair);
	(void)pair_do(pair, 1, OPERATION_ARRIVE, &visit, NULL);
	pair_settle(pair);
	go_off_line(pair, 1);
	answer(pair, 1, &visit, &task, ANSWER_TRUTH_YES);
	pair_set_id(pair, RECORD_WORK_ORDER, &order, field, &other);
	come_back(pair, 1);
	issue = told(pair, ISSUE_KIND_TASK_CHANGED);
	for (unsigned place = SERVER; place <= 1; place++) {
		assert_int_equal(order_at(pair, place, &order)->scope_version, 1);
		assert_true(task_at(pair, place, &task)->answered);
		kept = row_at(pair, place, RECORD_TASK_ANSWER, &task_at(pair, place, &task)->primary_answer_id);
		assert_int_equal(kept->task_version, 1);
	}
	resolve(pair, &issue, ISSUE_RESOLUTION_CORRECTED);
}

static void another_machine_and_an_answer_for_the_former_keeps_what_was_asked_and_is_told(void **state)
{
	changed_by_the_office(*state, "asset_id", RECORD_ASSET);
}

static void another_site_and_an_answer_at_the_former_keeps_what_was_asked_and_is_told(void **state)
{
	changed_by_the_office(*state, "site_id", RECORD_SITE);
}

static void closed_by_the_office_and_reported_afterwards_is_kept_and_the_totals_are_stale_until_accepted(void **state)
{
	struct simulation *pair = *state;
	struct job job = off_line_job(pair);
	const struct reason_arguments close = { .reason = text_of("billed") };
	const struct time_arguments time = {
		.kind = TIME_KIND_WORK, .start_at_ms = WALL_START_MS - 2 * HOUR, .end_at_ms = WALL_START_MS - HOUR
	};
	struct id issue, entry;

	finish(pair, 1, &job.visit);
	come_back(pair, 1);
	go_off_line(pair, 1);
	entry = pair_do(pair, 1, OPERATION_LOG_TIME, &job.visit, &time);
	pair_office(pair, OPERATION_CLOSE, &job.order, &close);
	come_back(pair, 1);
	for (unsigned place = SERVER; place <= 1; place++) {
		assert_int_equal(order_at(pair, place, &job.order)->state, WORK_ORDER_STATE_CLOSED);
		assert_true(order_at(pair, place, &job.order)->stale);
		assert_true(((const struct time_entry *)row_at(pair, place, RECORD_TIME_ENTRY, &entry))->late);
	}
	issue = told(pair, ISSUE_KIND_LATE_FACT);
	resolve(pair, &issue, ISSUE_RESOLUTION_ACCEPT_LATE);
	for (unsigned place = SERVER; place <= 1; place++)
		assert_false(order_at(pair, place, &job.order)->stale);
}

static void of_two_technicians_answers_the_earlier_counts_on_both_devices_until_the_office_takes_the_other(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), task = task_on(pair, &order), issue;
	struct id first = pair_book(pair, &order, 1), second = pair_book(pair, &order, 2);

	pair_settle(pair);
	go_off_line(pair, 1);
	go_off_line(pair, 2);
	answer(pair, 1, &first, &task, ANSWER_TRUTH_YES);
	pair_device(pair, 2)->time.error_ms += HOUR; /* an hour later, by its clock */
	answer(pair, 2, &second, &task, ANSWER_TRUTH_NO);
	pair_device(pair, 2)->time.error_ms -= HOUR;
	assert_false(task_at(pair, 1, &task)->failed);
	assert_true(task_at(pair, 2, &task)->failed);
	pair_device(pair, 2)->link_up = true;
	device_node_go(pair, pair_device(pair, 2));
	let_others_hear(pair);
	assert_true(task_at(pair, SERVER, &task)->failed);
	come_back(pair, 1);
	issue = told(pair, ISSUE_KIND_DOUBLE_ANSWER);
	for (unsigned place = SERVER; place <= 2; place++)
		assert_false(task_at(pair, place, &task)->failed);
	assert_int_equal(pair_count_on_server(pair, RECORD_TASK_ANSWER), 2);
	resolve(pair, &issue, ISSUE_RESOLUTION_TAKE_OTHER_ANSWER);
	for (unsigned place = SERVER; place <= 2; place++)
		assert_true(task_at(pair, place, &task)->failed);
}

/* An order for the first machine, whose meter is read off line. */
static struct id read_off_line(struct simulation *pair)
{
	struct id order = pair_order(pair, 0), asset = organisation_id(RECORD_ASSET, 0), visit;
	const struct reading_arguments reading = { .meter_id = organisation_id(RECORD_METER, 0), .value = 5 };

	pair_set_id(pair, RECORD_WORK_ORDER, &order, "asset_id", &asset);
	visit = pair_book(pair, &order, 1);
	pair_settle(pair);
	go_off_line(pair, 1);
	return pair_do(pair, 1, OPERATION_READ_METER, &visit, &reading);
}

static void merged_by_the_office_and_read_by_the_technician_goes_to_the_machine_that_is_left(void **state)
{
	struct simulation *pair = *state;
	struct id reading = read_off_line(pair), asset = organisation_id(RECORD_ASSET, 0), left = organisation_id(RECORD_ASSET, 2), issue;

	assert_true(id_equal(&((const struct reading *)row_at(pair, 1, RECORD_READING, &reading))->asset_id, &asset));
	pair_set_id(pair, RECORD_ASSET, &asset, "merged_into_id", &left);
	come_back(pair, 1);
	for (unsigned place = SERVER; place <= 1; place++)
		assert_true(id_equal(&((const struct reading *)row_at(pair, place, RECORD_READING, &reading))->asset_id, &left));
	issue = told(pair, ISSUE_KIND_ASSET_GONE);
	resolve(pair, &issue, ISSUE_RESOLUTION_NOTED);
}

static void retired_by_the_office_and_read_by_the_technician_is_kept_and_told(void **state)
{
	struct simulation *pair = *state;
	struct id reading = read_off_line(pair), asset = organisation_id(RECORD_ASSET, 0), issue;
	struct asset retired = *(const struct asset *)row_at(pair, SERVER, RECORD_ASSET, &asset);

	retired.status = ASSET_STATUS_RETIRED;
	pair_edit(pair, &asset_schema, &asset, "status", &retired);
	come_back(pair, 1);
	for (unsigned place = SERVER; place <= 1; place++)
		assert_true(id_equal(&((const struct reading *)row_at(pair, place, RECORD_READING, &reading))->asset_id, &asset));
	issue = told(pair, ISSUE_KIND_ASSET_GONE);
	resolve(pair, &issue, ISSUE_RESOLUTION_NOTED);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(cancelled_by_the_office_and_finished_by_the_technician_is_done_and_asks_about_billing),
		PROMISE(given_to_another_and_finished_by_the_first_calls_the_other_off_who_may_be_sent_all_the_same),
		PROMISE(given_to_another_who_had_begun_lets_both_stand_until_the_second_is_called_back),
		PROMISE(moved_by_the_office_and_begun_by_the_old_plan_stands_and_is_told),
		PROMISE(moved_by_the_office_and_accepted_by_the_old_plan_stands_and_is_told),
		PROMISE(another_machine_and_an_answer_for_the_former_keeps_what_was_asked_and_is_told),
		PROMISE(another_site_and_an_answer_at_the_former_keeps_what_was_asked_and_is_told),
		PROMISE(closed_by_the_office_and_reported_afterwards_is_kept_and_the_totals_are_stale_until_accepted),
		PROMISE(of_two_technicians_answers_the_earlier_counts_on_both_devices_until_the_office_takes_the_other),
		PROMISE(merged_by_the_office_and_read_by_the_technician_goes_to_the_machine_that_is_left),
		PROMISE(retired_by_the_office_and_read_by_the_technician_is_kept_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
