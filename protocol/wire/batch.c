/* Consecutive operations, sorted into groups of one kind each, and packed. */
#include <assert.h>
#include <string.h>

#include "protocol/wire/body.h"
#include "protocol/wire/integers.h"
#include "protocol/wire/operation_codec.h"
#include "protocol/wire/pack.h"

#define BATCH_LEVEL 3
#define GROUPS_MAX 256
#define ID_BIT ((uint64_t)1 << 1)

static const char what[] = "batch";

/* Operations of one kind, on one kind of record. */
struct group {
	enum operation_kind kind;
	uint32_t record;
	const struct schema *arguments; /* NULL: none */
	size_t count;
	size_t *places; /* in the batch, ascending */
};

/* The kind and the record stand with the group. */
static uint64_t head_left_out(void)
{
	uint64_t tags = 0;

	for (size_t i = 0; i < operation_head_schema.field_count; i++) {
		const struct field *field = &operation_head_schema.fields[i];
		if (field->offset == offsetof(struct operation_head, kind) || field->offset == offsetof(struct operation_head, record))
			tags |= (uint64_t)1 << field->tag;
	}
	return tags;
}

/* What the subjects of a group are; RECORD_NONE: new ones, written whole. */
static enum record_kind subject_kind(const struct group *group)
{
	if (group->kind == OPERATION_CREATE)
		return RECORD_NONE;
	if (group->kind == OPERATION_EDIT)
		return (enum record_kind)group->record;
	return operation_find(group->kind)->subject;
}

static size_t window_count(int64_t first_seq, size_t count)
{
	return (size_t)((first_seq + (int64_t)count - 1) / WINDOW_LENGTH - first_seq / WINDOW_LENGTH + 1);
}

struct encoder {
	const struct batch *batch;
	const struct references *references;
	struct writer writer;
	struct arena scratch;
	struct group groups[GROUPS_MAX];
	size_t group_count;
	int64_t *group_of; /* each operation's */
	size_t room;
};

static size_t find_group(struct encoder *encoder, const struct operation_head *head)
{
	size_t i = 0;

	while (i < encoder->group_count && (encoder->groups[i].kind != head->kind || encoder->groups[i].record != head->record))
		i++;
	if (i == encoder->group_count && i < GROUPS_MAX) {
		encoder->groups[i] = (struct group){ .kind = head->kind, .record = head->record };
		encoder->groups[i].arguments = arguments_schema(head->kind, (enum record_kind)head->record);
		encoder->group_count++;
	}
	return i;
}

/* False when there are more groups than a batch can name. */
static bool sort_into_groups(struct encoder *encoder)
{
	const struct batch *batch = encoder->batch;
	size_t group = 0;

	encoder->group_of = arena_allocate_array(&encoder->scratch, batch->count, sizeof(*encoder->group_of));
	for (size_t i = 0; i < batch->count; i++) {
		group = find_group(encoder, &batch->operations[i].head);
		if (group == GROUPS_MAX)
			return false;
		encoder->group_of[i] = (int64_t)group;
		encoder->groups[group].count++;
	}
	for (group = 0; group < encoder->group_count; group++) {
		encoder->groups[group].places =
			arena_allocate_array(&encoder->scratch, encoder->groups[group].count, sizeof(*encoder->groups[group].places));
		encoder->groups[group].count = 0;
	}
	for (size_t i = 0; i < batch->count; i++) {
		struct group *of = &encoder->groups[encoder->group_of[i]];
		of->places[of->count++] = i;
	}
	return true;
}

static void write_columns(struct encoder *encoder, const struct columns *columns)
{
	columns_encode(&encoder->writer, columns, encoder->references, &encoder->room);
}

static void write_heads(struct encoder *encoder, const struct group *group)
{
	const void **rows = arena_allocate_array(&encoder->scratch, group->count, sizeof(*rows));
	struct columns columns = {
		.schema = &operation_head_schema,
		.rows = rows,
		.count = group->count,
		.ids_known = subject_kind(group) != RECORD_NONE,
		.ids_kind = subject_kind(group),
		.left_out = head_left_out(),
	};

	for (size_t i = 0; i < group->count; i++)
		rows[i] = &encoder->batch->operations[group->places[i]].head;
	write_columns(encoder, &columns);
}

static void write_arguments(struct encoder *encoder, const struct group *group)
{
	const void **rows = arena_allocate_array(&encoder->scratch, group->count, sizeof(*rows));
	struct columns columns = { .schema = group->arguments, .rows = rows, .count = group->count, .left_out = ID_BIT };

	for (size_t i = 0; i < group->count; i++)
		rows[i] = encoder->batch->operations[group->places[i]].arguments;
	write_columns(encoder, &columns);
}

