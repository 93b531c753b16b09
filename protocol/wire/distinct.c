#include "protocol/wire/distinct.h"

#include <string.h>

#include "protocol/base/id.h"

#define PROBES_MAX 64 /* values made to collide cost no more than this each */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t hash_bytes(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t hash = size;

	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = 0;
		memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
		hash = mix(hash, word);
	}
	return mix(hash, 0);
}

static uint64_t hash_integer(const void *values, size_t position)
{
	return mix(mix(0, (uint64_t)((const int64_t *)values)[position]), 0);
}

static bool equal_integer(const void *values, size_t left, size_t right)
{
	return ((const int64_t *)values)[left] == ((const int64_t *)values)[right];
}

static uint64_t hash_id(const void *values, size_t position)
{
	return hash_bytes(((const struct id *)values)[position].bytes, ID_SIZE);
}

static bool equal_id(const void *values, size_t left, size_t right)
{
	return id_equal(&((const struct id *)values)[left], &((const struct id *)values)[right]);
}

static uint64_t hash_text(const void *values, size_t position)
{
	const struct text *text = &((const struct text *)values)[position];

	return text->size == 0 ? 0 : hash_bytes(text->data, text->size);
}

static bool equal_text(const void *values, size_t left, size_t right)
{
	return text_equal(((const struct text *)values)[left], ((const struct text *)values)[right]);
}

const struct distinct_rule distinct_integers = { .hash = hash_integer, .equal = equal_integer };
const struct distinct_rule distinct_ids = { .hash = hash_id, .equal = equal_id };
const struct distinct_rule distinct_texts = { .hash = hash_text, .equal = equal_text };

bool distinct_find(struct arena *scratch, const void *values, size_t count, size_t limit, const struct distinct_rule *rule,
		   struct distinct *out_distinct)
{
	size_t slots = 16;
	uint32_t *table; /* number of the distinct value + 1; 0: free */
	struct distinct distinct = { 0 };

	while (slots < 4 * (limit < count ? limit : count))
		slots *= 2;
	table = arena_allocate_array(scratch, slots, sizeof(*table));
	distinct.first = arena_allocate_array(scratch, limit + 1, sizeof(*distinct.first));
	distinct.index = arena_allocate_array(scratch, count, sizeof(*distinct.index));
	for (size_t i = 0; i < count; i++) {
		size_t slot = (size_t)rule->hash(values, i) & (slots - 1);
		size_t probes = 0;
		while (table[slot] != 0 && !rule->equal(values, distinct.first[table[slot] - 1], i)) {
			slot = (slot + 1) & (slots - 1);
			if (++probes > PROBES_MAX)
				return false;
		}
		if (table[slot] == 0) {
			if (distinct.count == limit)
				return false;
			distinct.first[distinct.count++] = i;
			table[slot] = (uint32_t)distinct.count;
		}
		distinct.index[i] = table[slot] - 1;
	}
	*out_distinct = distinct;
	return true;
}
