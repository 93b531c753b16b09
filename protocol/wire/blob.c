#include "protocol/wire/blob.h"

#include <sodium.h>
#include <string.h>

#include "protocol/wire/body.h"

struct hash blob_chunk_hash(struct bytes chunk)
{
	struct hash hash;

	(void)crypto_generichash(hash.bytes, sizeof(hash.bytes), chunk.data, chunk.size, NULL, 0);
	return hash;
}

struct bytes blob_list_of(struct arena *arena, struct bytes content)
{
	size_t count = (content.size + BLOB_CHUNK_SIZE - 1) / BLOB_CHUNK_SIZE;
	uint8_t *list = arena_allocate_array(arena, count + 1, BLOB_HASH_SIZE);

	for (size_t i = 0; i < count; i++) {
		size_t at = i * BLOB_CHUNK_SIZE;
		size_t size = content.size - at < BLOB_CHUNK_SIZE ? content.size - at : BLOB_CHUNK_SIZE;
		struct hash hash = blob_chunk_hash((struct bytes){ content.data + at, size });
		memcpy(list + i * BLOB_HASH_SIZE, hash.bytes, BLOB_HASH_SIZE);
	}
	return (struct bytes){ list, count * BLOB_HASH_SIZE };
}

/* None of these calls can fail for these sizes. */
static struct hash hash_of(uint64_t size, struct bytes list)
{
	crypto_generichash_state state;
	uint8_t length[8];
	struct hash id;

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(size >> 8 * i);
	(void)crypto_generichash_init(&state, NULL, 0, sizeof(id.bytes));
	(void)crypto_generichash_update(&state, length, sizeof(length));
	(void)crypto_generichash_update(&state, list.data, list.size);
	(void)crypto_generichash_final(&state, id.bytes, sizeof(id.bytes));
	return id;
}

static size_t list_size(int64_t size)
{
	return ((size_t)size + BLOB_CHUNK_SIZE - 1) / BLOB_CHUNK_SIZE * BLOB_HASH_SIZE;
}

enum status blob_id_of_list(int64_t size, struct bytes list, struct hash *out_id)
{
	if (size < 0 || size > (int64_t)BLOB_FILE_MAX || list.size != list_size(size))
		return fail(STATUS_CORRUPT, "file: a list of %zu bytes is not of %lld bytes", list.size, (long long)size);
	*out_id = hash_of((uint64_t)size, list);
	return STATUS_OK;
}

struct blob_text blob_to_text(const struct hash *id)
{
	struct blob_text text;

	(void)sodium_bin2hex(text.characters, sizeof(text.characters), id->bytes, sizeof(id->bytes));
	return text;
}

struct blob_text blob_id(struct bytes bytes)
{
	struct arena arena = { 0 };
	struct hash id = hash_of(bytes.size, blob_list_of(&arena, bytes));

	arena_finish(&arena);
	return blob_to_text(&id);
}

enum status blob_from_text(struct text text, struct hash *out_id)
{
	size_t size = 0;

	if (text.size != 2 * BLOB_HASH_SIZE ||
		sodium_hex2bin(out_id->bytes, sizeof(out_id->bytes), text.data, text.size, NULL, &size, NULL) != 0 ||
		size != sizeof(out_id->bytes))
		return fail(STATUS_INVALID, "file: its name has not %d digits", 2 * BLOB_HASH_SIZE);
	return STATUS_OK;
}

/* ---- sections ---- */

void blob_offer_encode(struct writer *writer, const struct blob_offer *offer)
{
	write_hash(writer, &offer->id);
	write_varint(writer, (uint64_t)offer->size);
	write_raw(writer, offer->list.data, offer->list.size);
}

enum status blob_offer_decode(struct bytes body, struct blob_offer *out_offer)
{
	struct reader reader = reader_of(body);

	out_offer->id = read_hash(&reader);
	out_offer->size = (int64_t)read_varint_max(&reader, BLOB_FILE_MAX);
	out_offer->list = read_view(&reader, list_size(out_offer->size));
	return reader_end(&reader, "have");
}

void blob_standings_encode(struct writer *writer, const struct blob_standing *standings, size_t count)
{
	write_varint(writer, count);
	for (size_t i = 0; i < count; i++) {
		write_hash(writer, &standings[i].id);
		write_u8(writer, standings[i].state);
		write_varint(writer, standings[i].range_count);
		for (size_t k = 0; k < standings[i].range_count; k++) {
			write_varint(writer, (uint64_t)standings[i].ranges[k].offset);
			write_varint(writer, (uint64_t)standings[i].ranges[k].size);
		}
	}
}

