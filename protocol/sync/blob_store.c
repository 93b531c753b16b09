#include "protocol/sync/blob_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/id.h"

#define NAME_SIZE 128

struct name {
	char characters[NAME_SIZE];
};

static struct name whole_name(const struct hash *id)
{
	struct blob_text text = blob_to_text(id);
	struct name name;

	(void)snprintf(name.characters, sizeof(name.characters), "%.2s/%.2s/%s", text.characters, text.characters + 2, text.characters);
	return name;
}

/* `end`: "" of its content, ".list" of its list. */
static struct name part_name(const struct id *owner, const struct hash *id, const char *end)
{
	struct id nobody = { 0 };
	struct name name;

	(void)snprintf(name.characters, sizeof(name.characters), "in/%s-%s%s", id_to_text(owner == NULL ? &nobody : owner).characters,
		blob_to_text(id).characters, end);
	return name;
}

static struct name listed_name(const char *list, const struct hash *id)
{
	struct name name;

	(void)snprintf(name.characters, sizeof(name.characters), "%s/%s", list, blob_to_text(id).characters);
	return name;
}

enum status blob_check_room(const struct blob_files *files, int64_t size)
{
	if (files->free_bytes(files->context) - size >= BLOB_RESERVE_BYTES)
		return STATUS_OK;
	return fail(STATUS_CANNOT_WRITE, "file: no room for %lld bytes: the rest of the disk is kept for work", (long long)size);
}

/* ---- whole ---- */

enum status blob_whole(const struct blob_files *files, const struct hash *id, int64_t *out_size)
{
	return files->size(files->context, whole_name(id).characters, out_size);
}

enum status blob_put(const struct blob_files *files, const struct hash *id, struct bytes content)
{
	struct name draft = part_name(NULL, id, ".new");
	int64_t size = 0;
	enum status status = blob_whole(files, id, &size);

	if (status != STATUS_NOT_FOUND)
		return status;
	status = blob_check_room(files, (int64_t)content.size);
	if (status == STATUS_OK)
		status = files->write(files->context, draft.characters, 0, content);
	if (status == STATUS_OK)
		status = files->keep(files->context, draft.characters, whole_name(id).characters);
	if (status != STATUS_OK)
		(void)(files->remove(files->context, draft.characters) == STATUS_OK); /* else a full disk stays full */
	return status;
}

enum status blob_keep(const struct blob_files *files, struct arena *arena, struct bytes content, struct hash *out_id)
{
	enum status status = blob_id_of_list((int64_t)content.size, blob_list_of(arena, content), out_id);

	return status == STATUS_OK ? blob_put(files, out_id, content) : status;
}

enum status blob_read_whole(const struct blob_files *files, struct arena *arena, const struct hash *id, struct bytes *out_content)
{
	struct hash found;
	uint8_t *content;
	int64_t size = 0;
	enum status status = blob_whole(files, id, &size);

	if (status == STATUS_OK && size > (int64_t)BLOB_FILE_MAX)
		status = fail(STATUS_CORRUPT, "file %s: larger than it can be", blob_to_text(id).characters);
	if (status != STATUS_OK)
		return status;
	content = arena_allocate(arena, (size_t)size + 1);
	status = files->read(files->context, whole_name(id).characters, 0, content, (size_t)size);
	*out_content = (struct bytes){ content, (size_t)size };
	if (status == STATUS_OK)
		status = blob_id_of_list(size, blob_list_of(arena, *out_content), &found);
	if (status == STATUS_OK && !hash_equal(&found, id))
		status = fail(STATUS_CORRUPT, "file %s: its content is damaged", blob_to_text(id).characters);
	return status;
}

enum status blob_read_piece(const struct blob_files *files, struct arena *arena, const struct hash *id, int64_t offset, size_t size_max,
	struct blob_piece *out_piece)
{
	size_t size = size_max;
	int64_t whole = 0;
	uint8_t *data;
	enum status status = blob_whole(files, id, &whole);

	if (status == STATUS_OK && offset >= whole)
		status = fail(STATUS_INVALID, "file %s: it ends before %lld", blob_to_text(id).characters, (long long)offset);
	if (status != STATUS_OK)
		return status;
	if ((int64_t)size > whole - offset)
		size = (size_t)(whole - offset);
	data = arena_allocate(arena, size + 1);
	*out_piece = (struct blob_piece){ .id = *id, .offset = offset, .bytes = { data, size } };
	return files->read(files->context, whole_name(id).characters, offset, data, size);
}

