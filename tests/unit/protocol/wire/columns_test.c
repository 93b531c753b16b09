#include "protocol/domain/asset.h"
#include "protocol/domain/note.h"
#include "protocol/domain/work_order.h"
#include "protocol/wire/columns.h"
#include "protocol/wire/integers.h"
#include "tests/unit/protocol/wire/damage.h"
#include "tests/unit/protocol/wire/pool_references.h"
#include "tests/unit/protocol/wire/random_row.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail

#define BLOCK_MAX ((size_t)4 * 1024 * 1024)

static struct bytes encoded(struct arena *arena, const struct columns *columns, const struct references *references)
{
	struct writer writer = writer_in(arena, BLOCK_MAX);
	size_t room = COLUMNS_ROOM;

	columns_encode(&writer, columns, references, &room);
	assert_false(writer.overflow);
	return writer_bytes(&writer);
}

/* A block like `columns`, whose rows are not looked at. */
static enum status decode(struct reader *reader, struct arena *arena, const struct columns *columns, const struct references *references,
	void ***out_rows, uint64_t **out_masks)
{
	const struct columns_shape shape = { .schema = columns->schema,
		.count = columns->count,
		.masked = columns->masks != NULL,
		.ids_known = columns->ids_known,
		.ids_kind = columns->ids_kind,
		.extra = columns->extra,
		.references = references };
	size_t room = COLUMNS_MEMORY_MAX;

	return columns_decode(reader, arena, &shape, &room, out_rows, out_masks);
}

/* What a masked row comes back as: its id and the fields of its mask. */
static const void *masked_row(struct arena *arena, const struct schema *schema, const void *row, uint64_t mask)
{
	void *copy = arena_allocate(arena, schema->size);

	for (size_t i = 0; i < schema->field_count; i++)
		if ((mask >> schema->fields[i].tag & 1) != 0 || schema->fields[i].tag == 1)
			field_copy(&schema->fields[i], copy, row);
	return copy;
}

static void check_round_trip(struct arena *arena, const struct columns *columns, const struct references *references)
{
	struct reader reader = reader_of(encoded(arena, columns, references));
	uint64_t *masks;
	void **rows;
	enum status status = decode(&reader, arena, columns, references, &rows, &masks);

	if (status != STATUS_OK)
		print_error("%s\n", fail_reason());
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(reader_left(&reader), 0);
	for (size_t i = 0; i < columns->count; i++) {
		const void *row = columns->rows[i];
		if (columns->masks != NULL) {
			assert_int_equal(masks[i], columns->masks[i]);
			row = masked_row(arena, columns->schema, row, columns->masks[i]);
		}
		assert_true(row_equal(columns->schema, row, rows[i]));
	}
}

static struct columns random_columns(struct dice *dice, struct arena *arena, const struct schema *schema, size_t count, bool masked)
{
	const void **rows = arena_allocate_array(arena, count, sizeof(*rows));
	uint64_t *masks = arena_allocate_array(arena, count, sizeof(*masks));
	uint64_t known = 0;

	for (size_t i = 0; i < schema->field_count; i++)
		known |= (uint64_t)1 << schema->fields[i].tag;
	for (size_t i = 0; i < count; i++) {
		rows[i] = dice_row(dice, arena, schema);
		masks[i] = dice_roll(dice) & dice_roll(dice) & known & ~(uint64_t)3;
	}
	return (struct columns){
		.schema = schema,
		.rows = rows,
		.masks = masked ? masks : NULL,
		.count = count,
		.ids_known = masked,
		.ids_kind = schema->kind,
		.extra = true,
	};
}

static void every_block_of_rows_comes_back_equal(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, 7, 8, 9, 40, 300 };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		for (size_t k = 0; k < LENGTH(counts); k++) {
			struct dice dice = dice_of(100 * i + k);
			struct references references = pool_references(&dice);
			struct columns plain = random_columns(&dice, &arena, schema_at(i), counts[k], false);
			struct columns masked = random_columns(&dice, &arena, schema_at(i), counts[k], true);
			check_round_trip(&arena, &plain, NULL);
			check_round_trip(&arena, &plain, &references);
			check_round_trip(&arena, &masked, NULL);
			check_round_trip(&arena, &masked, &references);
			arena_reset(&arena);
		}
	}
	arena_finish(&arena);
}

