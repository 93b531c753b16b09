/* docs/states.md out of the state tables: states_page STATES.MD. */
#include <stdio.h>
#include <stdlib.h>

#include "protocol/domain/operation.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/visit.h"
#include "tests/golden/document.h"

static const char *name_of(const struct choice *choices, uint32_t number)
{
	for (size_t i = 0; choices[i].name != NULL; i++)
		if (choices[i].number == number)
			return choices[i].name;
	return "?";
}

typedef bool (*move_filter)(const struct move *move);

static bool same_ends(const struct move *left, const struct move *right)
{
	return left->from == right->from && left->to == right->to;
}

static bool drawn_before(const struct machine *machine, size_t position, move_filter drawn)
{
	for (size_t i = 0; i < position; i++)
		if (drawn(&machine->moves[i]) && same_ends(&machine->moves[i], &machine->moves[position]))
			return true;
	return false;
}

/* One arrow from state to state, with all events that make it. */
static void print_diagram(FILE *out, const struct machine *machine, move_filter drawn)
{
	fputs("```mermaid\nstateDiagram-v2\n", out);
	for (size_t i = 0; i < machine->move_count; i++) {
		const struct move *move = &machine->moves[i];
		if (!drawn(move) || drawn_before(machine, i, drawn))
			continue;
		fprintf(out, "    %s --> %s: %s", name_of(machine->states, move->from), name_of(machine->states, move->to),
			name_of(machine->events, move->event));
		for (size_t k = i + 1; k < machine->move_count; k++)
			if (drawn(&machine->moves[k]) && same_ends(&machine->moves[k], move))
				fprintf(out, ", %s", name_of(machine->events, machine->moves[k].event));
		fputs("\n", out);
	}
	fputs("```\n", out);
}

/* Event by event: from which states to which. */
static void print_moves(FILE *out, const struct machine *machine)
{
	for (size_t event = 0; machine->events[event].name != NULL; event++) {
		for (uint32_t to = 0; to < 32; to++) {
			bool first = true;
			for (size_t i = 0; i < machine->move_count; i++) {
				const struct move *move = &machine->moves[i];
				if (move->event != machine->events[event].number || move->to != to)
					continue;
				if (first)
					fprintf(out, "| `%s` | ", machine->events[event].name);
				fprintf(out, "%s%s", first ? "" : ", ", name_of(machine->states, move->from));
				first = false;
			}
			if (!first)
				fprintf(out, " | %s |\n", name_of(machine->states, to));
		}
	}
}

static bool is_claim(const struct move *move)
{
	return operation_find((enum operation_kind)move->event)->sort == SORT_CLAIM;
}

/* What technicians report when all goes as planned: from the accepted visit on. */
static bool is_planned_fact(const struct move *move)
{
	const struct visit_state_row *from = visit_state_find((enum visit_state)move->from);

	return !is_claim(move) && (move->from == VISIT_STATE_ACCEPTED || from->under_way);
}

static bool is_any(const struct move *move)
{
	(void)move;
	return true;
}

static void print_visit_meanings(FILE *out)
{
	fputs("\n| state | somebody is expected or there | somebody travelled or worked | under way | ended |\n|---|---|---|---|---|\n",
		out);
	for (uint32_t state = 0; state < VISIT_STATE_COUNT; state++) {
		const struct visit_state_row *row = visit_state_find((enum visit_state)state);
		fprintf(out, "| %s | %s | %s | %s | %s |\n", name_of(visit_state_names, state), row->open ? "yes" : "",
			row->started ? "yes" : "", row->under_way ? "yes" : "", row->ended ? "yes" : "");
	}
}

static void print_visits(FILE *out)
{
	fputs("\n## Visit\n\n"
	      "The events are operations. `book` makes a visit that is scheduled (or proposed; or, booked and sent in one, dispatched).\n\n"
	      "What is asked for (CLAIMs). One that has no arrow is refused, with the reason.\n\n",
		out);
	print_diagram(out, &visit_machine, is_claim);
	fputs("\nWhat technicians report (FACTs), when all goes as planned:\n\n", out);
	print_diagram(out, &visit_machine, is_planned_fact);
	fputs("\n"
	      "A fact happened, so none is refused. These are all moves, the unplanned ones too. A fact in a state that is not named here\n"
	      "leaves the state as it is. Where nobody should have been at work, an issue tells the dispatcher;\n"
	      "`tests/golden/machines/visit.txt` lists every state, every operation, and what comes of it.\n\n"
	      "| operation | from | to |\n|---|---|---|\n",
		out);
	print_moves(out, &visit_machine);
	fputs("\nWhat a state means to the rest of the rules:\n", out);
	print_visit_meanings(out);
}

static void print_orders(FILE *out)
{
	fputs("\n## Work order\n\n"
	      "Nobody sets an order's state. It follows from the order and its visits, by the same function on server and device\n"
	      "(`work_order_derive`). The first line that fits counts:\n\n"
	      "| when | state |\n|---|---|\n"
	      "| it was cancelled | cancelled |\n"
	      "| it was closed | closed |\n"
	      "| it is not released | draft |\n"
	      "| a visit is under way | in_progress |\n"
	      "| there is a hold reason | on_hold |\n"
	      "| a visit is open, another one is done | in_progress |\n"
	      "| a visit is open | scheduled |\n"
	      "| the visit that finished last says fixed | completed |\n"
	      "| else | unscheduled |\n\n"
	      "So a late fact never reopens an order that is closed or cancelled.\n",
		out);
}

static void print_requests(FILE *out)
{
	fputs("\n## Service request\n\n", out);
	print_diagram(out, &service_request_machine, is_any);
	fputs("\n| event | from | to |\n|---|---|---|\n", out);
	print_moves(out, &service_request_machine);
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int code;

	if (argc != 2 || out == NULL) {
		fprintf(stderr, "usage: states_page STATES.MD (UPDATE_GOLDEN=1 writes it)\n");
		return 2;
	}
	fputs("# States\n\n"
	      "This page is printed from the state tables in `protocol/domain` (`tests/golden/states_page.c`); a test compares the\n"
	      "two.\n",
		out);
	print_visits(out);
	print_orders(out);
	print_requests(out);
	if (fclose(out) != 0)
		return 2;
	code = document_check(argv[1], NULL, NULL, text, size, "the_page_of_states_says_what_the_state_tables_say");
	free(text);
	return code;
}