enum status blob_drop(const struct blob_files *files, const struct hash *id)
{
	return files->remove(files->context, whole_name(id).characters);
}

/* ---- parts ---- */

enum status blob_part_find(const struct blob_files *files, struct arena *arena, const struct id *owner, const struct hash *id,
	struct blob_part *out_part)
{
	struct name list_name = part_name(owner, id, ".list"), name = part_name(owner, id, "");
	int64_t listed = 0;
	uint8_t *data;
	struct blob_offer offer;
	enum status status = files->size(files->context, list_name.characters, &listed);

	if (status == STATUS_OK && listed > (int64_t)BLOB_LIST_MAX + 64)
		status = fail(STATUS_NOT_FOUND, "part: its list is damaged");
	if (status != STATUS_OK)
		return status;
	data = arena_allocate(arena, (size_t)listed + 1);
	status = files->read(files->context, list_name.characters, 0, data, (size_t)listed);
	if (status == STATUS_OK && (blob_offer_decode((struct bytes){ data, (size_t)listed }, &offer) != STATUS_OK ||
					   !hash_equal(&offer.id, id)))
		status = fail(STATUS_NOT_FOUND, "part: its list is damaged");
	if (status != STATUS_OK)
		return status;
	*out_part = (struct blob_part){ .id = *id, .size = offer.size, .list = offer.list };
	if (owner != NULL)
		out_part->owner = *owner;
	status = files->size(files->context, name.characters, &out_part->have);
	if (status == STATUS_OK && out_part->have >= out_part->size && out_part->size > 0) /* it ended before the last look */
		out_part->have = (out_part->size - 1) / (int64_t)BLOB_CHUNK_SIZE * (int64_t)BLOB_CHUNK_SIZE;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status blob_part_begin(const struct blob_files *files, const struct id *owner, const struct blob_offer *offer)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, BLOB_LIST_MAX + 64);
	struct hash id;
	enum status status = blob_id_of_list(offer->size, offer->list, &id);

	if (status == STATUS_OK && !hash_equal(&id, &offer->id))
		status = fail(STATUS_CORRUPT, "file %s: its list does not fit its name", blob_to_text(&offer->id).characters);
	if (status == STATUS_OK)
		status = blob_check_room(files, offer->size);
	blob_offer_encode(&writer, offer);
	if (status == STATUS_OK)
		status = files->remove(files->context, part_name(owner, &offer->id, "").characters);
	if (status == STATUS_OK)
		status = files->write(files->context, part_name(owner, &offer->id, ".list").characters, 0, writer_bytes(&writer));
	arena_finish(&arena);
	return status;
}

void blob_part_drop(const struct blob_files *files, const struct id *owner, const struct hash *id)
{
	(void)(files->remove(files->context, part_name(owner, id, "").characters) == STATUS_OK);
	(void)(files->remove(files->context, part_name(owner, id, ".list").characters) == STATUS_OK);
}

struct parts_of {
	char prefix[64]; /* of the owner's names */
	size_t count;
	int64_t oldest_age_ms;
	struct hash oldest;
};

static enum status count_part(void *user, const char *name, int64_t age_ms)
{
	struct parts_of *parts = user;
	size_t size = strlen(parts->prefix), digits = 2 * BLOB_HASH_SIZE;
	struct hash id;

	if (strncmp(name, parts->prefix, size) != 0 || strlen(name) < size + digits || strcmp(name + size + digits, ".list") != 0 ||
		blob_from_text((struct text){ name + size, digits }, &id) != STATUS_OK)
		return STATUS_OK;
	if (parts->count++ == 0 || age_ms > parts->oldest_age_ms) {
		parts->oldest_age_ms = age_ms;
		parts->oldest = id;
	}
	return STATUS_OK;
}

enum status blob_parts_bound(const struct blob_files *files, const struct id *owner, size_t most)
{
	enum status status = STATUS_OK;

