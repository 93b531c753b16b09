/* Commands that both programs answer alike from a store: lists of records, one record, knowledge articles, issues, what became
 * of an operation. */
#ifndef TRUCKROLL_SHELL_LISTING_H
#define TRUCKROLL_SHELL_LISTING_H

#include "db/storage.h"
#include "shell/command.h"

/* True for the rows that are wanted. */
typedef bool (*listing_filter)(const void *context, const void *row);

/* A table of all rows of a kind that pass (NULL: all), at most `limit` (0: all), as `name` in JSON. `fields` end with NULL.
 * In the order of `time_field` (a FIELD_TIME), then of ids; NULL: of ids. Returns how many in out_count (may be NULL).
 * O(rows of the kind). */
enum status listing_rows(struct context *context, struct storage *storage, enum record_kind kind, const char *name,
	const char *const *fields, const char *time_field, listing_filter filter, const void *filter_context, int64_t limit,
	size_t *out_count);

/* One record of any kind, by kind's name ("work_order") and what a person calls it. */
enum status listing_show(struct context *context, struct storage *storage, struct text kind, struct text which);

/* A work order with its site, asset, visits, notes and parts used. */
enum status listing_show_order(struct context *context, struct storage *storage, const struct id *work_order);

/* Open issues (all with `all`) in words, oldest first. */
enum status listing_issues(struct context *context, struct storage *storage, bool all);

/* Knowledge articles, and one of them in full, by what a person calls it. */
enum status listing_kb(struct context *context, struct storage *storage, int64_t limit);
enum status listing_kb_article(struct context *context, struct storage *storage, struct text which);

#endif
