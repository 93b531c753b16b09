#include "tests/simulation/oracle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void oracle_finish(struct oracle *oracle)
{
	free(oracle->promises);
	free(oracle->orders);
	*oracle = (struct oracle){ 0 };
}

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity == 0 ? 64 : 2 * *capacity;
	array = realloc(array, *capacity * size);
	if (array == NULL)
		abort();
	return array;
}

struct promise *oracle_find(struct oracle *oracle, const struct id *id)
{
	for (size_t i = oracle->count; i > 0; i--)
		if (id_equal(&oracle->promises[i - 1].id, id))
			return &oracle->promises[i - 1];
	return NULL;
}

void oracle_content(struct bytes canonical, uint8_t out_content[static 16])
{
	crypto_generichash(out_content, 16, canonical.data, canonical.size, NULL, 0);
}

static int64_t quantity_of(const struct operation *operation)
{
	bool parts = operation->head.kind == OPERATION_USE_PART || operation->head.kind == OPERATION_RETURN_PART;

	return parts ? ((const struct part_arguments *)operation->arguments)->quantity : 0;
}

static int64_t spent_of(const struct operation *operation)
{
	const struct time_arguments *time = operation->arguments;

	return operation->head.kind == OPERATION_LOG_TIME ? time->end_at_ms - time->start_at_ms : 0;
}

struct promise *oracle_note(struct oracle *oracle, const struct id *id, unsigned device, enum promise_state state,
	const struct operation *operation, struct bytes canonical)
{
	struct promise *promise = oracle_find(oracle, id);

	if (promise != NULL)
		return promise;
	oracle->promises = grow(oracle->promises, oracle->count, &oracle->capacity, sizeof(*promise));
	promise = &oracle->promises[oracle->count++];
	*promise = (struct promise){ .id = *id,
		.device = device,
		.state = state,
		.kind = operation->head.kind,
		.subject = operation->head.subject,
		.base_gseq = operation->head.base_gseq,
		.quantity = quantity_of(operation),
		.spent_ms = spent_of(operation) };
	oracle_content(canonical, promise->content);
	return promise;
}

void oracle_note_order(struct oracle *oracle, const struct id *id)
{
	oracle->orders = grow(oracle->orders, oracle->order_count, &oracle->order_capacity, sizeof(*id));
	oracle->orders[oracle->order_count++] = *id;
}
