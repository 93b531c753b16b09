#include "protocol/sync/carry_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/sync/blob_store.h"

#define NAME_SIZE 128
#define NOTE_SIZE 25 /* of how far it has come, … */
enum note_flag { NOTE_REFUSED = 1, NOTE_ANSWERED = 2 };

#define FILE_SEAL_SIZE 8  /* … with so much of a hash behind it: after a power cut the note may be anything */

struct name {
	char characters[NAME_SIZE];
};

static struct name name_of(const char *folder, const struct carried_bundle *carried, const char *end)
{
	struct name name;

	(void)snprintf(name.characters, sizeof(name.characters), "%s/%s-%s%s", folder, id_to_text(&carried->device).characters,
		blob_to_text(&carried->mark).characters, end);
	return name;
}

static struct name name_of_name(const struct id *device)
{
	struct name name;

	(void)snprintf(name.characters, sizeof(name.characters), "carry/%s.name", id_to_text(device).characters);
	return name;
}

/* ---- how far it has come ---- */

enum status carry_note(const struct blob_files *files, const struct carried_bundle *carried)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, NOTE_SIZE + FILE_SEAL_SIZE);
	struct hash seal;
	enum status status;

	write_u32(&writer, (uint32_t)carried->taken);
	write_u64(&writer, (uint64_t)carried->at);
	write_u64(&writer, (uint64_t)carried->before);
	write_u32(&writer, carried->fault);
	write_u8(&writer, (uint8_t)((carried->refused ? NOTE_REFUSED : 0) | (carried->answered ? NOTE_ANSWERED : 0)));
	seal = blob_chunk_hash(writer_bytes(&writer));
	write_raw(&writer, seal.bytes, FILE_SEAL_SIZE);
	status = files->write(files->context, name_of("carry", carried, ".at").characters, 0, writer_bytes(&writer));
	arena_finish(&arena);
	return status;
}

/* Without a note that can be read it goes out from its beginning. */
static void read_note(const struct blob_files *files, struct carried_bundle *carried)
{
	struct name name = name_of("carry", carried, ".at");
	uint8_t note[NOTE_SIZE + FILE_SEAL_SIZE];
	struct reader reader = reader_of((struct bytes){ note, NOTE_SIZE });
	struct carried_bundle found = *carried;
	struct hash seal;
	uint8_t flags;

	if (files->read(files->context, name.characters, 0, note, sizeof(note)) != STATUS_OK)
		return;
	seal = blob_chunk_hash((struct bytes){ note, NOTE_SIZE });
	found.taken = read_u32(&reader);
	found.at = (int64_t)read_u64(&reader);
	found.before = (int64_t)read_u64(&reader);
	found.fault = read_u32(&reader);
	flags = read_u8(&reader);
	found.refused = (flags & NOTE_REFUSED) != 0;
	found.answered = (flags & NOTE_ANSWERED) != 0;
	if (memcmp(seal.bytes, note + NOTE_SIZE, FILE_SEAL_SIZE) == 0 && found.taken <= found.count && found.at <= found.size)
		*carried = found;
}

enum status carry_note_taken(const struct blob_files *files, struct carried_bundle *carried, size_t size)
{
	carried->taken++;
	carried->before = carried->at;
	carried->at += 4 + (int64_t)size;
	return carry_note(files, carried);
}

enum status carry_step_back(const struct blob_files *files, struct carried_bundle *carried)
{
	bool known = carried->taken > 0 && carried->before < carried->at;

	carried->taken = known ? carried->taken - 1 : 0;
	carried->at = known ? carried->before : (int64_t)BUNDLE_HEAD_SIZE;
	return carry_note(files, carried);
}

/* ---- which there are ---- */

static enum status look_at(const struct blob_files *files, struct carried_bundle *carried)
{
	struct name name = name_of("carry", carried, ".up");
	uint8_t beginning[BUNDLE_HEAD_SIZE];
	struct bundle_head head;
	enum status status = files->size(files->context, name.characters, &carried->size);

	if (status == STATUS_OK)
		status = files->read(files->context, name.characters, 0, beginning, sizeof(beginning));
	if (status == STATUS_OK)
		status = bundle_head_read((struct bytes){ beginning, sizeof(beginning) }, &head, &carried->count);
	carried->at = carried->before = (int64_t)BUNDLE_HEAD_SIZE;
	if (status == STATUS_OK)
		read_note(files, carried);
	return status;
}

struct listing {
	const struct blob_files *files;
	struct arena *arena;
	struct carried_bundle *carried;
	size_t count, capacity;
};

static enum status list_one(void *user, const char *name, int64_t age_ms)
{
	struct listing *listing = user;
	struct carried_bundle carried = { .age_ms = age_ms };
	size_t digits = 2 * ID_SIZE, size = strlen(name);
	enum status status;

	if (size == digits + 5 && strcmp(name + digits, ".name") == 0 && age_ms >= CARRY_AGE_MS &&
		id_from_text((struct text){ name, digits }, &carried.device) == STATUS_OK)
		return listing->files->remove(listing->files->context, name_of_name(&carried.device).characters);
	if (size != digits + 1 + 2 * BLOB_HASH_SIZE + 3 || strcmp(name + size - 3, ".up") != 0 ||
		id_from_text((struct text){ name, digits }, &carried.device) != STATUS_OK ||
		blob_from_text((struct text){ name + digits + 1, 2 * BLOB_HASH_SIZE }, &carried.mark) != STATUS_OK)
		return STATUS_OK;
	status = age_ms >= CARRY_AGE_MS ? STATUS_CORRUPT : look_at(listing->files, &carried);
	if (status == STATUS_CORRUPT || status == STATUS_NEWER || status == STATUS_NOT_FOUND)
		return carry_drop(listing->files, &carried);
	if (status != STATUS_OK) /* what cannot be read now may be sound */
		return status;
	listing->carried = arena_grow(listing->arena, listing->carried, listing->count, &listing->capacity, sizeof(carried));
	listing->carried[listing->count++] = carried;
	return STATUS_OK;
}

