#include "protocol/sync/pull_position.h"

#include "protocol/wire/body.h"

#define TOKEN_FORM     3
#define TOKEN_SIZE_MAX 64 /* enough for 10^13 commits */

enum flag {
	FLAG_WITH_OWN = 1,
	FLAG_SHARED = 2
};

struct bytes pull_position_encode(struct arena *arena, const struct pull_position *position)
{
	struct writer writer = writer_in(arena, TOKEN_SIZE_MAX);

	write_u8(&writer, TOKEN_FORM);
	write_varint(&writer, (uint64_t)position->first_gseq);
	write_varint(&writer, (uint64_t)position->pass_gseq);
	write_varint(&writer, (uint64_t)position->low);
	write_varint(&writer, (uint64_t)position->words_gseq);
	write_varint(&writer, (uint64_t)position->scope);
	write_u8(&writer, (uint8_t)((unsigned)position->part << 4 | (unsigned)position->class));
	write_u8(&writer, (uint8_t)position->kind);
	write_varint(&writer, (uint64_t)position->gseq);
	write_raw(&writer, &position->id, sizeof(position->id));
	write_u8(&writer, (uint8_t)((position->with_own ? FLAG_WITH_OWN : 0) | (position->shared ? FLAG_SHARED : 0)));
	return writer_bytes(&writer);
}

bool pull_position_decode(struct bytes token, struct pull_position *out_position)
{
	struct reader reader = reader_of(token);
	struct pull_position position = { 0 };
	uint8_t form = read_u8(&reader), part, flags;

	position.first_gseq = (int64_t)read_varint_max(&reader, INT64_MAX);
	position.pass_gseq = (int64_t)read_varint_max(&reader, INT64_MAX);
	position.low = (int64_t)read_varint_max(&reader, INT64_MAX);
	position.words_gseq = (int64_t)read_varint_max(&reader, INT64_MAX);
	position.scope = (int64_t)read_varint_max(&reader, INT64_MAX);
	part = read_u8(&reader);
	position.part = (enum pass_part)(part >> 4);
	position.class = (enum delivery_class)(part & 0x0f);
	position.kind = (enum record_kind)read_u8(&reader);
	position.gseq = (int64_t)read_varint_max(&reader, INT64_MAX);
	read_raw(&reader, &position.id, sizeof(position.id));
	flags = read_u8(&reader);
	position.with_own = (flags & FLAG_WITH_OWN) != 0;
	position.shared = (flags & FLAG_SHARED) != 0;
	*out_position = position;
	return form == TOKEN_FORM && !reader.bad && reader_left(&reader) == 0 && position.part < PART_COUNT &&
	       position.class <= CLASS_COUNT && position.kind <= RECORD_KIND_MAX && (flags & ~(FLAG_WITH_OWN | FLAG_SHARED)) == 0;
}