	for (size_t before = SIZE_MAX; status == STATUS_OK;) {
		struct parts_of parts = { .count = 0 };
		(void)snprintf(parts.prefix, sizeof(parts.prefix), "%s-", id_to_text(owner).characters);
		status = files->each(files->context, "in", count_part, &parts);
		if (status != STATUS_OK || parts.count < most)
			return status;
		if (parts.count >= before)
			return fail(STATUS_CANNOT_WRITE, "file: a part that is to make room cannot be removed");
		before = parts.count;
		blob_part_drop(files, owner, &parts.oldest);
	}
	return status;
}

/* Of a chunk that is there: STATUS_CORRUPT when it is not as the list says; then it is dropped with all behind it. */
static enum status check_chunk(const struct blob_files *files, struct arena *arena, struct blob_part *part, const char *name, int64_t at)
{
	size_t size = part->size - at < (int64_t)BLOB_CHUNK_SIZE ? (size_t)(part->size - at) : BLOB_CHUNK_SIZE;
	uint8_t *chunk = arena_allocate(arena, BLOB_CHUNK_SIZE);
	struct hash hash;
	enum status status = files->read(files->context, name, at, chunk, size);

	if (status != STATUS_OK)
		return status;
	hash = blob_chunk_hash((struct bytes){ chunk, size });
	if (memcmp(hash.bytes, part->list.data + (size_t)at / BLOB_CHUNK_SIZE * BLOB_HASH_SIZE, BLOB_HASH_SIZE) == 0)
		return STATUS_OK;
	part->have = at;
	status = files->write(files->context, name, at, (struct bytes){ 0 });
	return status != STATUS_OK ? status
				   : fail(STATUS_CORRUPT, "file %s: the chunk at byte %lld is not as its hash says",
					     blob_to_text(&part->id).characters, (long long)at);
}

/* What was written before an unclean end may not be what came: all of it is looked at once more before it gets its name. */
static enum status finish(const struct blob_files *files, struct blob_part *part, const char *name)
{
	struct arena arena = { 0 };
	enum status status = STATUS_OK;

	for (int64_t at = 0; status == STATUS_OK && at < part->size; at += (int64_t)BLOB_CHUNK_SIZE) {
		status = check_chunk(files, &arena, part, name, at);
		arena_reset(&arena);
	}
	arena_finish(&arena);
	if (status == STATUS_OK)
		status = files->keep(files->context, name, whole_name(&part->id).characters);
	if (status == STATUS_OK)
		blob_part_drop(files, &part->owner, &part->id);
	return status;
}

enum status blob_part_add(
	const struct blob_files *files, struct arena *arena, struct blob_part *part, const struct blob_piece *piece, bool *out_whole)
{
	struct name name = part_name(&part->owner, &part->id, "");
	int64_t end = piece->offset + (int64_t)piece->bytes.size;
	int64_t complete = end - end % (int64_t)BLOB_CHUNK_SIZE; /* chunks end here that are there now */
	enum status status;

	*out_whole = false;
	if (piece->offset != part->have || end > part->size)
		return STATUS_OK;
	status = files->write(files->context, name.characters, piece->offset, piece->bytes);
	if (status != STATUS_OK)
		return status;
	part->have = end;
	if (end == part->size)
		status = finish(files, part, name.characters);
	else if (complete > piece->offset)
		status = check_chunk(files, arena, part, name.characters, complete - (int64_t)BLOB_CHUNK_SIZE);
	*out_whole = status == STATUS_OK && end == part->size;
	return status;
}

/* ---- lists of names ---- */

enum status blob_list_add(const struct blob_files *files, const char *list, const struct hash *id)
{
	struct name draft = part_name(NULL, id, ".name");
	enum status status = files->write(files->context, draft.characters, 0, (struct bytes){ 0 });

	return status == STATUS_OK ? files->keep(files->context, draft.characters, listed_name(list, id).characters) : status;
}

enum status blob_list_remove(const struct blob_files *files, const char *list, const struct hash *id)
{
	return files->remove(files->context, listed_name(list, id).characters);
}

struct blob_list_name blob_list_of_device(const struct id *device)
{
	struct blob_list_name name;

	(void)snprintf(name.characters, sizeof(name.characters), "known/%s", id_to_text(device).characters);
	return name;
}

bool blob_listed(const struct blob_files *files, const char *list, const struct hash *id)
{
	int64_t size;

	return files->size(files->context, listed_name(list, id).characters, &size) == STATUS_OK;
}

struct listing {
	blob_visit visit;
	void *user;
};

