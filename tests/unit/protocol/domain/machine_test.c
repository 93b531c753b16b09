#include "protocol/domain/machine.h"

#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/service_request.h"
#include "tests/unit/protocol/domain/world.h"

static const enum operation_kind visit_events[] = {
	OPERATION_DISPATCH,
	OPERATION_CANCEL,
	OPERATION_REASSIGN,
	OPERATION_ACCEPT,
	OPERATION_DECLINE,
	OPERATION_TRAVEL,
	OPERATION_ARRIVE,
	OPERATION_PAUSE,
	OPERATION_RESUME,
	OPERATION_FINISH,
	OPERATION_ABORT,
	OPERATION_USE_PART,
	OPERATION_RETURN_PART,
	OPERATION_RESCHEDULE,
	OPERATION_ANSWER_TASK,
	OPERATION_LOG_TIME,
	OPERATION_READ_METER,
	OPERATION_ADD_PHOTO,
	OPERATION_SIGN,
	OPERATION_REOPEN_VISIT,
};

struct page {
	struct arena arena;
	struct writer writer;
};

static void write_line(struct page *page, struct text line)
{
	write_raw(&page->writer, line.data, line.size);
}

/* One cell: a visit of Anna's in `state`, and `kind` done to it by `technician`. */
struct cell {
	enum visit_state state;
	bool reassigned; /* cancelled because somebody else got it */
	bool over;       /* the order is closed */
	enum operation_kind kind;
	uint8_t technician;
};

static struct verdict try_cell(struct world *world, const struct cell *cell)
{
	bool office = operation_find(cell->kind)->roles != ROLE_TECHNICIAN;

	world_stock(world, VAN_OF_ANNA, 1, 5);
	world_set_visit(world, 1, ANNA, cell->state);
	if (cell->reassigned) {
		struct visit visit = *world_visit(world, 1);
		visit.cancel_cause = VISIT_CANCEL_CAUSE_REASSIGNED;
		visit.replaced_by_id = world_id(RECORD_VISIT, 2);
		world_put(world, RECORD_VISIT, &visit);
		world_set_visit(world, 2, BELA, VISIT_STATE_DISPATCHED);
	}
	if (cell->over)
		world_close_order(world, 1);
	return world_do(world, cell->kind, 1, office ? 0 : cell->technician);
}

static void write_cell(struct page *page, const char *who, const struct cell *cell)
{
	struct world world;
	struct verdict verdict;
	struct text before, after, order, outcome;

	world_init(&world);
	verdict = try_cell(&world, cell);
	before = choice_to_text(&page->arena, visit_state_names, cell->state);
	after = choice_to_text(&page->arena, visit_state_names, world_visit(&world, 1)->state);
	order = choice_to_text(&page->arena, work_order_state_names, world_order(&world, 1)->state);
	outcome = choice_to_text(&page->arena, outcome_names, verdict.outcome);
	write_line(page, arena_print(&page->arena, "%s: %.*s%s --%s--> %.*s, order %.*s: %.*s %.*s\n", who, TEXT_ARGUMENTS(before),
				 cell->reassigned ? "(reassigned)" : "", operation_find(cell->kind)->name, TEXT_ARGUMENTS(after),
				 TEXT_ARGUMENTS(order), TEXT_ARGUMENTS(outcome), TEXT_ARGUMENTS(verdict.rule)));
	world_finish(&world);
}

static void write_section(struct page *page, const char *who, bool over, uint8_t technician)
{
	for (unsigned int state = 0; state <= VISIT_STATE_COUNT; state++) {
		bool reassigned = state == VISIT_STATE_COUNT; /* one row more */
		struct cell cell = { reassigned ? VISIT_STATE_CANCELLED : (enum visit_state)state, reassigned, over, OPERATION_NONE,
			technician };
		for (size_t i = 0; i < LENGTH(visit_events); i++) {
			cell.kind = visit_events[i];
			write_cell(page, who, &cell);
		}
	}
}

