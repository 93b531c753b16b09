#include "protocol/domain/visit.h"

#include <assert.h>

#include "protocol/domain/operation.h"

const struct choice visit_state_names[] = {
	{ VISIT_STATE_PROPOSED, "proposed" },
	{ VISIT_STATE_SCHEDULED, "scheduled" },
	{ VISIT_STATE_DISPATCHED, "dispatched" },
	{ VISIT_STATE_ACCEPTED, "accepted" },
	{ VISIT_STATE_DECLINED, "declined" },
	{ VISIT_STATE_TRAVELLING, "travelling" },
	{ VISIT_STATE_ON_SITE, "on_site" },
	{ VISIT_STATE_PAUSED, "paused" },
	{ VISIT_STATE_DONE, "done" },
	{ VISIT_STATE_ABORTED, "aborted" },
	{ VISIT_STATE_CANCELLED, "cancelled" },
	{ 0, NULL },
};
static_assert(LENGTH(visit_state_names) == VISIT_STATE_COUNT + 1, "every visit_state has a name");

const struct choice visit_outcome_names[] = {
	{ VISIT_OUTCOME_NONE, "none" },
	{ VISIT_OUTCOME_FIXED, "fixed" },
	{ VISIT_OUTCOME_PARTIAL, "partial" },
	{ VISIT_OUTCOME_CANNOT_COMPLETE, "cannot_complete" },
	{ VISIT_OUTCOME_NO_ACCESS, "no_access" },
	{ VISIT_OUTCOME_WRONG_ASSET, "wrong_asset" },
	{ VISIT_OUTCOME_SAFETY_STOP, "safety_stop" },
	{ 0, NULL },
};
static_assert(LENGTH(visit_outcome_names) == VISIT_OUTCOME_COUNT + 1, "every visit_outcome has a name");

const struct choice visit_cancel_cause_names[] = {
	{ VISIT_CANCEL_CAUSE_NONE, "none" },
	{ VISIT_CANCEL_CAUSE_CANCELLED, "cancelled" },
	{ VISIT_CANCEL_CAUSE_REASSIGNED, "reassigned" },
	{ VISIT_CANCEL_CAUSE_WITHDRAWN, "withdrawn" },
	{ 0, NULL },
};
static_assert(LENGTH(visit_cancel_cause_names) == VISIT_CANCEL_CAUSE_COUNT + 1, "every visit_cancel_cause has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(visit, id),                                      .tag = 1, .required = true },
	{ FIELD_OF(visit, work_order_id),                           .tag = 2, .refers = RECORD_WORK_ORDER, .required = true },
	{ FIELD_OF(visit, technician_id),                           .tag = 3, .refers = RECORD_TECHNICIAN, .required = true },
	{ FIELD_OF(visit, territory_id),                            .tag = 4, .refers = RECORD_TERRITORY },
	{ TIME_OF(visit, planned_start_at_ms),                      .tag = 5, .merge = MERGE_SERVER_WINS },
	{ TIME_OF(visit, planned_end_at_ms),                        .tag = 6, .merge = MERGE_SERVER_WINS },
	{ CHOICE_OF(visit, state, visit_state_names),               .tag = 7, .derived = true },
	{ TIME_OF(visit, dispatched_at_ms),                         .tag = 8, .derived = true },
	{ TIME_OF(visit, accepted_at_ms),                           .tag = 9, .derived = true },
	{ TIME_OF(visit, travelled_at_ms),                          .tag = 10, .derived = true },
	{ TIME_OF(visit, arrived_at_ms),                            .tag = 11, .derived = true },
	{ TIME_OF(visit, finished_at_ms),                           .tag = 12, .derived = true },
	{ CHOICE_OF(visit, outcome, visit_outcome_names),           .tag = 13, .derived = true },
	{ FIELD_OF(visit, cause_code),                              .tag = 14, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(visit, action_code),                             .tag = 15, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(visit, text),
	  .tag = 16, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 4000 },
	{ FIELD_OF(visit, signer_name),                             .tag = 17, .personal = true, .max = 200 },
	{ FIELD_OF(visit, signature_refused_reason),                .tag = 18, .personal = true, .max = 200 },
	{ FIELD_OF(visit, reason),                                  .tag = 19, .max = 200 },
	{ CHOICE_OF(visit, cancel_cause, visit_cancel_cause_names), .tag = 20, .derived = true },
	{ FIELD_OF(visit, replaced_by_id),                          .tag = 21, .refers = RECORD_VISIT, .derived = true },
	{ FIELD_OF(visit, started_by_id),                           .tag = 22, .refers = RECORD_TECHNICIAN, .derived = true },
	{ TIME_OF(visit, since_at_ms),                              .tag = 23, .derived = true, .since = 2 },
	{ FIELD_OF(visit, moved_gseq),                              .tag = 24, .derived = true, .max = INT64_MAX, .since = 2 },
	{ FIELD_OF(visit, signature_id),
	  .tag = 25, .refers = RECORD_ATTACHMENT, .derived = true, .since = 2 },
	{ FIELD_OF(visit, signer_role),
	  .tag = 26, .personal = true, .derived = true, .max = 200, .since = 2 },
	{ TIME_OF(visit, expected_at_ms),                           .tag = 27, .derived = true, .since = 4 },
};
/* clang-format on */