static enum status visit_name(void *user, const char *name, int64_t age_ms)
{
	const struct listing *listing = user;
	struct hash id;

	(void)age_ms;
	return blob_from_text(text_of(name), &id) == STATUS_OK ? listing->visit(listing->user, &id) : STATUS_OK;
}

enum status blob_list_each(const struct blob_files *files, const char *list, blob_visit visit, void *user)
{
	return files->each(files->context, list, visit_name, &(struct listing){ visit, user });
}

/* ---- what a device told that it has ---- */

static struct name held_name(const struct id *device)
{
	struct name name;

	(void)snprintf(name.characters, sizeof(name.characters), "held/%s", id_to_text(device).characters);
	return name;
}

enum status blob_held_put(const struct blob_files *files, const struct id *device, struct bytes beginnings)
{
	return files->write(files->context, held_name(device).characters, 0, beginnings);
}

struct bytes blob_held_of(const struct blob_files *files, struct arena *arena, const struct id *device)
{
	struct name name = held_name(device);
	int64_t size = 0;
	uint8_t *data;

	if (files->size(files->context, name.characters, &size) != STATUS_OK || size > BLOB_HELD_MAX * BLOB_BEGINNING)
		return (struct bytes){ 0 };
	data = arena_allocate(arena, (size_t)size + 1);
	if (files->read(files->context, name.characters, 0, data, (size_t)size) != STATUS_OK)
		return (struct bytes){ 0 };
	return (struct bytes){ data, (size_t)size };
}

/* ---- every whole file ---- */

/* Whole files of one folder. */
static enum status each_below(const struct blob_files *files, unsigned int folder, blob_file_visit visit, void *user)
{
	char name[4];

	(void)snprintf(name, sizeof(name), "%02x", folder & 0xff);
	return files->each(files->context, name, visit, user);
}

enum status blob_whole_each(const struct blob_files *files, blob_visit visit, void *user)
{
	struct listing listing = { visit, user };
	enum status status = STATUS_OK;

	for (unsigned int folder = 0; status == STATUS_OK && folder < BLOB_FOLDERS; folder++)
		status = each_below(files, folder, visit_name, &listing);
	return status;
}

/* ---- sweeping ---- */

/* A list is as old as the offer: it stays as long as its content, which came later, does. */
static enum status drop_old_part(void *user, const char *name, int64_t age_ms)
{
	const struct blob_files *files = *(const struct blob_files *const *)user;
	size_t size = strlen(name);
	bool is_list = size > 5 && strcmp(name + size - 5, ".list") == 0;
	struct name content, list;
	int64_t have = 0;
	enum status status;

	if (age_ms < BLOB_PART_AGE_MS)
		return STATUS_OK;
	(void)snprintf(content.characters, sizeof(content.characters), "in/%.*s", (int)(is_list ? size - 5 : size), name);
	(void)snprintf(list.characters, sizeof(list.characters), "%.*s.list", NAME_SIZE - 8, content.characters);
	if (is_list && files->size(files->context, content.characters, &have) == STATUS_OK)
		return STATUS_OK;
	status = files->remove(files->context, content.characters);
	return status == STATUS_OK ? files->remove(files->context, list.characters) : status;
}

enum status blob_sweep_parts(const struct blob_files *files)
{
	return files->each(files->context, "in", drop_old_part, &files);
}

struct sweep {
	const struct blob_files *files;
	int64_t age_ms;
	blob_question has_row;
	void *user;
	size_t removed;
};

static enum status sweep_one(void *user, const char *name, int64_t age_ms)
{
	struct sweep *sweep = user;
	struct hash id;
	enum status status;

	if (age_ms < sweep->age_ms || blob_from_text(text_of(name), &id) != STATUS_OK)
		return STATUS_OK;
	status = sweep->has_row(sweep->user, &id);
	if (status != STATUS_NOT_FOUND)
		return status;
	sweep->removed++;
	return sweep->files->remove(sweep->files->context, whole_name(&id).characters);
}

enum status blob_sweep_whole(
	const struct blob_files *files, uint8_t folder, int64_t age_ms, blob_question has_row, void *user, size_t *out_removed)
{
	struct sweep sweep = { .files = files, .age_ms = age_ms, .has_row = has_row, .user = user };
	enum status status = each_below(files, folder, sweep_one, &sweep);

	*out_removed = sweep.removed;
	return status;
}