static void every_visit_state_and_operation_ends_as_written_down(void **state)
{
	struct page page = { 0 };

	(void)state;
	page.writer = writer_in(&page.arena, 256 * 1024);
	write_section(&page, "holder", false, ANNA);
	write_section(&page, "another", false, CLEO);
	write_section(&page, "holder, closed order", true, ANNA);
	assert_golden("machines/visit.txt",
		(struct text){ .data = (const char *)writer_bytes(&page.writer).data, .size = writer_bytes(&page.writer).size });
	arena_finish(&page.arena);
}

static void every_request_move_is_as_written_down(void **state)
{
	struct page page = { 0 };
	const struct machine *machine = &service_request_machine;

	(void)state;
	page.writer = writer_in(&page.arena, 64 * 1024);
	for (uint32_t from = 0; from < SERVICE_REQUEST_STATE_COUNT; from++) {
		for (uint32_t event = 1; event < SERVICE_REQUEST_EVENT_COUNT; event++) {
			struct text from_name = choice_to_text(&page.arena, machine->states, from);
			struct text event_name = choice_to_text(&page.arena, machine->events, event);
			struct text to_name = text_of("-");
			uint32_t to;
			if (machine_next(machine, from, event, &to))
				to_name = choice_to_text(&page.arena, machine->states, to);
			write_line(&page, arena_print(&page.arena, "%.*s --%.*s--> %.*s\n", TEXT_ARGUMENTS(from_name),
						  TEXT_ARGUMENTS(event_name), TEXT_ARGUMENTS(to_name)));
		}
	}
	assert_golden("machines/service_request.txt",
		(struct text){ .data = (const char *)writer_bytes(&page.writer).data, .size = writer_bytes(&page.writer).size });
	arena_finish(&page.arena);
}

static void no_fact_is_ever_refused(void **state)
{
	(void)state;
	for (unsigned int visit_state = 0; visit_state <= VISIT_STATE_COUNT; visit_state++) { /* the last is from a newer version */
		for (size_t i = 0; i < LENGTH(visit_events); i++) {
			if (operation_find(visit_events[i])->sort != SORT_FACT)
				continue;
			for (int variant = 0; variant < 8; variant++) {
				struct world world;
				struct verdict verdict;
				world_init(&world);
				verdict = try_cell(&world, &(struct cell){ (enum visit_state)visit_state, (variant & 1) != 0,
								   (variant & 2) != 0, visit_events[i], (variant & 4) != 0 ? CLEO : ANNA });
				assert_int_not_equal(verdict.outcome, OUTCOME_REJECTED);
				assert_int_not_equal(verdict.outcome, OUTCOME_PARKED);
				world_finish(&world);
			}
		}
	}
}

static void a_refused_claim_changes_nothing_but_its_outcome(void **state)
{
	(void)state;
	for (unsigned int visit_state = 0; visit_state < VISIT_STATE_COUNT; visit_state++) {
		for (size_t i = 0; i < LENGTH(visit_events); i++) {
			struct world before, after;
			struct verdict verdict;
			bool office = operation_find(visit_events[i])->roles != ROLE_TECHNICIAN;
			world_init(&before);
			world_init(&after);
			world_set_visit(&before, 1, ANNA, (enum visit_state)visit_state);
			world_set_visit(&after, 1, ANNA, (enum visit_state)visit_state);
			verdict = world_do(&after, visit_events[i], 1, office ? 0 : ANNA);
			if (verdict.outcome == OUTCOME_REJECTED) {
				assert_int_equal(world_count(&after, RECORD_OPERATION), 1);
				assert_int_equal(after.count, before.count + 1);
				assert_true(row_equal(schema_find(RECORD_VISIT), world_visit(&before, 1), world_visit(&after, 1)));
				assert_true(row_equal(schema_find(RECORD_WORK_ORDER), world_order(&before, 1), world_order(&after, 1)));
			}
			world_finish(&before);
			world_finish(&after);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_visit_state_and_operation_ends_as_written_down),
		cmocka_unit_test(every_request_move_is_as_written_down),
		cmocka_unit_test(no_fact_is_ever_refused),
		cmocka_unit_test(a_refused_claim_changes_nothing_but_its_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