/* A range is not empty, begins behind the one before it, and lies within a file. */
static void read_standing(struct reader *reader, struct blob_standing *out_standing)
{
	int64_t end = 0;

	out_standing->id = read_hash(reader);
	out_standing->state = read_u8(reader);
	out_standing->range_count = (size_t)read_varint_max(reader, BLOB_RANGES_MAX);
	for (size_t k = 0; k < out_standing->range_count; k++) {
		struct blob_range *range = &out_standing->ranges[k];
		range->offset = (int64_t)read_varint_max(reader, BLOB_FILE_MAX);
		range->size = (int64_t)read_varint_max(reader, BLOB_FILE_MAX);
		if (range->size == 0 || range->offset < end || range->offset + range->size > (int64_t)BLOB_FILE_MAX)
			reader->bad = true;
		end = range->offset + range->size;
	}
}

enum status blob_standings_decode(struct bytes body, struct arena *arena, struct blob_standing **out_standings, size_t *out_count)
{
	struct reader reader = reader_of(body);

	*out_count = (size_t)read_varint_max(&reader, BLOB_NAMES_MAX);
	*out_standings = arena_allocate_array(arena, *out_count, sizeof(**out_standings));
	for (size_t i = 0; i < *out_count; i++)
		read_standing(&reader, &(*out_standings)[i]);
	return reader_end(&reader, "have");
}

void blob_wishes_encode(struct writer *writer, const struct blob_wishes *wishes)
{
	write_varint(writer, wishes->piece_max);
	write_varint(writer, wishes->count);
	for (size_t i = 0; i < wishes->count; i++) {
		write_hash(writer, &wishes->wishes[i].id);
		write_u8(writer, (uint8_t)(wishes->wishes[i].form * 2 + wishes->wishes[i].list_known));
		write_varint(writer, (uint64_t)wishes->wishes[i].offset);
	}
}

enum status blob_wishes_decode(struct bytes body, struct arena *arena, struct blob_wishes *out_wishes)
{
	struct reader reader = reader_of(body);

	out_wishes->piece_max = (size_t)read_varint_max(&reader, BLOB_FILE_MAX);
	out_wishes->count = (size_t)read_varint_max(&reader, BLOB_NAMES_MAX);
	out_wishes->wishes = arena_allocate_array(arena, out_wishes->count, sizeof(*out_wishes->wishes));
	for (size_t i = 0; i < out_wishes->count; i++) {
		struct blob_wish *wish = &out_wishes->wishes[i];
		uint8_t form;
		wish->id = read_hash(&reader);
		form = read_u8(&reader);
		wish->form = form / 2;
		wish->list_known = form % 2 == 1;
		wish->offset = (int64_t)read_varint_max(&reader, BLOB_FILE_MAX);
	}
	return reader_end(&reader, "want");
}

void blob_piece_encode(struct writer *writer, const struct blob_piece *piece)
{
	write_hash(writer, &piece->id);
	write_varint(writer, (uint64_t)piece->offset);
	write_bytes(writer, piece->bytes);
}

enum status blob_piece_decode(struct bytes body, struct blob_piece *out_piece)
{
	struct reader reader = reader_of(body);

	out_piece->id = read_hash(&reader);
	out_piece->offset = (int64_t)read_varint_max(&reader, BLOB_FILE_MAX - 1);
	out_piece->bytes = read_bytes(&reader, BLOB_PIECE_MAX);
	if (out_piece->bytes.size == 0)
		reader.bad = true;
	return reader_end(&reader, "chunk");
}

void blob_held_encode(struct writer *writer, const struct hash *ids, size_t count)
{
	write_varint(writer, count);
	for (size_t i = 0; i < count; i++)
		write_raw(writer, ids[i].bytes, BLOB_BEGINNING);
}

enum status blob_held_decode(struct bytes body, struct bytes *out_beginnings)
{
	struct reader reader = reader_of(body);
	size_t count = (size_t)read_varint_max(&reader, BLOB_HELD_MAX);
	struct bytes beginnings = read_view(&reader, count * BLOB_BEGINNING);
	enum status status = reader_end(&reader, "held");

	if (status == STATUS_OK)
		*out_beginnings = beginnings;
	return status;
}

bool blob_held_names(struct bytes beginnings, const struct hash *id)
{
	for (size_t at = 0; at + BLOB_BEGINNING <= beginnings.size; at += BLOB_BEGINNING)
		if (memcmp(beginnings.data + at, id->bytes, BLOB_BEGINNING) == 0)
			return true;
	return false;
}
