#include "protocol/sync/change_ring.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"

#define BUCKETS 16384

/* Entries are numbered from 1 for ever; number n lies in slot n % CHANGE_RING_ENTRIES until n + CHANGE_RING_ENTRIES takes it. */
struct change_entry {
	int64_t gseq;
	uint64_t mask;
	uint64_t older; /* number of the next older entry in the bucket, 0: none */
	struct id id;
	enum record_kind kind;
};

struct change_ring {
	int64_t horizon; /* changes up to it are not known */
	uint64_t last;   /* number of the newest entry */
	uint64_t heads[BUCKETS];
	struct change_entry entries[CHANGE_RING_ENTRIES];
};

struct change_ring *change_ring_create(int64_t gseq)
{
	struct change_ring *ring = memory_zeroed(1, sizeof(*ring));

	ring->horizon = gseq;
	return ring;
}

void change_ring_destroy(struct change_ring *ring)
{
	free(ring);
}

static size_t bucket_of(enum record_kind kind, const struct id *id)
{
	uint64_t hash;

	memcpy(&hash, id->bytes, sizeof(hash)); /* ids are hash output already */
	return (size_t)(hash ^ (uint64_t)kind * 0x9e3779b97f4a7c15U) % BUCKETS;
}

static bool is_kept(const struct change_ring *ring, uint64_t number)
{
	return number != 0 && number + CHANGE_RING_ENTRIES > ring->last;
}

void change_ring_add(struct change_ring *ring, int64_t gseq, enum record_kind kind, const struct id *id, uint64_t mask)
{
	size_t bucket = bucket_of(kind, id);
	struct change_entry *entry = &ring->entries[++ring->last % CHANGE_RING_ENTRIES];

	if (entry->gseq > ring->horizon)
		ring->horizon = entry->gseq; /* overwritten: what that commit changed is not wholly known any more */
	*entry = (struct change_entry){ gseq, mask, ring->heads[bucket], *id, kind };
	ring->heads[bucket] = ring->last;
}

void change_ring_forget(struct change_ring *ring, int64_t gseq)
{
	while (ring->last != 0 && ring->entries[ring->last % CHANGE_RING_ENTRIES].gseq == gseq) {
		struct change_entry *entry = &ring->entries[ring->last % CHANGE_RING_ENTRIES];
		ring->heads[bucket_of(entry->kind, &entry->id)] = entry->older;
		*entry = (struct change_entry){ 0 };
		ring->last--;
	}
}

bool change_ring_union(const struct change_ring *ring, enum record_kind kind, const struct id *id, int64_t since, uint64_t *out_mask)
{
	uint64_t mask = 0;

	if (since < ring->horizon)
		return false;
	for (uint64_t number = ring->heads[bucket_of(kind, id)]; is_kept(ring, number);) {
		const struct change_entry *entry = &ring->entries[number % CHANGE_RING_ENTRIES];
		if (entry->gseq <= since)
			break;
		if (entry->kind == kind && id_equal(&entry->id, id)) {
			if (entry->mask == 0)
				return false;
			mask |= entry->mask;
		}
		number = entry->older;
	}
	*out_mask = mask;
	return mask != 0;
}
