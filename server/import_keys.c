#include "server/import_keys.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST ((size_t)1024)

struct import_key {
	struct id id;
	uint64_t content;
	int64_t line; /* 0: free */
};

/* Ids are hashes as a rule, but a file may also give its own. */
static size_t id_mix(const struct id *id)
{
	uint64_t low, high;

	memcpy(&low, id->bytes, sizeof(low));
	memcpy(&high, id->bytes + sizeof(low), sizeof(high));
	low = (low ^ high >> 29) * UINT64_C(0x9e3779b97f4a7c15) + high;
	return (size_t)((low ^ low >> 31) * UINT64_C(0xbf58476d1ce4e5b9) >> 20);
}

/* The slot of `id`, or the free one where it belongs. */
static struct import_key *find_slot(struct import_key *slots, size_t capacity, const struct id *id)
{
	size_t at = id_mix(id) & (capacity - 1);

	while (slots[at].line != 0 && !id_equal(&slots[at].id, id))
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

static enum status grow(struct import_keys *keys)
{
	size_t capacity = keys->capacity == 0 ? CAPACITY_FIRST : keys->capacity * 2;
	struct import_key *slots = calloc(capacity, sizeof(*slots));

	if (slots == NULL)
		return fail(STATUS_INVALID, "there is no memory to compare the keys of so many rows: split the file");
	for (size_t i = 0; i < keys->capacity; i++)
		if (keys->slots[i].line != 0)
			*find_slot(slots, capacity, &keys->slots[i].id) = keys->slots[i];
	free(keys->slots);
	keys->slots = slots;
	keys->capacity = capacity;
	return STATUS_OK;
}

enum status import_keys_add(
	struct import_keys *keys, const struct id *id, uint64_t content, int64_t line, enum import_key_use *out_use, int64_t *out_line)
{
	struct import_key *slot;

	if (keys->count >= IMPORT_RECORDS_MAX)
		return fail(STATUS_INVALID, "the file has more than 3,000,000 records: split it");
	if (4 * (keys->count + 1) > 3 * keys->capacity) {
		enum status status = grow(keys);
		if (status != STATUS_OK)
			return status;
	}
	slot = find_slot(keys->slots, keys->capacity, id);
	if (slot->line != 0) {
		*out_use = slot->content == content ? IMPORT_KEY_REPEATED : IMPORT_KEY_TAKEN;
		*out_line = slot->line;
		return STATUS_OK;
	}
	*slot = (struct import_key){ .id = *id, .content = content, .line = line };
	keys->count++;
	*out_use = IMPORT_KEY_NEW;
	*out_line = line;
	return STATUS_OK;
}

bool import_keys_has(const struct import_keys *keys, const struct id *id)
{
	return keys->capacity > 0 && find_slot(keys->slots, keys->capacity, id)->line != 0;
}

void import_keys_finish(struct import_keys *keys)
{
	free(keys->slots);
	*keys = (struct import_keys){ .slots = NULL };
}
