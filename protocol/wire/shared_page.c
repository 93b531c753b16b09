#include "protocol/wire/shared_page.h"

#include <sodium.h>
#include <string.h>

#include "protocol/wire/body.h"
#include "protocol/wire/transcript.h"

#define FORM       1
#define PLACE_SIZE ((size_t)55)
#define HEAD_SIZE  (PLACE_SIZE + 5) /* magic and form before it */

static const char magic[4] = "TRKP";

static void write_place(struct writer *writer, const struct shared_place *place)
{
	write_raw(writer, &place->epoch, sizeof(place->epoch));
	write_u32(writer, place->revision);
	write_u8(writer, (uint8_t)place->scope.kind);
	write_raw(writer, &place->scope.id, sizeof(place->scope.id));
	write_u8(writer, place->delivery);
	write_u8(writer, (uint8_t)place->kind);
	write_raw(writer, &place->after, sizeof(place->after));
}

static struct hash hash_of(const char *domain, struct bytes bytes)
{
	struct transcript transcript;

	transcript_init(&transcript, domain);
	transcript_add(&transcript, bytes.data, bytes.size);
	return transcript_hash(&transcript);
}

struct shared_name shared_page_name(const struct shared_place *place)
{
	struct arena scratch = { 0 };
	struct writer writer = writer_in(&scratch, PLACE_SIZE);
	struct bytes generation;
	struct shared_name name;

	write_place(&writer, place);
	generation = (struct bytes){ writer.data, sizeof(place->epoch) + sizeof(place->revision) };
	(void)sodium_bin2hex(name.characters, SHARED_GENERATION_SIZE + 1, hash_of("truckroll/shared-generation/v1", generation).bytes,
		SHARED_GENERATION_SIZE / 2);
	name.characters[SHARED_GENERATION_SIZE] = '-';
	(void)sodium_bin2hex(name.characters + SHARED_GENERATION_SIZE + 1, SHARED_NAME_SIZE - SHARED_GENERATION_SIZE - 1,
		hash_of("truckroll/shared-place/v1", writer_bytes(&writer)).bytes, ID_SIZE);
	arena_finish(&scratch);
	return name;
}

static void write_head(struct writer *writer, const struct shared_place *place)
{
	write_raw(writer, magic, sizeof(magic));
	write_u8(writer, FORM);
	write_place(writer, place);
}

struct bytes shared_page_encode(struct arena *arena, const struct shared_place *place, const struct shared_page *page)
{
	struct writer writer = writer_in(arena, SHARED_PAGE_FILE_MAX);
	struct hash hash;

	write_head(&writer, place);
	write_u64(&writer, (uint64_t)page->gseq);
	write_u8(&writer, (uint8_t)page->kind);
	write_raw(&writer, &page->last, sizeof(page->last));
	write_bytes(&writer, page->packed);
	blake2b((struct bytes){ 0 }, writer_bytes(&writer), hash.bytes, sizeof(hash.bytes));
	write_raw(&writer, &hash, sizeof(hash));
	return writer_bytes(&writer);
}

/* The whole head is compared: a file under another page's name is as wrong as a damaged one. */
static bool begins_with(struct reader *reader, const struct shared_place *place)
{
	struct arena scratch = { 0 };
	struct writer head = writer_in(&scratch, HEAD_SIZE);
	struct bytes found;
	bool same;

	write_head(&head, place);
	found = read_view(reader, head.size);
	same = found.size == head.size && memcmp(found.data, head.data, head.size) == 0;
	arena_finish(&scratch);
	return same;
}

enum status shared_page_decode(struct bytes file, const struct shared_place *place, struct shared_page *out_page)
{
	struct bytes content = { file.data, file.size < HASH_SIZE ? 0 : file.size - HASH_SIZE };
	struct reader reader = reader_of(content);
	struct shared_page page = { 0 };
	struct hash hash;

	blake2b((struct bytes){ 0 }, content, hash.bytes, sizeof(hash.bytes));
	if (file.size < HASH_SIZE || memcmp(hash.bytes, file.data + content.size, sizeof(hash.bytes)) != 0)
		return fail(STATUS_CORRUPT, "shared page: damaged or cut");
	if (!begins_with(&reader, place))
		return fail(STATUS_CORRUPT, "shared page: of another place");
	page.gseq = (int64_t)read_u64(&reader);
	page.kind = (enum record_kind)read_u8(&reader);
	read_raw(&reader, &page.last, sizeof(page.last));
	page.packed = read_bytes(&reader, SHARED_PAGE_PACKED_MAX);
	if (reader.bad || reader_left(&reader) != 0 || page.gseq < 1 || page.kind > RECORD_KIND_MAX || page.packed.size == 0)
		return fail(STATUS_CORRUPT, "shared page: malformed");
	*out_page = page;
	return STATUS_OK;
}
