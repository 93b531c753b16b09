#include "protocol/sync/shadow_set.h"

#include <stdlib.h>

struct loading {
	struct shadow_set *set;
	struct arena *arena;
};

static enum status keep(void *context, const struct shadow *shadow)
{
	struct loading *loading = context;
	struct shadow_set *set = loading->set;

	set->shadows = arena_grow(loading->arena, set->shadows, set->count, &set->capacity, sizeof(*set->shadows));
	set->shadows[set->count++] = *shadow;
	return STATUS_OK;
}

static int compare(const void *left, const void *right)
{
	const struct shadow *a = left, *b = right;

	return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind) : id_compare(&a->id, &b->id);
}

enum status shadow_set_load(struct shadow_set *set, struct device_store *store, struct arena *arena)
{
	struct loading loading = { set, arena };
	enum status status;

	*set = (struct shadow_set){ 0 };
	status = device_store_shadow_each(store, keep, &loading);
	if (set->count > 0)
		qsort(set->shadows, set->count, sizeof(*set->shadows), compare);
	return status;
}

const struct shadow *shadow_set_find(const struct shadow_set *set, enum record_kind kind, const struct id *id)
{
	const struct shadow key = { .kind = kind, .id = *id };

	return set->count == 0 ? NULL : bsearch(&key, set->shadows, set->count, sizeof(key), compare);
}
