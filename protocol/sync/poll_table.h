/* Polls that wait for news, found by what news can be about: a scope that a commit changed, or the device itself. */
#ifndef TRUCKROLL_SYNC_POLL_TABLE_H
#define TRUCKROLL_SYNC_POLL_TABLE_H

#include "protocol/sync/inquiry.h"

struct poll_table;

struct poll_table *poll_table_create(void);
/* Accepts NULL; frees the polls, too. */
void poll_table_destroy(struct poll_table *table);

/* Takes the poll over; it waits for a change of one of these scopes (their numbers, copied), of its device, or for its
 * deadline. There is one poll a device: an earlier one is given back, else NULL. O(scopes + log polls). */
struct inquiry *poll_table_park(struct poll_table *table, struct inquiry *poll, const int64_t *scopes, size_t scope_count);

/* Each gives back a poll, which the table then no longer holds, or NULL when none fits; to be called until it is. O(its scopes
 * + log polls). */
struct inquiry *poll_table_take_of_scope(struct poll_table *table, int64_t scope);
struct inquiry *poll_table_take_of_device(struct poll_table *table, const struct id *device);
struct inquiry *poll_table_take_due(struct poll_table *table, int64_t now_ms);

/* When the next one is due, in monotonic ms; INT64_MAX: none waits. O(1). */
int64_t poll_table_deadline_ms(const struct poll_table *table);
size_t poll_table_count(const struct poll_table *table);

#endif
