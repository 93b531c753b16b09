#include "protocol/wire/body.h"

void write_count(struct writer *writer, int64_t value)
{
	write_varint(writer, value < 0 ? 0 : (uint64_t)value);
}

int64_t read_count(struct reader *reader)
{
	return (int64_t)read_varint_max(reader, INT64_MAX);
}

void write_id(struct writer *writer, const struct id *id)
{
	write_raw(writer, id->bytes, ID_SIZE);
}

struct id read_id(struct reader *reader)
{
	struct id id = { 0 };

	read_raw(reader, id.bytes, ID_SIZE);
	return id;
}

void write_hash_within(struct writer *writer, bool brief, const struct hash *hash)
{
	write_raw(writer, hash->bytes, brief ? HASH_BEGINNING_SIZE : HASH_SIZE);
}

struct hash read_hash_within(struct reader *reader, bool brief)
{
	struct hash hash = { 0 };

	read_raw(reader, hash.bytes, brief ? HASH_BEGINNING_SIZE : HASH_SIZE);
	return hash;
}

void write_hash(struct writer *writer, const struct hash *hash)
{
	write_hash_within(writer, false, hash);
}

struct hash read_hash(struct reader *reader)
{
	return read_hash_within(reader, false);
}

void write_cursor(struct writer *writer, const struct cursor *cursor)
{
	write_id(writer, &cursor->epoch);
	write_count(writer, cursor->gseq);
}

struct cursor read_cursor(struct reader *reader)
{
	struct cursor cursor;

	cursor.epoch = read_id(reader);
	cursor.gseq = read_count(reader);
	return cursor;
}

enum status section_ground(const struct section *section, const struct common_ground *given, const struct common_ground **out_ground)
{
	if (section->brief && given == NULL)
		return fail(STATUS_CORRUPT, "message: the short form of section %d belongs into a session", (int)section->number);
	*out_ground = section->brief ? given : NULL;
	return STATUS_OK;
}

void write_unless(struct writer *writer, bool brief, const struct id *id)
{
	if (!brief)
		write_id(writer, id);
}

struct id read_unless(struct reader *reader, const struct id *known)
{
	return known != NULL ? *known : read_id(reader);
}

static bool scope_has_id(enum scope_kind kind)
{
	return kind != SCOPE_ORG_ALL && kind != SCOPE_ORG_STAFF;
}

void write_scope(struct writer *writer, const struct scope *scope)
{
	write_varint(writer, scope->kind);
	if (scope_has_id(scope->kind))
		write_id(writer, &scope->id);
}

enum status read_scope(struct reader *reader, struct scope *out_scope)
{
	uint64_t kind = read_varint(reader);
	struct scope scope = { 0 };

	if (!reader->bad && (kind == SCOPE_NONE || kind > SCOPE_JOB))
		return fail(STATUS_NEWER, "scope: kind %llu is not known here; update this program", (unsigned long long)kind);
	scope.kind = (enum scope_kind)kind;
	if (scope_has_id(scope.kind))
		scope.id = read_id(reader);
	if (reader->bad)
		return fail(STATUS_CORRUPT, "scope: malformed or cut");
	*out_scope = scope;
	return STATUS_OK;
}

uint8_t read_flags(struct reader *reader, uint8_t known)
{
	uint8_t flags = read_u8(reader);

	if ((flags & ~known) != 0)
		reader->bad = true;
	return flags & known;
}
