/* Pages of rows, and the cut that makes them count. */

#include "protocol/wire/body.h"
#include "protocol/wire/pack.h"

#define PAGE_LEVEL 3
#define RESUME_SIZE_MAX 64
#define GROUP_SIZE_MIN 5 /* scope, type, kind, count, end of columns */
#define WORDS_TINY     2 /* words about a scope without an id that are smaller: one each of org.all and org.staff */

/* Everything but the id of a row. */
static uint64_t left_out_of(enum entry_type type)
{
	return type == ENTRY_LEFT || type == ENTRY_MEMBER ? ~(uint64_t)2 : 0;
}

static void write_digest(struct writer *writer, const struct digest *digest)
{
	write_count(writer, digest->count);
	write_u64(writer, digest->sum.low);
	write_u64(writer, digest->sum.high);
}

static struct digest read_digest(struct reader *reader)
{
	struct digest digest = { .count = read_count(reader) };

	digest.sum.low = read_u64(reader);
	digest.sum.high = read_u64(reader);
	return digest;
}

static bool is_about_scope(enum entry_type type)
{
	return type == ENTRY_DIGEST || type == ENTRY_DROPPED;
}

static void write_rows(struct writer *writer, const struct page_group *group, const struct references *references, size_t *room)
{
	const struct columns columns = {
		.schema = group->schema,
		.rows = (const void *const *)group->rows,
		.masks = group->type == ENTRY_PATCH ? group->masks : NULL,
		.count = group->count,
		.ids_known = group->type != ENTRY_WHOLE,
		.ids_kind = group->schema->kind,
		.left_out = left_out_of(group->type),
		.extra = true,
	};

	write_varint(writer, group->schema->kind);
	write_varint(writer, group->count);
	columns_encode(writer, &columns, references, room);
}

static void write_group(struct writer *writer, const struct page_group *group, const struct references *references, size_t *room)
{
	write_scope(writer, &group->scope);
	write_varint(writer, group->type);
	if (group->type == ENTRY_DIGEST)
		write_digest(writer, &group->digest);
	else if (!is_about_scope(group->type))
		write_rows(writer, group, references, room);
}

void page_pack(struct writer *writer, const struct page *page, const struct references *references, uint8_t dictionary)
{
	struct arena scratch = { 0 };
	struct writer raw = writer_in(&scratch, PACK_RAW_MAX);
	size_t rows = 0, room = COLUMNS_ROOM;

	write_varint(&raw, page->group_count);
	for (size_t i = 0; i < page->group_count; i++) {
		write_group(&raw, &page->groups[i], references, &room);
		rows += page->groups[i].count;
	}
	if (raw.overflow || rows > COLUMNS_ROWS_MAX)
		writer->overflow = true;
	else
		pack_write(writer, writer_bytes(&raw), PAGE_LEVEL, dictionary);
	arena_finish(&scratch);
}

void page_encode_packed(struct writer *writer, struct bytes resume, struct bytes packed)
{
	write_bytes(writer, resume);
	write_raw(writer, packed.data, packed.size);
	writer->overflow = writer->overflow || resume.size > RESUME_SIZE_MAX;
}

void page_encode(struct writer *writer, const struct page *page, const struct references *references)
{
	write_bytes(writer, page->resume);
	page_pack(writer, page, references, DICTIONARY_NONE);
	writer->overflow = writer->overflow || page->resume.size > RESUME_SIZE_MAX;
}

struct page_reader {
	struct reader reader;
	struct arena *arena;
	const struct references *references;
	size_t room;
	size_t rows_left;
};

static enum status read_rows_head(struct page_reader *page, struct page_group *group)
{
	uint64_t kind = read_varint(&page->reader);

	group->count = (size_t)read_varint_max(&page->reader, page->rows_left);
	if (page->reader.bad)
		return fail(STATUS_CORRUPT, "page: a group is malformed, cut or too large");
	group->schema = kind <= RECORD_KIND_MAX ? schema_find((enum record_kind)kind) : NULL;
	if (group->schema == NULL)
		return fail(STATUS_NEWER, "page: record kind %llu is not known here; update this program", (unsigned long long)kind);
	page->rows_left -= group->count;
	return STATUS_OK;
}

static enum status read_group_head(struct page_reader *page, struct page_group *group)
{
	enum status status = read_scope(&page->reader, &group->scope);
	uint64_t type = read_varint(&page->reader);

	if (status != STATUS_OK)
		return status;
	if (!page->reader.bad && type > ENTRY_DROPPED)
		return fail(STATUS_NEWER, "page: entry type %llu is not known here; update this program", (unsigned long long)type);
	group->type = (enum entry_type)type;
	if (group->type == ENTRY_DIGEST)
		group->digest = read_digest(&page->reader);
	if (page->reader.bad)
		return fail(STATUS_CORRUPT, "page: a group is malformed, cut or too large");
	return is_about_scope(group->type) ? STATUS_OK : read_rows_head(page, group);
}

static enum status read_group(struct page_reader *page, struct page_group *out_group)
{
	struct page_group group = { 0 };
	enum status status = read_group_head(page, &group);
	struct columns_shape shape;