/* New and old values under the same masks, which are written once. */
static void write_edits(struct encoder *encoder, const struct group *group)
{
	const void **rows = arena_allocate_array(&encoder->scratch, group->count, sizeof(*rows));
	uint64_t *masks = arena_allocate_array(&encoder->scratch, group->count, sizeof(*masks));
	struct columns columns = {
		.schema = group->arguments, .rows = rows, .masks = masks, .count = group->count, .left_out = ID_BIT,
	};

	for (size_t i = 0; i < group->count; i++) {
		const struct operation *operation = &encoder->batch->operations[group->places[i]];
		assert(operation->old_values != NULL);
		masks[i] = operation->mask & schema_mask(group->arguments);
		rows[i] = operation->arguments;
	}
	write_columns(encoder, &columns);
	for (size_t i = 0; i < group->count; i++)
		rows[i] = encoder->batch->operations[group->places[i]].old_values;
	columns.masks_known = true;
	write_columns(encoder, &columns);
}

static void write_groups(struct encoder *encoder)
{
	struct writer *writer = &encoder->writer;

	write_varint(writer, encoder->group_count);
	for (size_t i = 0; i < encoder->group_count; i++) {
		write_varint(writer, encoder->groups[i].kind);
		write_varint(writer, encoder->groups[i].record);
		write_varint(writer, encoder->groups[i].count);
	}
	integers_encode(writer, encoder->group_of, encoder->batch->count, &encoder->scratch);
	for (size_t i = 0; i < encoder->group_count; i++) {
		const struct group *group = &encoder->groups[i];
		write_heads(encoder, group);
		if (group->kind == OPERATION_EDIT)
			write_edits(encoder, group);
		else if (group->arguments != NULL)
			write_arguments(encoder, group);
	}
}

/* Only a batch with operations that went out before under another incarnation ends with ids: of each operation 1 and its first id, or 0. */
static void write_first_ids(struct encoder *encoder)
{
	const struct batch *batch = encoder->batch;
	bool any = false;

	for (size_t i = 0; batch->first_ids != NULL && i < batch->count; i++)
		any = any || !id_is_nil(&batch->first_ids[i]);
	for (size_t i = 0; any && i < batch->count; i++) {
		bool re_sent = !id_is_nil(&batch->first_ids[i]);
		write_u8(&encoder->writer, re_sent);
		if (re_sent)
			write_id(&encoder->writer, &batch->first_ids[i]);
	}
}

/* Secrets that a short form leaves out: of the first window, when the receiver has decided the operation before the batch. */
static size_t secrets_known(int64_t first_seq, bool brief)
{
	return brief && chain_window_goes_on(first_seq) ? 1 : 0;
}

/* What stands in clear before the packed operations. */
static void write_frame(struct writer *writer, const struct batch *batch, bool brief)
{
	size_t known = secrets_known(batch->first_seq, brief);

	write_unless(writer, brief, &batch->incarnation);
	write_count(writer, batch->first_seq);
	write_varint(writer, batch->count);
	write_raw(writer, batch->secrets + known, (batch->secret_count - known) * WINDOW_SECRET_SIZE);
	write_hash_within(writer, brief, &batch->last_hash);
	write_raw(writer, batch->signature, SIGNATURE_SIZE);
}

bool batch_encode_within(
	struct writer *writer, const struct batch *batch, const struct references *references, const struct common_ground *ground)
{
	struct encoder encoder = { .batch = batch, .references = references };
	bool brief = ground != NULL && id_equal(&ground->incarnation, &batch->incarnation);

	assert(batch->count > 0 && batch->first_seq > 0 && !batch->brief);
	assert(batch->secret_count == window_count(batch->first_seq, batch->count));
	encoder.writer = writer_in(&encoder.scratch, PACK_RAW_MAX);
	write_frame(writer, batch, brief);
	if (batch->count <= COLUMNS_ROOM / sizeof(*batch->operations) && sort_into_groups(&encoder)) {
		encoder.room = COLUMNS_ROOM - batch->count * sizeof(*batch->operations);
		write_groups(&encoder);
	} else {
		writer->overflow = true;
	}
	write_first_ids(&encoder);
	if (encoder.writer.overflow)
		writer->overflow = true;
	else
		pack_write(writer, writer_bytes(&encoder.writer), BATCH_LEVEL, ground != NULL ? ground->dictionary : DICTIONARY_NONE);
	arena_finish(&encoder.scratch);
	return brief;
}

void batch_encode(struct writer *writer, const struct batch *batch, const struct references *references)
{
	(void)batch_encode_within(writer, batch, references, NULL);
}

static_assert(COLUMNS_ROWS_MAX * (sizeof(struct operation) + sizeof(size_t) + sizeof(struct id)) < COLUMNS_MEMORY_MAX,
	"the operations of the largest batch leave room for their fields");

