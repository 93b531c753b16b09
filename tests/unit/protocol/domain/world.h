/* A small organisation in memory for the tests of the rules: a store of rows, and words to make operations happen in it. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_DOMAIN_WORLD_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_DOMAIN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* the tree has a function of that name */

#include "protocol/base/buffer.h"
#include "protocol/domain/decide.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"

struct stored_row {
	enum record_kind kind;
	const void *row;
};

/* Its first member makes it a store: hand &world.records to an overlay. */
struct world {
	struct records records;
	struct arena arena;
	struct stored_row *rows; /* by kind, then id */
	size_t count;
	size_t capacity;
	uint32_t operations; /* numbers the ids of operations */
};

/* Who and what is there after world_init(). */
enum {
	ANNA = 1,
	BELA = 2,
	CLEO = 3
};
enum {
	VAN_OF_ANNA = 1,
	DEPOT = 2,
	VAN_OF_BELA = 3
};
enum {
	COAST = 1,
	VALLEY = 2
};
#define NOON     INT64_C(1700000000000)
#define ALL_SEEN INT64_MAX /* base_gseq of an author who knew every commit */

void world_init(struct world *world);
void world_finish(struct world *world);
/* The n-th record of a kind. */
struct id world_id(enum record_kind kind, uint8_t n);
void world_put(struct world *world, enum record_kind kind, const void *row);
/* NULL when it is not there. */
const void *world_find(struct world *world, enum record_kind kind, struct id id);
const struct visit *world_visit(struct world *world, uint8_t n);
const struct work_order *world_order(struct world *world, uint8_t n);
const struct issue *world_issue(struct world *world, struct id id);
size_t world_count(const struct world *world, enum record_kind kind);
size_t world_issues(const struct world *world, enum issue_kind kind);
bool world_equal(const struct world *left, const struct world *right);

/* A visit of order 1 in that state, with the order's derived state put right. */
void world_set_visit(struct world *world, uint8_t n, uint8_t technician, enum visit_state state);
/* Parts brought in from the vendor. */
void world_stock(struct world *world, uint8_t location, uint8_t part, int64_t quantity);
void world_close_order(struct world *world, uint8_t n);

/* 0 when there is no balance row. */
int64_t world_balance(struct world *world, struct id location_id, uint8_t part);

/* Operations by a technician, or by the office when `technician` is 0. */
struct operation world_operation(enum operation_kind kind, struct id subject, uint8_t technician, const void *arguments);
struct verdict world_decide(struct world *world, const struct operation *operation);
/* Writes the net changes to what lies under the overlay. */
void world_flush(struct overlay *overlay);
/* Under the id of operation `number`. */
struct verdict world_decide_as(struct world *world, const struct operation *operation, uint32_t number);
struct decision world_decision(const struct operation *operation, uint32_t number);
/* On visit n, or on order 1 where it is about an order, with arguments that are well-formed for the kind. */
struct verdict world_do(struct world *world, enum operation_kind kind, uint8_t visit, uint8_t technician);

void assert_rule(struct verdict verdict, enum outcome outcome, const char *rule);
void assert_text(struct text text, const char *expected);

/* The same numbers for the same seed on every machine. */
uint64_t next_number(uint64_t *seed);

/* Compares with tests/golden/`name`; with UPDATE_GOLDEN=1 in the environment, writes it instead. */
void assert_golden(const char *name, struct text actual);
/* The stored text of tests/golden/`name` in the arena; empty when there is none. */
struct text golden_read(struct arena *arena, const char *name);

#endif
