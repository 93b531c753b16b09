/* What the handlers of operations share. Inside protocol/domain only: everybody else calls decide(). */
#ifndef TRUCKROLL_DOMAIN_HANDLER_H
#define TRUCKROLL_DOMAIN_HANDLER_H

#include "protocol/domain/attachment.h"
#include "protocol/domain/decide.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"

/* One operation being decided. */
struct handling {
	const struct decision *decision;
	const struct operation *operation;
	struct records *records;
	struct arena *arena;
	struct verdict *verdict;
	uint32_t ids_given;
};

/* Decides a checked operation: effects go to handling->records, what became of it to handling->verdict (APPLIED before). A status
 * other than OK means that the store failed. A handler that has refused must not have changed anything that counts: decide() drops it. */
typedef enum status (*handler)(struct handling *handling);

/* One handler for each kind of operation; the table in decide.c pairs them. */
enum status handle_create(struct handling *handling);
enum status handle_edit(struct handling *handling);
enum status handle_note(struct handling *handling);
enum status handle_book(struct handling *handling);
enum status handle_dispatch(struct handling *handling);
enum status handle_answer(struct handling *handling); /* accept, decline */
enum status handle_cancel(struct handling *handling);
enum status handle_reassign(struct handling *handling);
enum status handle_fact(struct handling *handling); /* travel, arrive, pause, resume, finish, abort */
enum status handle_part(struct handling *handling); /* use_part, return_part */
enum status handle_issue(struct handling *handling);
enum status handle_reschedule(struct handling *handling);
enum status handle_reopen_visit(struct handling *handling);
enum status handle_delay(struct handling *handling);
enum status handle_answer_task(struct handling *handling);
enum status handle_log_time(struct handling *handling);
enum status handle_read_meter(struct handling *handling);
enum status handle_add_photo(struct handling *handling);
enum status handle_sign(struct handling *handling);
enum status handle_hold(struct handling *handling);
enum status handle_release(struct handling *handling);
enum status handle_close(struct handling *handling);
enum status handle_reopen_order(struct handling *handling);
enum status handle_cancel_order(struct handling *handling);

/* The id of the next record this operation creates: its own, then those derived from it. */
struct id handling_next_id(struct handling *handling);

/* Verdicts. `detail` as in struct verdict. All return STATUS_OK, so that a handler can end with them. */
enum status handling_reject(struct handling *handling, enum rule rule, const char *field, struct text detail);
enum status handling_park(struct handling *handling, enum rule rule, const char *field, struct text detail, const struct id *waits_for);
/* Says why nothing moved, unless an issue is open already. */
enum status handling_note(struct handling *handling, enum rule rule, const char *field, struct text detail);
/* For a record that is not there: a CLAIM is rejected, everything else waits for it. */
enum status handling_missing(struct handling *handling, enum record_kind kind, const struct id *id, const char *field);

/* Fills in who, when and the next id, stores the issue and makes it the verdict's unless one is open already. `issue->kind` and
 * what it is about are the caller's. */
enum status handling_open_issue(struct handling *handling, struct issue *issue);
/* The same, but an open one of the same kind on the same visit takes it up: one issue a visit, however many facts. */
enum status handling_open_issue_once(struct handling *handling, struct issue *issue);

/* A row that an operation names; `*out_row` NULL when it is not there, or not there for its author. */
enum status handling_look(struct handling *handling, enum record_kind kind, const struct id *id, const void **out_row);

/* The subject, or NULL with the verdict of handling_missing(). */
enum status handling_subject(struct handling *handling, enum record_kind kind, const void **out_row);

/* The visit that a FACT is about and its order, both as they were before. */
struct occasion {
	struct visit visit;
	const struct work_order *order; /* in the arena; NULL: not held here */
	bool complete;                  /* false: something named is not there, and the verdict says so */
};

/* Loads them and looks up what the arguments name. */
enum status handling_occasion(struct handling *handling, struct occasion *out_occasion);
/* The order was over before the fact came. */
bool occasion_is_late(const struct occasion *occasion);

/* Whether `id` names a record of that kind; nil and the virtual locations do. */
enum status reference_holds(struct records *records, enum record_kind kind, const struct id *id, bool *out_holds);

/* Looks up what the reference fields among `mask` (bit `tag`) of a row name; the first that is not there parks or rejects the
 * operation. */
enum status handling_check_references(
	struct handling *handling, const struct schema *schema, const void *row, uint64_t mask, bool *out_complete);

/* Derives the order anew and stores it when that changed it; an order that is not held here is left alone. */
enum status handling_refresh_order(struct handling *handling, const struct id *work_order_id);

/* Opens the issues that a FACT by this author raises on a visit as it was before, and on an order that is over. `order` may be
 * NULL. */
enum status handling_flag_fact(struct handling *handling, const struct visit *before, const struct work_order *order);
/* The same for the order alone; with a visit, what was totalled of the order is marked stale. */
enum status handling_flag_late(struct handling *handling, const struct work_order *order, const struct visit *visit);

/* Tells a person that the author went by a plan that had been moved meanwhile. */
enum status handling_flag_moved(struct handling *handling, const struct visit *before, const struct work_order *order);

/* The time between the command that moved the visit before and this one. */
enum status handling_end_span(struct handling *handling, const struct visit *before, bool late);

/* An asset as named, and the one that it is by now. */
struct used_asset {
	struct id named;
	struct id id;
	bool gone; /* merged, retired or replaced */
};

/* Follows merges from `named`, which may be nil or not held here: then it stands. */
enum status handling_use_asset(struct handling *handling, const struct id *named, struct used_asset *out_used);
/* Tells a person when the asset was gone. `visit` may be NULL. */
enum status handling_flag_asset(struct handling *handling, const struct used_asset *used, const struct visit *visit);

/* Stores a reading and makes it what the meter shows, if it is the youngest. */
enum status handling_post_reading(struct handling *handling, const struct reading *reading);

/* Whether the technician serves the territory: at home or by a grant. */
enum status handling_serves(
	struct handling *handling, const struct technician *technician, const struct id *territory_id, bool *out_serves);
/* Whether an outcome may tell its author figures of the territory: a technician those of where he serves, or works just now. */
enum status handling_may_tell(struct handling *handling, const struct id *territory_id, const struct id *works_in, bool *out_may);

/* The verdict about an order that is over. */
enum status handling_refuse_over(struct handling *handling, const struct work_order *order);

/* Stores what the office attached to a record, which lives where that does; the verdict of handling_missing() when it is not there. */
enum status handling_post_attachment(struct handling *handling, struct attachment *attachment);

/* Stores a movement and adds both its legs to the balances; a real place that falls below zero opens an issue. */
enum status handling_post_movement(struct handling *handling, const struct movement *movement);

/* A text as the value of one key of a detail: what would end it is replaced. */
struct text handling_plain(struct handling *handling, struct text text);

/* Names of a visit's and an order's state. */
struct text handling_visit_state(struct handling *handling, enum visit_state state);
struct text handling_order_state(struct handling *handling, enum work_order_state state);

#endif
