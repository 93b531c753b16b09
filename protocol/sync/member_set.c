#include "protocol/sync/member_set.h"

#include <string.h>

#define SLOTS_MIN 64 /* a power of two */

/* The slot that holds the row, or the free one where it would go. */
static uint32_t *slot_of(const struct member_set *set, enum record_kind kind, const struct id *id)
{
	uint64_t hash;

	memcpy(&hash, id->bytes, sizeof(hash)); /* ids are hashes; a few thousand chosen ones would only be slow */
	hash = (hash ^ (uint64_t)kind) * 0x9e3779b97f4a7c15U >> 32;
	for (;; hash++) {
		uint32_t *slot = &set->slots[hash & (set->slot_count - 1)];
		const struct member *member = *slot == 0 ? NULL : &set->members[*slot - 1];
		if (member == NULL || (member->kind == kind && id_equal(&member->id, id)))
			return slot;
	}
}

static void grow(struct member_set *set)
{
	set->slot_count = set->slot_count == 0 ? SLOTS_MIN : 2 * set->slot_count;
	set->slots = arena_allocate_array(set->arena, set->slot_count, sizeof(*set->slots));
	for (size_t i = 0; i < set->count; i++)
		*slot_of(set, set->members[i].kind, &set->members[i].id) = (uint32_t)i + 1;
}

struct member *member_set_find(const struct member_set *set, enum record_kind kind, const struct id *id)
{
	uint32_t place = set->slot_count == 0 ? 0 : *slot_of(set, kind, id);

	return place == 0 ? NULL : &set->members[place - 1];
}

bool member_set_add(struct member_set *set, const struct member *member)
{
	uint32_t *slot;

	if (2 * set->count >= set->slot_count)
		grow(set);
	slot = slot_of(set, member->kind, &member->id);
	if (*slot != 0)
		return false;
	set->members = arena_grow(set->arena, set->members, set->count, &set->capacity, sizeof(*set->members));
	set->members[set->count++] = *member;
	*slot = (uint32_t)set->count;
	return true;
}
