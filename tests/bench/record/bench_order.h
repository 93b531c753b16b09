/* The record that ./bench measures with: no part of the product, known only to stores made with --bench. */
#ifndef TRUCKROLL_TESTS_BENCH_RECORD_BENCH_ORDER_H
#define TRUCKROLL_TESTS_BENCH_RECORD_BENCH_ORDER_H

#include "protocol/domain/schema.h"

/* The ten columns of the public workload; codes as text, as its file has them. */
struct bench_order {
	struct id id;
	struct text site;
	struct text asset;
	struct text title;
	struct text description;
	struct text state;
	int64_t priority;
	int64_t due_at_ms;
	struct text technician;
	int64_t updated_at_ms;
	struct bytes extra;
};

extern const struct schema bench_order_schema;

/* Makes the record known to this process (schema_register()). */
void bench_order_register(void);

#endif