static void shortened_references_take_less_room(void **state)
{
	struct arena arena = { 0 };
	struct dice dice = dice_of(5);
	struct references references = pool_references(&dice);
	struct columns columns = random_columns(&dice, &arena, &asset_schema, 200, true);

	(void)state;
	assert_true(encoded(&arena, &columns, &references).size + 200 < encoded(&arena, &columns, NULL).size);
	arena_finish(&arena);
}

static enum status resolve_ambiguous(void *context, enum record_kind kind, const uint8_t *prefix, size_t width, struct id *out_id)
{
	(void)context;
	(void)kind;
	(void)prefix;
	(void)out_id;
	assert_int_equal(width, POOL_WIDTH);
	return fail(STATUS_AMBIGUOUS, "several begin so");
}

static void an_ambiguous_reference_is_said_to_be_one(void **state)
{
	struct arena arena = { 0 };
	struct dice dice = dice_of(5);
	struct references references = pool_references(&dice);
	struct columns columns = random_columns(&dice, &arena, &asset_schema, 20, true);
	struct bytes block = encoded(&arena, &columns, &references);
	struct reader reader = reader_of(block);
	uint64_t *masks;
	void **rows;

	(void)state;
	references.resolve = resolve_ambiguous;
	assert_int_equal(decode(&reader, &arena, &columns, &references, &rows, &masks), STATUS_AMBIGUOUS);
	reader = reader_of(block);
	assert_int_equal(decode(&reader, &arena, &columns, NULL, &rows, &masks), STATUS_NOT_FOUND);
	arena_finish(&arena);
}

struct sample {
	const struct columns *columns;
	const struct references *references;
};

static void check_damaged(struct bytes damaged, void *context)
{
	const struct sample *sample = context;
	const struct columns *columns = sample->columns;
	struct arena arena = { 0 };
	struct reader reader = reader_of(damaged);
	uint64_t *masks;
	void **rows;
	enum status status = decode(&reader, &arena, columns, sample->references, &rows, &masks);

	assert_true(arena.used <= 256 * 1024);
	if (status == STATUS_OK) {
		struct columns again = *columns;
		again.rows = (const void *const *)rows;
		again.masks = columns->masks != NULL ? masks : NULL;
		check_round_trip(&arena, &again, sample->references);
	}
	arena_finish(&arena);
}