	if (status != STATUS_OK)
		return status;
	if (is_about_scope(group.type)) {
		*out_group = group;
		return STATUS_OK;
	}
	shape = (struct columns_shape){
		.schema = group.schema,
		.count = group.count,
		.masked = group.type == ENTRY_PATCH,
		.ids_known = group.type != ENTRY_WHOLE,
		.ids_kind = group.schema->kind,
		.left_out = left_out_of(group.type),
		.extra = true,
		.references = page->references,
	};
	status = columns_decode(&page->reader, page->arena, &shape, &page->room, &group.rows, &group.masks);
	if (status == STATUS_OK)
		*out_group = group;
	return status;
}

static enum status read_groups(struct page_reader *page, struct page_group **out_groups, size_t *out_count)
{
	size_t count = (size_t)read_varint_max(&page->reader, reader_left(&page->reader) / GROUP_SIZE_MIN + WORDS_TINY);
	struct page_group *groups;

	if (page->reader.bad || count * sizeof(*groups) > page->room)
		return fail(STATUS_CORRUPT, "page: malformed number of groups");
	page->room -= count * sizeof(*groups);
	groups = arena_allocate_array(page->arena, count, sizeof(*groups));
	for (size_t i = 0; i < count; i++) {
		enum status status = read_group(page, &groups[i]);
		if (status != STATUS_OK)
			return status;
	}
	*out_groups = groups;
	*out_count = count;
	return reader_end(&page->reader, "page");
}

enum status page_decode(struct bytes body, struct arena *arena, const struct references *references, struct page *out_page)
{
	struct reader reader = reader_of(body);
	struct page page = { .resume = read_bytes(&reader, RESUME_SIZE_MAX) };
	struct page_reader inner = { .arena = arena, .references = references, .room = COLUMNS_MEMORY_MAX, .rows_left = COLUMNS_ROWS_MAX };
	struct bytes raw;
	enum status status = pack_read(&reader, arena, &raw);

	if (status == STATUS_OK)
		status = reader_end(&reader, "page");
	if (status != STATUS_OK)
		return status;
	inner.reader = reader_of(raw);
	status = read_groups(&inner, &page.groups, &page.group_count);
	if (status == STATUS_OK)
		*out_page = page;
	return status;
}

static void write_scopes(struct writer *writer, const struct scope *scopes, size_t count)
{
	write_varint(writer, count);
	for (size_t i = 0; i < count; i++)
		write_scope(writer, &scopes[i]);
}

bool cut_encode_within(struct writer *writer, const struct cut *cut, const struct common_ground *ground)
{
	bool brief = ground != NULL && id_equal(&ground->epoch, &cut->cursor.epoch);

	write_unless(writer, brief, &cut->cursor.epoch);
	write_count(writer, cut->cursor.gseq);
	write_varint(writer, cut->digest_count);
	for (size_t i = 0; i < cut->digest_count; i++) {
		write_scope(writer, &cut->digests[i].scope);
		write_digest(writer, &cut->digests[i].digest);
	}
	write_scopes(writer, cut->dropped, cut->dropped_count);
	write_scopes(writer, cut->held, cut->held_count);
	return brief;
}

void cut_encode(struct writer *writer, const struct cut *cut)
{
	(void)cut_encode_within(writer, cut, NULL);
}

static enum status read_digests(struct reader *reader, struct arena *arena, const struct scope_digest **out_digests, size_t *out_count)
{
	size_t count = (size_t)read_varint_max(reader, reader_left(reader) / 18); /* kind, count, sum */
	struct scope_digest *digests = arena_allocate_array(arena, count, sizeof(*digests));

	for (size_t i = 0; i < count; i++) {
		enum status status = read_scope(reader, &digests[i].scope);
		if (status != STATUS_OK)
			return status;
		digests[i].digest = read_digest(reader);
	}
	*out_digests = digests;
	*out_count = count;
	return STATUS_OK;
}

static enum status read_scopes(struct reader *reader, struct arena *arena, const struct scope **out_scopes, size_t *out_count)
{
	size_t count = (size_t)read_varint_max(reader, reader_left(reader));
	struct scope *scopes = arena_allocate_array(arena, count, sizeof(*scopes));

	for (size_t i = 0; i < count; i++) {
		enum status status = read_scope(reader, &scopes[i]);
		if (status != STATUS_OK)
			return status;
	}
	*out_scopes = scopes;
	*out_count = count;
	return STATUS_OK;
}

enum status cut_decode_within(const struct section *section, const struct common_ground *ground, struct arena *arena, struct cut *out_cut)
{
	struct reader reader = reader_of(section->body);
	struct cut cut = { 0 };
	enum status status = section_ground(section, ground, &ground);

	if (status != STATUS_OK)
		return status;
	cut.cursor.epoch = read_unless(&reader, ground != NULL ? &ground->epoch : NULL);
	cut.cursor.gseq = read_count(&reader);
	status = read_digests(&reader, arena, &cut.digests, &cut.digest_count);
	if (status == STATUS_OK)
		status = read_scopes(&reader, arena, &cut.dropped, &cut.dropped_count);
	if (status == STATUS_OK)
		status = read_scopes(&reader, arena, &cut.held, &cut.held_count);
	if (status == STATUS_OK)
		status = reader_end(&reader, "cut");
	if (status == STATUS_OK)
		*out_cut = cut;
	return status;
}

enum status cut_decode(struct bytes body, struct arena *arena, struct cut *out_cut)
{
	return cut_decode_within(&(struct section){ .number = SECTION_CUT, .body = body }, NULL, arena, out_cut);
}