const struct schema visit_schema = {
	.kind = RECORD_VISIT,
	.name = "visit",
	.size = sizeof(struct visit),
	.extra = offsetof(struct visit, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TECHNICIAN, "technician_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "work_order_id" }, { "technician_id" } },
};

/* FACT rows from states in which nobody should have been on the way are there because the work was done all the same:
 * the handlers (handle_fact.c) open an issue beside the move. What has no row keeps its state. */
/* clang-format off */
static const struct move moves[] = { /* from, event, to */
	{ VISIT_STATE_PROPOSED, OPERATION_DISPATCH, VISIT_STATE_DISPATCHED },
	{ VISIT_STATE_SCHEDULED, OPERATION_DISPATCH, VISIT_STATE_DISPATCHED },
	{ VISIT_STATE_PROPOSED, OPERATION_RESCHEDULE, VISIT_STATE_SCHEDULED },
	{ VISIT_STATE_SCHEDULED, OPERATION_RESCHEDULE, VISIT_STATE_SCHEDULED },
	{ VISIT_STATE_DISPATCHED, OPERATION_RESCHEDULE, VISIT_STATE_DISPATCHED },
	{ VISIT_STATE_ACCEPTED, OPERATION_RESCHEDULE, VISIT_STATE_ACCEPTED },
	{ VISIT_STATE_DISPATCHED, OPERATION_ACCEPT, VISIT_STATE_ACCEPTED },
	{ VISIT_STATE_DISPATCHED, OPERATION_DECLINE, VISIT_STATE_DECLINED },
	{ VISIT_STATE_PROPOSED, OPERATION_CANCEL, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_SCHEDULED, OPERATION_CANCEL, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_DISPATCHED, OPERATION_CANCEL, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_ACCEPTED, OPERATION_CANCEL, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_DECLINED, OPERATION_CANCEL, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_TRAVELLING, OPERATION_CANCEL, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_PROPOSED, OPERATION_REASSIGN, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_SCHEDULED, OPERATION_REASSIGN, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_DISPATCHED, OPERATION_REASSIGN, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_ACCEPTED, OPERATION_REASSIGN, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_DECLINED, OPERATION_REASSIGN, VISIT_STATE_CANCELLED },
	{ VISIT_STATE_PROPOSED, OPERATION_TRAVEL, VISIT_STATE_TRAVELLING },
	{ VISIT_STATE_SCHEDULED, OPERATION_TRAVEL, VISIT_STATE_TRAVELLING },
	{ VISIT_STATE_DISPATCHED, OPERATION_TRAVEL, VISIT_STATE_TRAVELLING },
	{ VISIT_STATE_ACCEPTED, OPERATION_TRAVEL, VISIT_STATE_TRAVELLING },
	{ VISIT_STATE_DECLINED, OPERATION_TRAVEL, VISIT_STATE_TRAVELLING },
	{ VISIT_STATE_PROPOSED, OPERATION_ARRIVE, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_SCHEDULED, OPERATION_ARRIVE, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_DISPATCHED, OPERATION_ARRIVE, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_ACCEPTED, OPERATION_ARRIVE, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_DECLINED, OPERATION_ARRIVE, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_TRAVELLING, OPERATION_ARRIVE, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_ON_SITE, OPERATION_PAUSE, VISIT_STATE_PAUSED },
	{ VISIT_STATE_PAUSED, OPERATION_RESUME, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_PROPOSED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_SCHEDULED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_DISPATCHED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_ACCEPTED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_DECLINED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_TRAVELLING, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_ON_SITE, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_PAUSED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_ABORTED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_CANCELLED, OPERATION_FINISH, VISIT_STATE_DONE },
	{ VISIT_STATE_CANCELLED, OPERATION_RESOLVE_ISSUE, VISIT_STATE_DISPATCHED }, /* one that was withdrawn, see handle_issue.c */
	{ VISIT_STATE_DONE, OPERATION_REOPEN_VISIT, VISIT_STATE_ON_SITE },
	{ VISIT_STATE_PROPOSED, OPERATION_ABORT, VISIT_STATE_ABORTED },
	{ VISIT_STATE_SCHEDULED, OPERATION_ABORT, VISIT_STATE_ABORTED },
	{ VISIT_STATE_DISPATCHED, OPERATION_ABORT, VISIT_STATE_ABORTED },
	{ VISIT_STATE_ACCEPTED, OPERATION_ABORT, VISIT_STATE_ABORTED },
	{ VISIT_STATE_TRAVELLING, OPERATION_ABORT, VISIT_STATE_ABORTED },
	{ VISIT_STATE_ON_SITE, OPERATION_ABORT, VISIT_STATE_ABORTED },
	{ VISIT_STATE_PAUSED, OPERATION_ABORT, VISIT_STATE_ABORTED },
};

static const struct visit_state_row state_rows[] = {
	{ .state = VISIT_STATE_PROPOSED,   .open = true },
	{ .state = VISIT_STATE_SCHEDULED,  .open = true },
	{ .state = VISIT_STATE_DISPATCHED, .open = true },
	{ .state = VISIT_STATE_ACCEPTED,   .open = true },
	{ .state = VISIT_STATE_DECLINED },
	{ .state = VISIT_STATE_TRAVELLING, .open = true, .started = true, .under_way = true },
	{ .state = VISIT_STATE_ON_SITE,    .open = true, .started = true, .under_way = true },
	{ .state = VISIT_STATE_PAUSED,     .open = true, .started = true, .under_way = true },
	{ .state = VISIT_STATE_DONE,       .started = true, .ended = true },
	{ .state = VISIT_STATE_ABORTED,    .started = true, .ended = true },
	{ .state = VISIT_STATE_CANCELLED },
};
/* clang-format on */
static_assert(LENGTH(state_rows) == VISIT_STATE_COUNT, "every visit_state has a row");

const struct machine visit_machine = {
	.name = "visit",
	.moves = moves,
	.move_count = LENGTH(moves),
	.states = visit_state_names,
	.events = operation_kind_names,
};

const struct visit_state_row *visit_state_find(enum visit_state state)
{
	static const struct visit_state_row unknown = { .state = VISIT_STATE_COUNT };

	return state < LENGTH(state_rows) ? &state_rows[state] : &unknown;
}
