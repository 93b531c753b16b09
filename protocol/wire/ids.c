#include "protocol/wire/ids.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/wire/distinct.h"
#include "protocol/wire/integers.h"

/* Numbers are on the wire: never reuse one. A width byte follows all but the dictionary. */
enum form {
	FORM_CONSTANT = 0,   /* one id */
	FORM_PLANES = 1,     /* plane of the first bytes ‖ plane of the second … */
	FORM_ASCENDING = 2,  /* the same of the differences, each id being one big-endian number */
	FORM_DICTIONARY = 3, /* varint count ‖ ids ‖ integers: indexes */
};

static size_t width_of(const struct id *ids, size_t count, enum record_kind kind, const struct references *references)
{
	size_t width = REFERENCE_WIDTH_MAX;

	if (kind != RECORD_NONE && references != NULL && references->width != NULL)
		width = references->width(references->context, kind, ids, count);
	if (width < REFERENCE_WIDTH_MIN)
		return REFERENCE_WIDTH_MIN;
	return width > REFERENCE_WIDTH_MAX ? REFERENCE_WIDTH_MAX : width;
}

static bool ascends(const struct id *ids, size_t count, size_t width)
{
	for (size_t i = 1; i < count; i++)
		if (memcmp(ids[i - 1].bytes, ids[i].bytes, width) >= 0)
			return false;
	return true;
}

/* left - right, as big-endian numbers of `width` bytes, modulo 2^(8 × width). */
static struct id subtract(const struct id *left, const struct id *right, size_t width)
{
	struct id difference = { 0 };
	int borrow = 0;

	for (size_t i = width; i-- > 0;) {
		int digit = left->bytes[i] - right->bytes[i] - borrow;
		borrow = digit < 0;
		difference.bytes[i] = (uint8_t)digit;
	}
	return difference;
}

static struct id add(const struct id *left, const struct id *right, size_t width)
{
	struct id sum = { 0 };
	int carry = 0;

	for (size_t i = width; i-- > 0;) {
		int digit = left->bytes[i] + right->bytes[i] + carry;
		carry = digit > 0xff;
		sum.bytes[i] = (uint8_t)digit;
	}
	return sum;
}

static void write_planes(struct writer *writer, const struct id *ids, size_t count, size_t width)
{
	bool ascending = count > 1 && ascends(ids, count, width);
	struct id last = { 0 };
	uint8_t *space;

	write_u8(writer, ascending ? FORM_ASCENDING : FORM_PLANES);
	write_u8(writer, (uint8_t)width);
	space = write_space(writer, count * width);
	if (space == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		struct id row = ascending ? subtract(&ids[i], &last, width) : ids[i];
		for (size_t plane = 0; plane < width; plane++)
			space[plane * count + i] = row.bytes[plane];
		last = ids[i];
	}
}

static void write_constant(struct writer *writer, const struct id *id, size_t width)
{
	write_u8(writer, FORM_CONSTANT);
	write_u8(writer, (uint8_t)width);
	write_raw(writer, id, width);
}

static int compare_places(const void *left, const void *right)
{
	return id_compare(left, right);
}

/* Ascending distinct ids take less room; their indexes follow. */
static struct id *sort_distinct(const struct id *ids, size_t count, struct distinct *distinct, struct arena *scratch)
{
	struct place {
		struct id id;
		size_t number;
	} *places = arena_allocate_array(scratch, distinct->count, sizeof(*places));
	struct id *sorted = arena_allocate_array(scratch, distinct->count, sizeof(*sorted));
	int64_t *order = arena_allocate_array(scratch, distinct->count, sizeof(*order));

	for (size_t i = 0; i < distinct->count; i++)
		places[i] = (struct place){ .id = ids[distinct->first[i]], .number = i };
	qsort(places, distinct->count, sizeof(*places), compare_places);
	for (size_t i = 0; i < distinct->count; i++) {
		sorted[i] = places[i].id;
		order[places[i].number] = (int64_t)i;
	}
	for (size_t i = 0; i < count; i++)
		distinct->index[i] = order[distinct->index[i]];
	return sorted;
}

void ids_encode(struct writer *writer, const struct id *ids, size_t count, enum record_kind kind, const struct references *references,
		struct arena *scratch)
{
	struct distinct distinct;
	const struct id *sorted;
	size_t width;

