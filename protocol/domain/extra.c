#include "protocol/domain/extra.h"

#define TAG_MIN 2 /* the id is no field of theirs */

void extra_step(struct extra_walk *walk)
{
	uint32_t last = walk->tag;

	walk->there = false;
	if (reader_left(&walk->reader) == 0)
		return;
	walk->tag = (uint32_t)read_varint_max(&walk->reader, TAG_MAX);
	walk->value = read_bytes(&walk->reader, EXTRA_SIZE_MAX);
	walk->there = !walk->reader.bad && walk->tag > last && walk->value.size > 0;
}

struct extra_walk extra_walk_of(struct bytes extra)
{
	struct extra_walk walk = { .reader = reader_of(extra), .tag = TAG_MIN - 1 };

	extra_step(&walk);
	return walk;
}

void extra_write(struct writer *writer, uint32_t tag, struct bytes value)
{
	write_varint(writer, tag);
	write_bytes(writer, value);
}

uint64_t extra_tags(struct bytes extra)
{
	uint64_t tags = 0;

	for (struct extra_walk walk = extra_walk_of(extra); walk.there; extra_step(&walk))
		tags |= UINT64_C(1) << walk.tag;
	return tags;
}

struct bytes extra_find(struct bytes extra, uint32_t tag)
{
	struct extra_walk walk = extra_walk_of(extra);

	while (walk.there && walk.tag < tag)
		extra_step(&walk);
	return walk.there && walk.tag == tag ? walk.value : (struct bytes){ 0 };
}

struct bytes extra_patched(struct arena *arena, struct bytes extra, struct bytes patch, uint64_t mask)
{
	struct writer writer = writer_in(arena, 2 * EXTRA_SIZE_MAX);
	uint64_t tags = (extra_tags(extra) & ~mask) | (extra_tags(patch) & mask);

	for (uint32_t tag = TAG_MIN; tag <= TAG_MAX; tag++)
		if ((tags >> tag & 1) != 0)
			extra_write(&writer, tag, extra_find((mask >> tag & 1) != 0 ? patch : extra, tag));
	return writer_bytes(&writer);
}
