#include "protocol/sync/carry_answer.h"

#include <stdio.h>
#include <string.h>

#include "protocol/sync/blob_store.h"
#include "protocol/sync/carry_store.h"
#include "protocol/wire/body.h"

/* The file: id of the bundle ‖ for each part: size (4) ‖ hash ‖ envelope. */
#define NAME_SIZE      128
#define PART_HEAD_SIZE (4 + HASH_SIZE)

struct name {
	char characters[NAME_SIZE];
};

static struct name name_of(const struct id *device, const char *end)
{
	struct name name;

	(void)snprintf(name.characters, sizeof(name.characters), "carry/%s%s", id_to_text(device).characters, end);
	return name;
}

struct part_head {
	size_t size;
	struct hash envelope;
};

static enum status read_head(const struct blob_files *files, const char *name, int64_t at, struct part_head *out_head)
{
	uint8_t bytes[PART_HEAD_SIZE];
	struct reader reader = reader_of((struct bytes){ bytes, sizeof(bytes) });
	enum status status = files->read(files->context, name, at, bytes, sizeof(bytes));

	if (status != STATUS_OK)
		return status;
	out_head->size = read_u32(&reader);
	out_head->envelope = read_hash(&reader);
	if (out_head->size == 0 || out_head->size > ENVELOPE_SIZE_MAX)
		return fail(STATUS_CORRUPT, "carry: an answer is damaged at byte %lld", (long long)at);
	return STATUS_OK;
}

/* ---- what is under way ---- */

static void forget(const struct blob_files *files, struct carry_answer *answer)
{
	(void)(files->remove(files->context, name_of(&answer->device, ".down").characters) == STATUS_OK);
	*answer = (struct carry_answer){ .device = answer->device };
}

void carry_answer_find(const struct blob_files *files, const struct id *device, struct carry_answer *out_answer)
{
	struct name name = name_of(device, ".down");
	struct carry_answer answer = { .device = *device, .end = ID_SIZE };
	struct part_head head;
	int64_t size = 0;

	*out_answer = (struct carry_answer){ .device = *device };
	if (files->size(files->context, name.characters, &size) != STATUS_OK || size < ID_SIZE ||
		files->read(files->context, name.characters, 0, answer.bundle.bytes, ID_SIZE) != STATUS_OK || id_is_nil(&answer.bundle))
		return;
	while (answer.end + PART_HEAD_SIZE <= size) {
		int64_t content = answer.end + PART_HEAD_SIZE;
		if (read_head(files, name.characters, answer.end, &head) != STATUS_OK)
			return;
		if (content + (int64_t)head.size > size) {
			answer.envelope = head.envelope;
			answer.size = head.size;
			answer.got = (size_t)(size - content);
			break;
		}
		answer.end = content + (int64_t)head.size;
		answer.count++;
	}
	*out_answer = answer;
}

/* What was written before an unclean end may not be what came: all of it is looked at once more before it gets its name. */
static enum status check_parts(const struct blob_files *files, const char *name, int64_t end, struct bundle_writer *bundle)
{
	struct arena arena = { 0 };
	struct part_head head;
	enum status status = STATUS_OK;

	for (int64_t at = ID_SIZE; status == STATUS_OK && at < end; at += PART_HEAD_SIZE + (int64_t)head.size) {
		uint8_t *data = arena_allocate(&arena, ENVELOPE_SIZE_MAX);
		struct hash found;
		status = read_head(files, name, at, &head);
		if (status == STATUS_OK)
			status = files->read(files->context, name, at + PART_HEAD_SIZE, data, head.size);
		if (status != STATUS_OK)
			break;
		found = blob_chunk_hash((struct bytes){ data, head.size });
		if (!hash_equal(&found, &head.envelope))
			status = fail(STATUS_CORRUPT, "carry: an answer is damaged at byte %lld", (long long)at);
		else if (bundle != NULL)
			bundle_add(bundle, (struct bytes){ data, head.size });
		arena_reset(&arena);
	}
	arena_finish(&arena);
	return status;
}

static enum status finish(const struct blob_files *files, struct carry_answer *answer)
{
	struct name name = name_of(&answer->device, ".down");
	enum status status = check_parts(files, name.characters, answer->end, NULL);

	if (status == STATUS_OK)
		status = files->keep(files->context, name.characters, name_of(&answer->device, ".answer").characters);
	if (status == STATUS_OK || status == STATUS_CORRUPT)
		forget(files, answer);
	return status;
}

static enum status begin(const struct blob_files *files, struct carry_answer *answer, const struct id *bundle)
{
	*answer = (struct carry_answer){ .device = answer->device, .bundle = *bundle, .end = ID_SIZE };
	return files->write(files->context, name_of(&answer->device, ".down").characters, 0, (struct bytes){ bundle->bytes, ID_SIZE });
}