static void a_damaged_block_is_refused_or_is_another_block(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		struct dice dice = dice_of(i);
		struct references references = pool_references(&dice);
		struct columns columns = random_columns(&dice, &arena, schema_at(i), 9, i % 2 == 0);
		struct sample sample = { &columns, &references };
		damage_each(encoded(&arena, &columns, &references), check_damaged, &sample);
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

static enum status decode_notes(struct arena *arena, const uint8_t *data, size_t size, size_t count)
{
	const struct columns columns = { .schema = &note_schema, .count = count };
	struct reader reader = reader_of((struct bytes){ data, size });
	void **rows;

	return decode(&reader, arena, &columns, NULL, &rows, NULL);
}

static void hostile_blocks_are_refused_before_they_cost_memory(void **state)
{
	/* Lead byte = tag * 2 + sparse; note: 2 work_order_id, 4 text, 5 author_id, 6 at_ms, 7 late. */
	static const struct {
		const char *name;
		uint8_t data[12];
		size_t size, count;
		enum status status;
	} blocks[] = {
		{ "nothing at all", { 0 }, 1, 3, STATUS_OK },
		{ "no end", { 0 }, 0, 3, STATUS_CORRUPT },
		{ "more rows than a block holds", { 0 }, 1, COLUMNS_ROWS_MAX + 1, STATUS_CORRUPT },
		{ "a constant text for many rows", { 8, 0, 1, 'x', 0 }, 5, 60000, STATUS_OK },
		{ "planes that are not there", { 12, 2, 0, 1, 8, 0 }, 6, 60000, STATUS_CORRUPT },
		{ "bits that are not there", { 12, 1, 0, 1, 56, 0 }, 6, 60000, STATUS_CORRUPT },
		{ "57 bits", { 12, 1, 0, 1, 57, 0, 0, 0, 0, 0, 0, 0 }, 12, 1, STATUS_CORRUPT },
		{ "step 0", { 12, 1, 0, 0, 1, 0, 0 }, 7, 1, STATUS_CORRUPT },
		{ "bits after the last", { 12, 1, 0, 1, 1, 0xff, 0 }, 7, 2, STATUS_CORRUPT },
		{ "an unknown form of integers", { 12, 6, 0 }, 3, 2, STATUS_NEWER },
		{ "an unknown form of texts", { 8, 4, 0 }, 3, 2, STATUS_NEWER },
		{ "an unknown form of ids", { 4, 4, 0 }, 3, 2, STATUS_NEWER },
		{ "an unknown tag", { 120, 0, 0 }, 3, 2, STATUS_NEWER },
		{ "tags out of order", { 12, 0, 1, 8, 0, 1, 'x', 0 }, 8, 2, STATUS_CORRUPT },
		{ "boolean 2", { 14, 0, 4, 0 }, 4, 2, STATUS_CORRUPT },
		{ "a short id where a whole one belongs", { 2, 0, 5, 1, 2, 3, 4, 5, 0 }, 9, 2, STATUS_CORRUPT },
		{ "width 3", { 4, 0, 3, 1, 2, 3, 0 }, 7, 2, STATUS_CORRUPT },
		{ "width 17", { 4, 0, 17, 1, 2, 3, 0 }, 7, 2, STATUS_CORRUPT },
		{ "a bitmap of all", { 13, 3, 0, 2, 0 }, 5, 2, STATUS_CORRUPT },
		{ "a bitmap of none", { 13, 0, 0, 2, 0 }, 5, 2, STATUS_CORRUPT },
		{ "a bitmap beyond the rows", { 13, 5, 0, 2, 0 }, 5, 2, STATUS_CORRUPT },
		{ "an empty dictionary", { 8, 2, 0, 1, 0 }, 5, 2, STATUS_CORRUPT },
		{ "a dictionary larger than its column", { 8, 2, 3, 1, 0 }, 5, 2, STATUS_CORRUPT },
		{ "a dictionary in a dictionary", { 8, 2, 1, 2, 1 }, 5, 2, STATUS_CORRUPT },
		{ "an index beyond the dictionary", { 8, 2, 1, 0, 1, 'x', 0, 2, 0 }, 9, 2, STATUS_CORRUPT },
		{ "not UTF-8", { 8, 0, 1, 0xff, 0 }, 5, 2, STATUS_CORRUPT },
		{ "NUL", { 8, 1, 0, 2, 0, 0 }, 6, 2, STATUS_CORRUPT },
		{ "negative lengths", { 8, 1, 0, 1, 0 }, 5, 2, STATUS_CORRUPT },
		{ "19 digits", { 8, 3, 0, 19, 0, 2, 0 }, 7, 2, STATUS_CORRUPT },
		{ "a number longer than its digits", { 8, 3, 0, 1, 0, 20, 0 }, 7, 2, STATUS_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(blocks); i++) {
		struct arena arena = { 0 };
		enum status status = decode_notes(&arena, blocks[i].data, blocks[i].size, blocks[i].count);
		if (status != blocks[i].status)
			print_error("%s: %s\n", blocks[i].name, fail_reason());
		assert_int_equal(status, blocks[i].status);
		assert_true(arena.used <= COLUMNS_MEMORY_MAX);
		arena_finish(&arena);
	}
}

/* Lead of a column with sizes = 128 + tag * 2 + sparse, here tag 60, which notes have not, and 7, late. */
static void unknown_columns_are_kept_when_they_state_their_sizes_and_hostile_ones_refused(void **state)
{
	static const struct {
		const char *name;
		uint8_t data[12];
		size_t size;
		enum status status, elsewhere; /* in a page, and where nothing may be passed over */
	} blocks[] = {
		{ "kept", { 0xf8, 1, 0, 2, 'a', 'b', 0 }, 7, STATUS_OK, STATUS_NEWER },
		{ "kept of one row", { 0xf9, 1, 2, 0, 4, 'a', 'b', 0 }, 8, STATUS_OK, STATUS_NEWER },
		{ "no value", { 0xf8, 1, 0, 0, 0 }, 5, STATUS_CORRUPT, STATUS_NEWER },
		{ "cut", { 0xf8, 1, 0, 2, 'a' }, 5, STATUS_CORRUPT, STATUS_NEWER },
		{ "a size beyond the end", { 0xf8, 1, 0, 0x80, 1, 'a', 0 }, 7, STATUS_CORRUPT, STATUS_NEWER },
		{ "a negative size", { 0xf8, 1, 0, 1, 'a', 0 }, 6, STATUS_CORRUPT, STATUS_NEWER },
		{ "no sizes", { 120, 0, 2, 0 }, 4, STATUS_NEWER, STATUS_NEWER },
		{ "the id", { 0x82, 1, 0, 2, 'a', 'b', 0 }, 7, STATUS_CORRUPT, STATUS_CORRUPT },
		{ "tag 0", { 0x80, 1, 0, 2, 'a', 'b', 0 }, 7, STATUS_CORRUPT, STATUS_CORRUPT },
		{ "a tag beyond all", { 0x80, 2, 0, 2, 'a', 'b', 0 }, 7, STATUS_NEWER, STATUS_NEWER },
		{ "before a lower tag", { 0xf8, 1, 0, 2, 'a', 'b', 14, 0, 2, 0 }, 10, STATUS_CORRUPT, STATUS_NEWER },
		{ "a known field", { 0x8e, 1, 0, 2, 1, 1, 0 }, 7, STATUS_OK, STATUS_OK },
		{ "a default of a known field", { 0x8e, 1, 0, 2, 1, 0, 0 }, 7, STATUS_CORRUPT, STATUS_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(blocks); i++) {
		struct arena arena = { 0 };
		const struct columns columns = { .schema = &note_schema, .count = 2, .extra = i % 2 == 0 };
		struct reader reader = reader_of((struct bytes){ blocks[i / 2].data, blocks[i / 2].size });
		void **rows;
		enum status status = decode(&reader, &arena, &columns, NULL, &rows, NULL);
		if (status != (columns.extra ? blocks[i / 2].status : blocks[i / 2].elsewhere))
			print_error("%s: %s\n", blocks[i / 2].name, fail_reason());
		assert_int_equal(status, columns.extra ? blocks[i / 2].status : blocks[i / 2].elsewhere);
		arena_finish(&arena);
	}
}

/* `columns` unknown columns of one byte in every row. */
static enum status decode_unknown(struct arena *arena, size_t rows, uint32_t columns)
{
	struct writer writer = writer_in(arena, BLOCK_MAX);
	struct arena inner = { 0 };
	struct columns shape = { .schema = &note_schema, .count = rows, .extra = true };
	struct reader reader;
	enum status status;
	void **read;

	for (uint32_t tag = TAG_MAX - columns + 1; tag <= TAG_MAX; tag++) {
		write_varint(&writer, 128 + tag * 2);
		write_raw(&writer, (uint8_t[]){ 0, 2 }, 2); /* each has one byte */
		memset(write_space(&writer, rows), 'x', rows);
	}
	write_u8(&writer, 0);
	reader = reader_of(writer_bytes(&writer));
	status = decode(&reader, &inner, &shape, NULL, &read, NULL);
	assert_true(inner.used <= COLUMNS_MEMORY_MAX);
	arena_finish(&inner);
	return status;
}

static void unknown_columns_cannot_unfold_beyond_the_cap(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_int_equal(decode_unknown(&arena, 1000, 50), STATUS_OK);
	assert_int_equal(decode_unknown(&arena, 20000, 50), STATUS_CORRUPT);
	assert_int_equal(decode_unknown(&arena, 60000, 3), STATUS_CORRUPT);
	arena_finish(&arena);
}

static void constants_and_numbers_cannot_unfold_beyond_the_cap(void **state)
{
	uint8_t block[400];
	struct writer writer = { .data = block, .capacity = sizeof(block), .size_max = sizeof(block) };
	struct arena arena = { 0 };
	const struct schema *schema = schema_find(RECORD_KB_ARTICLE);

	(void)state;
	for (size_t i = 0; i < schema->field_count; i++) {
		if (schema->fields[i].kind != FIELD_TEXT)
			continue;
		write_varint(&writer, schema->fields[i].tag * 2);
		write_u8(&writer, 3);
		write_varint(&writer, 20);
		write_raw(&writer, "aaaaaaaaaaaaaaaaaaaa", 20);
		write_u8(&writer, 18);
		write_u8(&writer, 0);
		write_signed(&writer, 1);
	}
	write_u8(&writer, 0);
	struct reader reader = reader_of(writer_bytes(&writer));
	const struct columns columns = { .schema = schema, .count = 40000 };
	void **rows;
	assert_int_equal(decode(&reader, &arena, &columns, NULL, &rows, NULL), STATUS_CORRUPT);
	assert_true(arena.used <= COLUMNS_MEMORY_MAX);
	arena_finish(&arena);
}

/* `count` notes that all say the same `size` bytes. */
static bool shared_text_fits(struct arena *arena, size_t count, size_t size, struct bytes *out_block)
{
	struct writer writer = writer_in(arena, BLOCK_MAX);
	char *words = arena_allocate(arena, size);
	const void **rows = arena_allocate_array(arena, count, sizeof(*rows));
	struct note *notes = arena_allocate_array(arena, count, sizeof(*notes));
	struct columns columns = { .schema = &note_schema, .rows = rows, .count = count };
	size_t room = COLUMNS_ROOM;

	memset(words, 'a', size);
	for (size_t i = 0; i < count; i++) {
		notes[i].id.bytes[0] = (uint8_t)i;
		notes[i].text = (struct text){ words, size };
		rows[i] = &notes[i];
	}
	columns_encode(&writer, &columns, NULL, &room);
	*out_block = writer_bytes(&writer);
	return !writer.overflow;
}

static void a_text_that_many_rows_share_counts_each_time(void **state)
{
	enum { SIZE = 60000, FITTING = 130, TOO_MANY = 150, HOSTILE = 300 };
	struct arena arena = { 0 };
	struct writer hostile = writer_in(&arena, BLOCK_MAX);
	struct bytes block;

	(void)state;
	assert_true(shared_text_fits(&arena, FITTING, SIZE, &block));
	assert_true(block.size < SIZE + FITTING * sizeof(struct id) + 100);
	assert_int_equal(decode_notes(&arena, block.data, block.size, FITTING), STATUS_OK);
	assert_false(shared_text_fits(&arena, TOO_MANY, SIZE, &block));

	write_varint(&hostile, 4 * 2); /* text, the same for all */
	write_u8(&hostile, 0);
	write_varint(&hostile, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		write_u8(&hostile, 'a');
	write_u8(&hostile, 0);
	block = writer_bytes(&hostile);
	assert_int_equal(decode_notes(&arena, block.data, block.size, FITTING), STATUS_OK);
	assert_int_equal(decode_notes(&arena, block.data, block.size, HOSTILE), STATUS_CORRUPT);
	arena_finish(&arena);
}

static void check_integers(const int64_t *values, size_t count, size_t size_max)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct writer writer = writer_in(&arena, BLOCK_MAX);
	struct reader reader;
	int64_t *read;

	integers_encode(&writer, values, count, &scratch);
	reader = reader_of(writer_bytes(&writer));
	assert_true(writer.size <= size_max);
	assert_int_equal(integers_decode(&reader, &scratch, count, &read), STATUS_OK);
	assert_int_equal(reader_left(&reader), 0);
	assert_memory_equal(read, values, count * sizeof(*values));
	arena_finish(&arena);
	arena_finish(&scratch);
}

static void integers_of_every_shape_come_back_and_small_ones_stay_small(void **state)
{
	enum { COUNT = 1000 };
	static int64_t constant[COUNT], steps[COUNT], clock[COUNT], few[COUNT], wild[COUNT], extremes[COUNT], bits[COUNT];
	struct dice dice = dice_of(1);

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		constant[i] = INT64_MIN;
		steps[i] = INT64_C(1767225600000) + 60000 * (int64_t)dice_below(&dice, 1000);
		clock[i] = INT64_C(1767225600000) + 997 * (int64_t)i;
		few[i] = (int64_t)(dice_of(dice_below(&dice, 5)).state * UINT64_C(0x9e3779b97f4a7c15));
		wild[i] = (int64_t)dice_roll(&dice);
		extremes[i] = i % 2 == 0 ? INT64_MIN : INT64_MAX;
		bits[i] = (int64_t)dice_below(&dice, 8);
	}
	check_integers(constant, COUNT, 12);
	check_integers(steps, COUNT, 1400);
	check_integers(clock, COUNT, 20);
	check_integers(few, COUNT, 1100);
	check_integers(wild, COUNT, 8 * COUNT + 24);
	check_integers(extremes, COUNT, COUNT + 24);
	check_integers(bits, COUNT, COUNT + 8);
	check_integers(wild, 1, 12);
	check_integers(wild, 2, 40);
	check_integers(wild, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_of_rows_comes_back_equal),
		cmocka_unit_test(shortened_references_take_less_room),
		cmocka_unit_test(an_ambiguous_reference_is_said_to_be_one),
		cmocka_unit_test(a_damaged_block_is_refused_or_is_another_block),
		cmocka_unit_test(hostile_blocks_are_refused_before_they_cost_memory),
		cmocka_unit_test(unknown_columns_are_kept_when_they_state_their_sizes_and_hostile_ones_refused),
		cmocka_unit_test(unknown_columns_cannot_unfold_beyond_the_cap),
		cmocka_unit_test(constants_and_numbers_cannot_unfold_beyond_the_cap),
		cmocka_unit_test(a_text_that_many_rows_share_counts_each_time),
		cmocka_unit_test(integers_of_every_shape_come_back_and_small_ones_stay_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
