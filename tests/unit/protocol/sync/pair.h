/* A server and two devices in one process on calm virtual time, for tests that drive the cores by hand: real stores on disks in memory, the
 * simulation's nodes around them. Device 1 and its technician are of the first territory, device 2 of the second. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_PAIR_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_PAIR_H

#include "device_agent/store.h"
#include "protocol/domain/decide.h"
#include "protocol/domain/work_order.h"
#include "server/store.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/network.h"
#include "tests/simulation/server_node.h"
#include "tests/simulation/simulation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* last: it has a macro fail() */

/* For cmocka_unit_test_setup_teardown(): *state is the struct simulation. */
int pair_open(void **state);
int pair_close(void **state);

struct device_node *pair_device(struct simulation *pair, unsigned number);
/* Lets time go on until all is quiet; fails the test when it never is. */
void pair_settle(struct simulation *pair);
/* Fails the test unless the device holds what the server gives it, and had no incident. */
void pair_assert_fits(struct simulation *pair, unsigned number);
/* Lets things happen, requests to the server and answers included, until the next request of the device would arrive; its bytes are in the
 * pair's arena. False: none came. */
bool pair_intercept(struct simulation *pair, unsigned number, struct bytes *out_frame, uint64_t *out_connection);

/* The office's work; the id of what it made. */
struct id pair_make(struct simulation *pair, enum record_kind kind, const void *row);
struct id pair_order(struct simulation *pair, unsigned territory);
/* Of the first territory, with a description: in words of the newest dictionary, say. */
struct id pair_order_saying(struct simulation *pair, const char *description);
/* Books and dispatches; the visit's id. */
struct id pair_book(struct simulation *pair, const struct id *order, unsigned technician);
void pair_office(struct simulation *pair, enum operation_kind kind, const struct id *subject, const void *arguments);
/* The office sets one field of a record to what it is in `wanted`. */
void pair_edit(struct simulation *pair, const struct schema *schema, const struct id *id, const char *field, const void *wanted);
/* The office sets an id field of a record. */
void pair_set_id(struct simulation *pair, enum record_kind kind, const struct id *id, const char *field, const struct id *value);

/* The technician's operation, saved. Its id. */
struct id pair_do(struct simulation *pair, unsigned number, enum operation_kind kind, const struct id *subject, const void *arguments);
/* The technician's remark on an order, saved. The operation's id. */
struct id pair_note(struct simulation *pair, unsigned number, const struct id *order);

/* Rows as server and device have them; false when not there. */
bool pair_on_server(struct simulation *pair, enum record_kind kind, const struct id *id);
bool pair_on_device(struct simulation *pair, unsigned number, enum record_kind kind, const struct id *id);
size_t pair_count_on_server(struct simulation *pair, enum record_kind kind);
bool pair_logged(struct simulation *pair, const struct id *operation, struct logged_operation *out_logged);

#endif