static enum status begin_part(const struct blob_files *files, struct carry_answer *answer, const struct carried_piece *piece)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, PART_HEAD_SIZE);
	enum status status = blob_check_room(files, (int64_t)piece->size);

	if (status == STATUS_OK && answer->end + (int64_t)piece->size > (int64_t)BUNDLE_SIZE_MAX)
		status = fail(STATUS_CORRUPT, "carry: an answer is larger than a bundle can be");
	write_u32(&writer, (uint32_t)piece->size);
	write_hash(&writer, &piece->envelope);
	if (status == STATUS_OK)
		status = files->write(
			files->context, name_of(&answer->device, ".down").characters, answer->end, writer_bytes(&writer));
	answer->envelope = piece->envelope;
	answer->size = piece->size;
	answer->got = 0;
	arena_finish(&arena);
	return status;
}

/* Is it what was asked for? What was made anew at the server begins at its start. */
static bool fits(const struct carry_answer *answer, const struct carry_reply *reply)
{
	const struct carried_piece *piece = &reply->piece;

	if (!id_equal(&answer->bundle, &reply->bundle))
		return reply->number == 1 && piece->offset == 0 && !id_is_nil(&reply->bundle);
	if (reply->number != (int64_t)answer->count + 1)
		return false;
	return piece->offset == 0 ||
	       (piece->offset == answer->got && piece->size == answer->size && hash_equal(&piece->envelope, &answer->envelope));
}

enum status carry_answer_add(
	const struct blob_files *files, struct carry_answer *answer, const struct carry_reply *reply, bool *out_whole)
{
	const struct carried_piece *piece = &reply->piece;
	struct name name = name_of(&answer->device, ".down");
	enum status status = STATUS_OK;

	*out_whole = false;
	if (!fits(answer, reply)) {
		answer->size = answer->got = 0; /* the part is asked for from its start */
		return STATUS_OK;
	}
	if (!id_equal(&answer->bundle, &reply->bundle))
		status = begin(files, answer, &reply->bundle);
	if (status == STATUS_OK && piece->offset == 0)
		status = begin_part(files, answer, piece);
	if (status == STATUS_OK)
		status = files->write(files->context, name.characters,
			answer->end + PART_HEAD_SIZE + (int64_t)piece->offset, piece->bytes);
	if (status != STATUS_OK) {
		forget(files, answer);
		return status;
	}
	answer->got += piece->bytes.size;
	if (answer->got < answer->size)
		return STATUS_OK;
	answer->end += PART_HEAD_SIZE + (int64_t)answer->size;
	answer->count++;
	answer->size = answer->got = 0;
	status = reply->last ? finish(files, answer) : STATUS_OK;
	*out_whole = reply->last && status == STATUS_OK;
	return status;
}

/* ---- what is whole ---- */

struct listing {
	const struct blob_files *files;
	struct arena *arena;
	struct whole_answer *answers;
	size_t count, capacity;
};

static enum status list_one(void *user, const char *name, int64_t age_ms)
{
	struct listing *listing = user;
	struct whole_answer answer = { .age_ms = age_ms };
	size_t digits = 2 * ID_SIZE;
	const char *end = strlen(name) < digits ? "" : name + digits;
	bool whole = strcmp(end, ".answer") == 0;
	struct name path;

	if ((!whole && strcmp(end, ".down") != 0) || id_from_text((struct text){ name, digits }, &answer.device) != STATUS_OK)
		return STATUS_OK;
	path = name_of(&answer.device, end);
	if (age_ms >= CARRY_AGE_MS)
		return listing->files->remove(listing->files->context, path.characters);
	if (!whole || listing->files->size(listing->files->context, path.characters, &answer.size) != STATUS_OK)
		return STATUS_OK;
	listing->answers = arena_grow(listing->arena, listing->answers, listing->count, &listing->capacity, sizeof(answer));
	listing->answers[listing->count++] = answer;
	return STATUS_OK;
}

enum status carry_answer_list(const struct blob_files *files, struct arena *arena, struct whole_answer **out_answers, size_t *out_count)
{
	struct listing listing = { .files = files, .arena = arena };
	enum status status = files->each(files->context, "carry", list_one, &listing);

	*out_answers = listing.answers;
	*out_count = listing.count;
	return status;
}

enum status carry_answer_write(const struct blob_files *files, const struct id *device, struct bundle_writer *bundle)
{
	struct name name = name_of(device, ".answer");
	struct id before, after;
	int64_t size = 0;
	enum status status = files->size(files->context, name.characters, &size);

	if (status == STATUS_OK)
		status = files->read(files->context, name.characters, 0, before.bytes, ID_SIZE);
	if (status == STATUS_OK)
		status = check_parts(files, name.characters, size, bundle);
	if (status == STATUS_OK || status == STATUS_CORRUPT)
		if (files->read(files->context, name.characters, 0, after.bytes, ID_SIZE) == STATUS_OK && !id_equal(&before, &after))
			status = fail(STATUS_BUSY, "another answer came meanwhile: try again");
	return status;
}
