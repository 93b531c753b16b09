/* Rows and operations made from a seed by walking the field tables, for property tests of anything that takes any row.
 * Every id comes from a pool of DICE_IDS, so that shortened references can be found again. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_RANDOM_ROW_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_RANDOM_ROW_H

#include <stdio.h>
#include <string.h>

#include "protocol/domain/extra.h"
#include "protocol/base/arena.h"
#include "protocol/domain/operation.h"

#define DICE_IDS 64

struct dice {
	uint64_t state;
	struct id ids[DICE_IDS];
};

static inline uint64_t dice_roll(struct dice *dice)
{
	uint64_t x = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* 0..below-1 */
static inline size_t dice_below(struct dice *dice, size_t below)
{
	return (size_t)(dice_roll(dice) % below);
}

static inline struct dice dice_of(uint64_t seed)
{
	struct dice dice = { .state = seed };

	for (size_t i = 0; i < DICE_IDS; i++)
		for (size_t k = 0; k < ID_SIZE; k++)
			dice.ids[i].bytes[k] = (uint8_t)dice_roll(&dice);
	return dice;
}

static inline struct text dice_text(struct dice *dice, struct arena *arena)
{
	static const char *const words[] = { "boiler", "valve", "no power", "Kältemittel", "電源", "ok", "replaced", "🔧", "x" };
	struct text text = { 0 };

	switch (dice_below(dice, 4)) {
	case 0:
		return arena_print(arena, "WO-%06u", (unsigned int)dice_below(dice, 1000000));
	case 1:
		return text_of(words[dice_below(dice, LENGTH(words))]);
	case 2:
		return arena_print(arena, "%u", (unsigned int)dice_below(dice, 3000));
	default:
		for (size_t i = dice_below(dice, 12); i > 0; i--)
			text = arena_print(arena, "%.*s %s", TEXT_ARGUMENTS(text), words[dice_below(dice, LENGTH(words))]);
		return text;
	}
}

static inline int64_t dice_integer(struct dice *dice)
{
	switch (dice_below(dice, 5)) {
	case 0:
		return (int64_t)dice_roll(dice);
	case 1:
		return dice_below(dice, 2) == 0 ? INT64_MIN : INT64_MAX;
	case 2:
		return -(int64_t)dice_below(dice, 1000);
	default:
		return (int64_t)dice_below(dice, 100);
	}
}

static inline void dice_field(struct dice *dice, struct arena *arena, const struct field *field, void *row)
{
	struct text text;

	switch (field->kind) {
	case FIELD_ID:
		memcpy(field_at_mutable(field, row), &dice->ids[dice_below(dice, DICE_IDS)], ID_SIZE);
		break;
	case FIELD_TEXT:
		text = dice_text(dice, arena);
		memcpy(field_at_mutable(field, row), &text, sizeof(text));
		break;
	case FIELD_INTEGER:
		field_set_integer(field, row, dice_integer(dice));
		break;
	case FIELD_TIME:
		field_set_integer(field, row, INT64_C(1767225600000) + (int64_t)dice_below(dice, 1000000) * 1000);
		break;
	case FIELD_CHOICE:
		field_set_integer(field, row, dice_below(dice, 50) == 0 ? UINT32_MAX : (int64_t)dice_below(dice, 9));
		break;
	case FIELD_BOOLEAN:
		field_set_integer(field, row, (int64_t)dice_below(dice, 2));
		break;
	}
}

/* Some fields that no table here has. */
static inline struct bytes dice_extra(struct dice *dice, struct arena *arena, const struct schema *schema)
{
	struct writer writer = writer_in(arena, EXTRA_SIZE_MAX);
	uint32_t last = schema->fields[schema->field_count - 1].tag;

	for (uint32_t tag = last + 1; tag <= TAG_MAX; tag++) {
		uint64_t value[] = { dice_roll(dice), dice_roll(dice) };
		if (dice_below(dice, 8) == 0)
			extra_write(&writer, tag, (struct bytes){ (const uint8_t *)value, 1 + dice_below(dice, sizeof(value)) });
	}
	return writer_bytes(&writer);
}

/* Each field is its default in a share of rows that differs from field to field. The id is set. */
static inline void *dice_row(struct dice *dice, struct arena *arena, const struct schema *schema)
{
	void *row = arena_allocate(arena, schema->size);

	for (size_t i = 0; i < schema->field_count; i++)
		if (dice_below(dice, 4) >= schema->fields[i].tag % 4)
			dice_field(dice, arena, &schema->fields[i], row);
	memcpy(row, &dice->ids[dice_below(dice, DICE_IDS)], ID_SIZE);
	if (schema->extra != 0 && dice_below(dice, 4) == 0)
		row_set_extra(schema, row, dice_extra(dice, arena, schema));
	return row;
}

/* Of a part of an operation, which has no unknown fields. */
static inline void *dice_part(struct dice *dice, struct arena *arena, const struct schema *schema)
{
	void *row = dice_row(dice, arena, schema);

	if (schema->extra != 0)
		row_set_extra(schema, row, (struct bytes){ 0 });
	return row;
}

static inline const struct schema *dice_schema(struct dice *dice)
{
	size_t count = 0;

	while (schema_at(count) != NULL)
		count++;
	return schema_at(dice_below(dice, count));
}

/* Sound in its structure only: the rules would refuse most of them. */
static inline struct operation dice_operation(struct dice *dice, struct arena *arena)
{
	struct operation operation = { 0 };
	struct operation_head *head = &operation.head;
	const struct operation_head *rolled = dice_row(dice, arena, &operation_head_schema);
	const struct schema *schema;

	*head = *rolled;
	head->kind = (enum operation_kind)(1 + dice_below(dice, OPERATION_KIND_COUNT - 1));
	head->record = 0;
	if (head->kind == OPERATION_CREATE || head->kind == OPERATION_EDIT)
		head->record = dice_schema(dice)->kind;
	if (head->kind == OPERATION_CREATE && dice_below(dice, 2) == 0)
		head->subject = (struct id){ 0 };
	schema = arguments_schema(head->kind, (enum record_kind)head->record);
	if (schema == NULL)
		return operation;
	operation.arguments = dice_part(dice, arena, schema);
	if (head->kind != OPERATION_EDIT)
		return operation;
	operation.old_values = dice_part(dice, arena, schema);
	for (size_t i = 0; i < schema->field_count; i++)
		if (schema->fields[i].tag != 1 && dice_below(dice, 3) == 0)
			operation.mask |= (uint64_t)1 << schema->fields[i].tag;
	return operation;
}

#endif