struct decoder {
	struct reader reader;
	struct arena *arena;
	const struct references *references;
	size_t room;
	size_t count;
	struct operation *operations;
	struct group *groups;
	size_t group_count;
	struct id *first_ids; /* NULL: none was sent before */
};

static enum status read_group_head(struct decoder *decoder, struct group *out_group)
{
	uint64_t kind = read_varint(&decoder->reader);
	uint64_t record = read_varint(&decoder->reader);
	struct group group = { .count = (size_t)read_varint_max(&decoder->reader, decoder->count) };
	enum status status;

	if (decoder->reader.bad || group.count == 0)
		return fail(STATUS_CORRUPT, "%s: a group is malformed, cut or empty", what);
	status = operation_schema(kind, record, &group.arguments);
	if (status != STATUS_OK)
		return status;
	group.kind = (enum operation_kind)kind;
	group.record = (uint32_t)record;
	group.places = arena_allocate_array(decoder->arena, group.count, sizeof(*group.places));
	*out_group = group;
	return STATUS_OK;
}

static enum status read_group_heads(struct decoder *decoder)
{
	size_t total = 0;

	decoder->group_count = (size_t)read_varint_max(&decoder->reader, GROUPS_MAX);
	if (decoder->reader.bad || decoder->group_count == 0)
		return fail(STATUS_CORRUPT, "%s: malformed number of groups", what);
	decoder->groups = arena_allocate_array(decoder->arena, decoder->group_count, sizeof(*decoder->groups));
	for (size_t i = 0; i < decoder->group_count; i++) {
		enum status status = read_group_head(decoder, &decoder->groups[i]);
		if (status != STATUS_OK)
			return status;
		total += decoder->groups[i].count;
		if (total > decoder->count)
			return fail(STATUS_CORRUPT, "%s: its groups hold more operations than it", what);
	}
	if (total != decoder->count)
		return fail(STATUS_CORRUPT, "%s: its groups hold fewer operations than it", what);
	return STATUS_OK;
}

static enum status fill_places(struct decoder *decoder, const int64_t *group_of)
{
	size_t filled[GROUPS_MAX] = { 0 };

	for (size_t i = 0; i < decoder->count; i++) {
		struct group *group = &decoder->groups[group_of[i]];
		if (filled[group_of[i]] == group->count)
			return fail(STATUS_CORRUPT, "%s: more operations of a group than it says", what);
		group->places[filled[group_of[i]]++] = i;
	}
	return STATUS_OK;
}

static enum status read_places(struct decoder *decoder)
{
	struct arena scratch = { 0 };
	int64_t *group_of;
	enum status status = integers_decode_below(&decoder->reader, &scratch, decoder->count, decoder->group_count - 1, &group_of);

	if (status == STATUS_OK)
		status = fill_places(decoder, group_of);
	arena_finish(&scratch);
	return status;
}

static enum status read_columns(struct decoder *decoder, const struct columns_shape *shape, void ***out_rows, uint64_t **out_masks)
{
	return columns_decode(&decoder->reader, decoder->arena, shape, &decoder->room, out_rows, out_masks);
}

static enum status read_heads(struct decoder *decoder, const struct group *group)
{
	struct columns_shape shape = {
		.schema = &operation_head_schema,
		.count = group->count,
		.ids_known = subject_kind(group) != RECORD_NONE,
		.ids_kind = subject_kind(group),
		.left_out = head_left_out(),
		.references = decoder->references,
	};
	void **rows;
	enum status status = read_columns(decoder, &shape, &rows, NULL);

	for (size_t i = 0; status == STATUS_OK && i < group->count; i++) {
		struct operation_head *head = &decoder->operations[group->places[i]].head;
		*head = *(const struct operation_head *)rows[i];
		head->kind = group->kind;
		head->record = group->record;
	}
	return status;
}

static enum status read_arguments(struct decoder *decoder, const struct group *group)
{
	struct columns_shape shape = {
		.schema = group->arguments, .count = group->count, .left_out = ID_BIT, .references = decoder->references
	};
	void **rows;
	enum status status = read_columns(decoder, &shape, &rows, NULL);

	for (size_t i = 0; status == STATUS_OK && i < group->count; i++) {
		struct operation *operation = &decoder->operations[group->places[i]];
		if (group->kind == OPERATION_CREATE)
			memcpy(rows[i], &operation->head.subject, ID_SIZE); /* every described struct begins with its id */
		operation->arguments = rows[i];
	}
	return status;
}

static enum status read_edits(struct decoder *decoder, const struct group *group)
{
	struct columns_shape shape = {
		.schema = group->arguments, .count = group->count, .masked = true, .left_out = ID_BIT, .references = decoder->references
	};
	void **rows, **old_rows;
	uint64_t *masks;
	enum status status = read_columns(decoder, &shape, &rows, &masks);