static int compare_ages(const void *left, const void *right)
{
	const struct carried_bundle *a = left, *b = right;

	return a->age_ms != b->age_ms ? (a->age_ms < b->age_ms) - (a->age_ms > b->age_ms) : hash_order(&a->mark, &b->mark);
}

enum status carry_list(const struct blob_files *files, struct arena *arena, struct carried_bundle **out_carried, size_t *out_count)
{
	struct listing listing = { .files = files, .arena = arena };
	enum status status = files->each(files->context, "carry", list_one, &listing);

	if (listing.count > 1)
		qsort(listing.carried, listing.count, sizeof(*listing.carried), compare_ages);
	*out_carried = listing.carried;
	*out_count = listing.count;
	return status;
}

/* ---- what people call them ---- */

static bool is_plain(struct text text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	return text_valid(text);
}

enum status carry_put_name(const struct blob_files *files, const struct id *device, struct text name)
{
	if (name.size == 0 || name.size > CARRY_NAME_MAX || !is_plain(name))
		return STATUS_OK;
	return files->write(
		files->context, name_of_name(device).characters, 0, (struct bytes){ (const uint8_t *)name.data, name.size });
}

struct text carry_name_of(const struct blob_files *files, struct arena *arena, const struct id *device)
{
	struct name name = name_of_name(device);
	int64_t size = 0;
	uint8_t *data;
	struct text text;

	if (files->size(files->context, name.characters, &size) != STATUS_OK || size > CARRY_NAME_MAX)
		return (struct text){ 0 };
	data = arena_allocate(arena, CARRY_NAME_MAX + 1);
	if (files->read(files->context, name.characters, 0, data, (size_t)size) != STATUS_OK)
		return (struct text){ 0 };
	text = (struct text){ (const char *)data, (size_t)size };
	return is_plain(text) ? text : (struct text){ 0 };
}

/* ---- adding and reading ---- */

static enum status check_bounds(const struct blob_files *files, const struct carried_bundle *added, bool *out_here)
{
	struct arena arena = { 0 };
	struct carried_bundle *carried = NULL;
	size_t count = 0, under_way = 0;
	int64_t bytes = added->size;
	enum status status = carry_list(files, &arena, &carried, &count);

	*out_here = false;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		bool here = hash_equal(&carried[i].mark, &added->mark), over = carried[i].refused || carried[i].answered;
		*out_here = *out_here || here;
		under_way += !over;
		bytes += over ? 0 : carried[i].size;
		if (over && !here) /* it was there to be told of: what comes takes its place */
			status = carry_drop(files, &carried[i]);
	}
	arena_finish(&arena);
	if (status == STATUS_OK && !*out_here && (under_way >= CARRY_COUNT_MAX || bytes > CARRY_BYTES_MAX))
		status = fail(STATUS_BUSY, "carry: %zu bundles of %lld bytes with this one", under_way + 1, (long long)bytes);
	return status;
}

enum status carry_add(const struct blob_files *files, const struct bundle *bundle, struct bytes file)
{
	struct carried_bundle added = {
		.device = bundle->head.device, .mark = blob_chunk_hash(file), .size = (int64_t)file.size, .count = bundle->count
	};
	struct name draft = name_of("in", &added, ".carry");
	bool here = false;
	enum status status = check_bounds(files, &added, &here);

	if (status != STATUS_OK || here)
		return status;
	status = blob_check_room(files, added.size);
	if (status == STATUS_OK)
		status = files->remove(files->context, name_of("carry", &added, ".at").characters);
	if (status == STATUS_OK)
		status = files->write(files->context, draft.characters, 0, file);
	if (status == STATUS_OK)
		status = files->keep(files->context, draft.characters, name_of("carry", &added, ".up").characters);
	if (status != STATUS_OK)
		(void)(files->remove(files->context, draft.characters) == STATUS_OK); /* else a full disk stays full */
	return status;
}

enum status carry_envelope(
	const struct blob_files *files, struct arena *arena, const struct carried_bundle *carried, struct bytes *out_envelope)
{
	struct name name = name_of("carry", carried, ".up");
	uint8_t length[4], *data;
	struct reader reader = reader_of((struct bytes){ length, sizeof(length) });
	size_t size;
	enum status status = files->read(files->context, name.characters, carried->at, length, sizeof(length));

	if (status != STATUS_OK)
		return status;
	size = read_u32(&reader);
	if (size == 0 || size > ENVELOPE_SIZE_MAX)
		return fail(STATUS_CORRUPT, "carry: a bundle is damaged at byte %lld", (long long)carried->at);
	data = arena_allocate(arena, size);
	*out_envelope = (struct bytes){ data, size };
	return files->read(files->context, name.characters, carried->at + 4, data, size);
}

enum status carry_drop(const struct blob_files *files, const struct carried_bundle *carried)
{
	enum status status = files->remove(files->context, name_of("carry", carried, ".up").characters);

	return status == STATUS_OK ? files->remove(files->context, name_of("carry", carried, ".at").characters) : status;
}
