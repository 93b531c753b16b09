#include "protocol/wire/bundle.h"

#include <string.h>

#include "protocol/wire/body.h"
#include "protocol/wire/transcript.h"

#define MAGIC         "TRKBNDL1"
#define MAGIC_SIZE    8
#define VERSION_AT    7 /* the last byte of the magic */
#define COUNT_AT      (MAGIC_SIZE + 1 + 2 * ID_SIZE)
#define ENVELOPE_SIZE_MIN 16
#define KEY           "truckroll/bundle/v1"

enum part_flag { PART_OWN_ROWS = 1, PART_LAST = 2 };

static void seal_hash(struct bytes before, uint8_t out_hash[static HASH_SIZE])
{
	blake2b((struct bytes){ (const uint8_t *)KEY, sizeof(KEY) - 1 }, before, out_hash, HASH_SIZE);
}

void bundle_begin(struct bundle_writer *bundle, struct arena *arena, const struct bundle_head *head)
{
	*bundle = (struct bundle_writer){ .writer = writer_in(arena, BUNDLE_SIZE_MAX) };
	write_raw(&bundle->writer, MAGIC, MAGIC_SIZE);
	write_u8(&bundle->writer, (uint8_t)head->direction);
	write_id(&bundle->writer, &head->organisation);
	write_id(&bundle->writer, &head->device);
	write_u32(&bundle->writer, 0);
}

void bundle_add(struct bundle_writer *bundle, struct bytes envelope)
{
	bundle->count++;
	write_u32(&bundle->writer, (uint32_t)envelope.size);
	write_raw(&bundle->writer, envelope.data, envelope.size);
}

enum status bundle_end(struct bundle_writer *bundle, struct bytes *out_file)
{
	uint8_t hash[HASH_SIZE];

	if (bundle->count == 0)
		return fail(STATUS_INVALID, "bundle: there is nothing in it");
	for (size_t i = 0; i < 4 && !bundle->writer.overflow; i++)
		bundle->writer.data[COUNT_AT + i] = (uint8_t)(bundle->count >> (8 * i));
	seal_hash(writer_bytes(&bundle->writer), hash);
	write_raw(&bundle->writer, hash, HASH_SIZE);
	if (bundle->writer.overflow || bundle->count > BUNDLE_ENVELOPES_MAX)
		return fail(STATUS_INVALID, "bundle: more than one file takes");
	*out_file = writer_bytes(&bundle->writer);
	return STATUS_OK;
}

bool bundle_looks_like(struct bytes file)
{
	return file.size >= MAGIC_SIZE && memcmp(file.data, MAGIC, VERSION_AT) == 0;
}

static enum status read_head(struct reader *reader, struct bundle_head *out_head, size_t *out_count)
{
	uint8_t direction;

	(void)read_view(reader, MAGIC_SIZE);
	direction = read_u8(reader);
	out_head->direction = (enum bundle_direction)direction;
	out_head->organisation = read_id(reader);
	out_head->device = read_id(reader);
	*out_count = read_u32(reader);
	if (reader->bad || (direction != BUNDLE_TO_SERVER && direction != BUNDLE_TO_DEVICE) || *out_count == 0 ||
		*out_count > BUNDLE_ENVELOPES_MAX)
		return fail(STATUS_CORRUPT, "bundle: damaged at its beginning");
	return STATUS_OK;
}

enum status bundle_head_read(struct bytes beginning, struct bundle_head *out_head, size_t *out_count)
{
	struct reader reader = reader_of(beginning);

	return read_head(&reader, out_head, out_count);
}

/* The list is allocated only for as many as the bytes that are left can hold. */
static enum status read_envelopes(struct reader *reader, struct arena *arena, struct bundle *bundle)
{
	if (bundle->count > reader_left(reader) / (4 + ENVELOPE_SIZE_MIN))
		return fail(STATUS_CORRUPT, "bundle: cut");
	bundle->envelopes = arena_allocate_array(arena, bundle->count, sizeof(*bundle->envelopes));
	for (size_t i = 0; i < bundle->count; i++) {
		size_t size = read_u32(reader);
		if (size < ENVELOPE_SIZE_MIN || size > ENVELOPE_SIZE_MAX)
			reader->bad = true;
		bundle->envelopes[i] = read_view(reader, reader->bad ? 0 : size);
		if (reader->bad)
			return fail(STATUS_CORRUPT, "bundle: damaged or cut in envelope %zu of %zu", i + 1, bundle->count);
	}
	return STATUS_OK;
}

static enum status read_seal(struct reader *reader, struct bytes file)
{
	struct bytes before = { file.data, reader->position };
	struct bytes hash = read_view(reader, HASH_SIZE);
	uint8_t wanted[HASH_SIZE];

	if (reader->bad)
		return fail(STATUS_CORRUPT, "bundle: cut at its end");
	seal_hash(before, wanted);
	if (memcmp(hash.data, wanted, HASH_SIZE) != 0)
		return fail(STATUS_CORRUPT, "bundle: changed on its way");
	if (reader_left(reader) > 0)
		return fail(STATUS_CORRUPT, "bundle: more behind its end: two files were joined, or something was added");
	return STATUS_OK;
}

enum status bundle_read(struct bytes file, struct arena *arena, struct bundle *out_bundle)
{
	struct reader reader = reader_of(file);
	struct bundle bundle = { 0 };
	enum status status;

	if (!bundle_looks_like(file))
		return fail(STATUS_CORRUPT, "bundle: this is none");
	if (file.data[VERSION_AT] != MAGIC[VERSION_AT])
		return fail(STATUS_NEWER, "bundle: of another version");
	status = read_head(&reader, &bundle.head, &bundle.count);
	if (status == STATUS_OK)
		status = read_envelopes(&reader, arena, &bundle);
	if (status == STATUS_OK)
		status = read_seal(&reader, file);
	if (status == STATUS_OK)
		*out_bundle = bundle;
	return status;
}

/* ---- the section ---- */

void bundle_part_encode(struct writer *writer, const struct bundle_part *part)
{
	write_id(writer, &part->bundle);
	write_id(writer, &part->incarnation);
	write_cursor(writer, &part->told);
	write_cursor(writer, &part->since);
	write_count(writer, part->settled_seq);
	write_cursor(writer, &part->until);
	write_u8(writer, (uint8_t)((part->own_rows ? PART_OWN_ROWS : 0) | (part->last ? PART_LAST : 0)));
	write_count(writer, part->number);
}

enum status bundle_part_decode(struct bytes body, struct bundle_part *out_part)
{
	struct reader reader = reader_of(body);
	struct bundle_part part = { 0 };
	uint8_t flags;
	enum status status;

	part.bundle = read_id(&reader);
	part.incarnation = read_id(&reader);
	part.told = read_cursor(&reader);
	part.since = read_cursor(&reader);
	part.settled_seq = read_count(&reader);
	part.until = read_cursor(&reader);
	flags = read_flags(&reader, PART_OWN_ROWS | PART_LAST);
	part.own_rows = (flags & PART_OWN_ROWS) != 0;
	part.last = (flags & PART_LAST) != 0;
	part.number = read_count(&reader);
	status = reader_end(&reader, "bundle part");
	if (status == STATUS_OK)
		*out_part = part;
	return status;
}
