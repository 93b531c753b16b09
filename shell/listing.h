/* Commands that both programs answer alike from a store: lists of records, one record, knowledge articles, issues, what became
 * of an operation. */
#ifndef TRUCKROLL_SHELL_LISTING_H
#define TRUCKROLL_SHELL_LISTING_H

#include "db/storage.h"
#include "protocol/domain/operation.h"
#include "protocol/domain/task.h"
#include "protocol/domain/work_order.h"
#include "protocol/domain/operation_outcome.h"
#include "shell/command.h"

/* True for the rows that are wanted. */
typedef bool (*listing_filter)(const void *context, const void *row);

struct listing {
	enum record_kind kind;
	const char *name;          /* in JSON */
	const char *const *fields; /* end with NULL */
	const char *time_field;    /* a FIELD_TIME: rows in its order, then in that of ids; NULL: of ids */
	listing_filter filter;     /* NULL: all */
	const void *filter_context;
	int64_t limit; /* rows at most; 0: all */
};

/* A table of all rows of a kind that pass. O(rows of the kind). */
enum status listing_rows(struct context *context, struct storage *storage, const struct listing *listing);

/* One record of any kind, by kind's name ("work_order") and what a person calls it. */
enum status listing_show(struct context *context, struct storage *storage, struct text kind, struct text which);

/* A work order with its site, asset, visits, notes and parts used. */
enum status listing_show_order(struct context *context, struct storage *storage, const struct id *work_order);

/* What an operation said: its arguments, or what an edit changed, before and after. */
void listing_operation(struct context *context, struct storage *storage, const struct operation *operation);

/* From now on people see what the store's records are called instead of ids, and numbers as they are read. */
void listing_read_records(struct context *context, struct storage *storage);

/* Says that more belongs to an order than a device is given. */
void listing_note_overfull(struct context *context);

/* Open issues (all with `all`) in words, oldest first, and beneath them the operations that are parked. */
enum status listing_issues(struct context *context, struct storage *storage, bool all);

/* What to do about an operation that is parked, in the reader's language. */
const char *listing_parked_advice(struct context *context, struct storage *storage, const struct operation_outcome *outcome);

/* Knowledge articles, and one of them in full, by what a person calls it. */
enum status listing_kb(struct context *context, struct storage *storage, int64_t limit);
enum status listing_kb_article(struct context *context, struct storage *storage, struct text which);

/* The tasks of an order as they are worked off: by position; withdrawn ones are left out. */
struct task_list {
	const struct task **tasks; /* in the command's arena */
	size_t count;
};

enum status listing_load_tasks(struct context *context, struct storage *storage, const struct id *work_order, struct task_list *out_list);
/* How many mandatory ones nobody has answered. */
size_t listing_open_tasks(const struct task_list *list);
/* With their answers, as the table "tasks"; numbered from 1. */
enum status listing_tasks(struct context *context, struct storage *storage, const struct task_list *list);

/* Tasks, meters, the way in, contacts, times and files of an order, each a table of its own. */
enum status listing_site(struct context *context, struct storage *storage, const struct work_order *order);

#endif