	if (count == 0)
		return;
	if (!distinct_find(scratch, ids, count, count * 3 / 4 + 1, &distinct_ids, &distinct)) {
		write_planes(writer, ids, count, width_of(ids, count, kind, references));
		return;
	}
	if (distinct.count == 1) {
		write_constant(writer, ids, width_of(ids, 1, kind, references));
		return;
	}
	sorted = sort_distinct(ids, count, &distinct, scratch);
	width = width_of(sorted, distinct.count, kind, references);
	if (distinct.count * width + integers_cost(distinct.index, count, scratch) + 4 >= count * width) {
		write_planes(writer, ids, count, width);
		return;
	}
	write_u8(writer, FORM_DICTIONARY);
	write_varint(writer, distinct.count);
	write_planes(writer, sorted, distinct.count, width);
	integers_encode(writer, distinct.index, count, scratch);
}

static enum status corrupt(const char *why)
{
	return fail(STATUS_CORRUPT, "ids of a column: %s", why);
}

static enum status resolve(struct id *ids, size_t count, size_t width, enum record_kind kind, const struct references *references)
{
	enum status status = STATUS_OK;

	if (width == REFERENCE_WIDTH_MAX)
		return STATUS_OK;
	if (kind == RECORD_NONE)
		return corrupt("a shortened id where a whole one belongs");
	if (references == NULL || references->resolve == NULL)
		return fail(STATUS_NOT_FOUND, "ids of a column: shortened ids cannot be found again here; send whole ids");
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		uint8_t prefix[ID_SIZE];
		memcpy(prefix, ids[i].bytes, sizeof(prefix));
		status = references->resolve(references->context, kind, prefix, width, &ids[i]);
	}
	return status;
}

static enum status read_width(struct reader *reader, size_t *out_width)
{
	*out_width = read_u8(reader);
	if (reader->bad || *out_width < REFERENCE_WIDTH_MIN || *out_width > REFERENCE_WIDTH_MAX)
		return corrupt("a width that is not 4 to 16");
	return STATUS_OK;
}

static enum status read_planes(struct reader *reader, bool ascending, size_t count, struct id *ids, size_t *out_width)
{
	enum status status = read_width(reader, out_width);
	struct bytes planes;

	if (status != STATUS_OK)
		return status;
	planes = read_view(reader, count * *out_width);
	if (reader->bad)
		return corrupt("cut");
	for (size_t i = 0; i < count; i++) {
		for (size_t plane = 0; plane < *out_width; plane++)
			ids[i].bytes[plane] = planes.data[plane * count + i];
		if (ascending && i > 0)
			ids[i] = add(&ids[i], &ids[i - 1], *out_width);
	}
	return STATUS_OK;
}

/* Anything but a dictionary, resolved. */
static enum status read_plain(struct reader *reader, uint8_t form, size_t count, enum record_kind kind,
			      const struct references *references, struct id *ids)
{
	enum status status;
	size_t width;

	switch (form) {
	case FORM_CONSTANT:
		status = read_width(reader, &width);
		if (status != STATUS_OK)
			return status;
		read_raw(reader, &ids[0], width);
		status = reader->bad ? corrupt("cut") : resolve(ids, 1, width, kind, references);
		for (size_t i = 1; i < count; i++)
			ids[i] = ids[0];
		return status;
	case FORM_PLANES:
	case FORM_ASCENDING:
		status = read_planes(reader, form == FORM_ASCENDING, count, ids, &width);
		return status != STATUS_OK ? status : resolve(ids, count, width, kind, references);
	case FORM_DICTIONARY:
		return corrupt("a dictionary in a dictionary");
	default:
		return fail(STATUS_NEWER, "ids of a column: form %u is not known here; update this program", form);
	}
}

static enum status read_dictionary(struct reader *reader, struct arena *scratch, size_t count, enum record_kind kind,
				   const struct references *references, struct id *ids)
{
	size_t known = (size_t)read_varint_max(reader, count);
	uint8_t form = read_u8(reader);
	struct id *values;
	int64_t *indexes;
	enum status status;

	if (reader->bad || known == 0)
		return corrupt("malformed dictionary");
	values = arena_allocate_array(scratch, known, sizeof(*values));
	status = read_plain(reader, form, known, kind, references, values);
	if (status == STATUS_OK)
		status = integers_decode_below(reader, scratch, count, known - 1, &indexes);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		ids[i] = values[indexes[i]];
	return status;
}

enum status ids_decode(struct reader *reader, struct arena *scratch, size_t count, enum record_kind kind,
		       const struct references *references, struct id **out_ids)
{
	struct id *ids = arena_allocate_array(scratch, count, sizeof(*ids));
	enum status status = STATUS_OK;
	uint8_t form;

	if (count > 0) {
		form = read_u8(reader);
		if (reader->bad)
			return corrupt("cut");
		status = form == FORM_DICTIONARY ? read_dictionary(reader, scratch, count, kind, references, ids) :
						   read_plain(reader, form, count, kind, references, ids);
	}
	if (status == STATUS_OK)
		*out_ids = ids;
	return status;
}