	if (status != STATUS_OK)
		return status;
	shape.masks = masks;
	status = read_columns(decoder, &shape, &old_rows, NULL);
	for (size_t i = 0; status == STATUS_OK && i < group->count; i++) {
		struct operation *operation = &decoder->operations[group->places[i]];
		operation->arguments = rows[i];
		operation->old_values = old_rows[i];
		operation->mask = masks[i];
	}
	return status;
}

static enum status read_group(struct decoder *decoder, const struct group *group)
{
	enum status status = read_heads(decoder, group);

	if (status != STATUS_OK || group->arguments == NULL)
		return status;
	return group->kind == OPERATION_EDIT ? read_edits(decoder, group) : read_arguments(decoder, group);
}

static enum status read_first_ids(struct decoder *decoder)
{
	bool any = false;

	if (reader_left(&decoder->reader) == 0)
		return STATUS_OK;
	decoder->first_ids = arena_allocate_array(decoder->arena, decoder->count, sizeof(*decoder->first_ids));
	for (size_t i = 0; i < decoder->count; i++) {
		uint8_t re_sent = read_u8(&decoder->reader);
		if (re_sent == 0)
			continue;
		decoder->first_ids[i] = read_id(&decoder->reader);
		any = true;
		if (re_sent != 1 || id_is_nil(&decoder->first_ids[i]))
			return fail(STATUS_CORRUPT, "%s: malformed first id", what);
	}
	return any ? STATUS_OK : fail(STATUS_CORRUPT, "%s: first ids of nothing", what);
}

static enum status read_operations(struct decoder *decoder)
{
	enum status status = read_group_heads(decoder);

	if (status == STATUS_OK)
		status = read_places(decoder);
	if (status != STATUS_OK)
		return status;
	decoder->operations = arena_allocate_array(decoder->arena, decoder->count, sizeof(*decoder->operations));
	for (size_t i = 0; status == STATUS_OK && i < decoder->group_count; i++)
		status = read_group(decoder, &decoder->groups[i]);
	if (status == STATUS_OK)
		status = read_first_ids(decoder);
	if (status == STATUS_OK)
		status = reader_end(&decoder->reader, what);
	return status;
}

static enum status read_frame(struct reader *reader, const struct common_ground *ground, struct batch *batch)
{
	const void *secrets;

	batch->incarnation = read_unless(reader, ground != NULL ? &ground->incarnation : NULL);
	batch->first_seq = read_count(reader);
	batch->count = (size_t)read_varint_max(reader, COLUMNS_ROWS_MAX);
	if (reader->bad || batch->count == 0 || batch->first_seq == 0 || batch->first_seq > INT64_MAX - (int64_t)COLUMNS_ROWS_MAX)
		return fail(STATUS_CORRUPT, "%s: malformed numbers of its operations", what);
	batch->secret_count = window_count(batch->first_seq, batch->count) - secrets_known(batch->first_seq, batch->brief);
	secrets = read_view(reader, batch->secret_count * WINDOW_SECRET_SIZE).data;
	batch->secrets = secrets;
	batch->last_hash = read_hash_within(reader, batch->brief);
	read_raw(reader, batch->signature, SIGNATURE_SIZE);
	return reader->bad ? fail(STATUS_CORRUPT, "%s: cut", what) : STATUS_OK;
}

enum status batch_decode_within(const struct section *section, const struct common_ground *ground, struct arena *arena,
	const struct references *references, struct batch *out_batch)
{
	struct reader reader = reader_of(section->body);
	struct decoder decoder = { .arena = arena, .references = references, .room = COLUMNS_MEMORY_MAX };
	struct batch batch = { .brief = section->brief };
	struct bytes raw;
	enum status status = section_ground(section, ground, &ground);

	if (status == STATUS_OK)
		status = read_frame(&reader, ground, &batch);
	if (status == STATUS_OK)
		status = pack_read(&reader, arena, &raw);
	if (status == STATUS_OK)
		status = reader_end(&reader, what);
	if (status != STATUS_OK)
		return status;
	decoder.reader = reader_of(raw);
	decoder.count = batch.count;
	decoder.room -= batch.count * (sizeof(*decoder.operations) + sizeof(size_t) + sizeof(*decoder.first_ids));
	status = read_operations(&decoder);
	if (status != STATUS_OK)
		return status;
	batch.operations = decoder.operations;
	batch.first_ids = decoder.first_ids;
	*out_batch = batch;
	return STATUS_OK;
}

enum status batch_decode(struct bytes body, struct arena *arena, const struct references *references, struct batch *out_batch)
{
	return batch_decode_within(&(struct section){ .number = SECTION_BATCH, .body = body }, NULL, arena, references, out_batch);
}
