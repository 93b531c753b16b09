#include "protocol/wire/integers.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "protocol/wire/distinct.h"

#define BITS_MAX 56 /* packed; wider ones are planes */
#define DICTIONARY_COUNT_MIN 16

/* Numbers are on the wire: never reuse one. */
enum form {
	FORM_CONSTANT = 0,     /* signed value */
	FORM_BITS = 1,         /* frame ‖ bits ‖ packed, lowest bit first */
	FORM_PLANES = 2,       /* frame ‖ bytes a value ‖ plane of the lowest bytes ‖ … */
	FORM_DELTA_BITS = 3,   /* signed first ‖ FORM_BITS of the differences */
	FORM_DELTA_PLANES = 4, /* signed first ‖ FORM_PLANES of the differences */
	FORM_DICTIONARY = 5,   /* varint count ‖ integers, ascending ‖ integers: indexes */
};

/* values[i] = least + step × x[i], where x fits in `bits`; arithmetic is modulo 2^64. */
struct frame {
	enum form form; /* FORM_CONSTANT, FORM_BITS or FORM_PLANES */
	int64_t least;
	uint64_t step;
	unsigned int bits;
	size_t cost;
};

struct plan {
	enum form form;
	struct frame frame;
	size_t cost;
	const int64_t *deltas;
	struct distinct distinct;
};

static uint64_t greatest_divisor(uint64_t left, uint64_t right)
{
	while (right != 0) {
		uint64_t rest = left % right;
		left = right;
		right = rest;
	}
	return left;
}

static unsigned int bits_of(uint64_t value)
{
	unsigned int bits = 0;

	for (; value != 0; value >>= 1)
		bits++;
	return bits;
}

static uint64_t framed(const struct frame *frame, int64_t value)
{
	uint64_t offset = (uint64_t)value - (uint64_t)frame->least;

	return frame->step == 1 ? offset : offset / frame->step;
}

/* Bytes that an entropy coder would need for one plane, with its table; or, where values come in runs, a match finder. */
static size_t plane_cost(const struct frame *frame, const int64_t *values, size_t count, unsigned int shift)
{
	uint32_t histogram[256] = { 0 };
	uint8_t last = 0;
	size_t runs = 0, symbols = 0;
	double bits = 0;

	for (size_t i = 0; i < count; i++) {
		uint8_t byte = (uint8_t)(framed(frame, values[i]) >> shift);
		histogram[byte]++;
		runs += byte != last;
		last = byte;
	}
	for (size_t i = 0; i < LENGTH(histogram); i++) {
		if (histogram[i] == 0)
			continue;
		symbols++;
		bits += histogram[i] * log2((double)count / histogram[i]);
	}
	bits = (bits < (double)count ? (double)count : bits) / 8 + 8 + (double)symbols / 2; /* a Huffman code has no part of a bit */
	if (bits > (double)count)
		bits = (double)count;
	return (double)(runs * 3 + 4) < bits ? runs * 3 + 4 : (size_t)bits;
}

static struct frame frame_of(const int64_t *values, size_t count)
{
	struct frame frame = { .least = values[0], .step = 0 };
	int64_t greatest = values[0];
	size_t packed, planes = 0;

	for (size_t i = 1; i < count; i++) {
		frame.least = values[i] < frame.least ? values[i] : frame.least;
		greatest = values[i] > greatest ? values[i] : greatest;
	}
	if (greatest == frame.least) {
		frame.step = 1;
		frame.cost = 4;
		return frame;
	}
	for (size_t i = 0; i < count && frame.step != 1; i++)
		frame.step = greatest_divisor((uint64_t)values[i] - (uint64_t)frame.least, frame.step);
	assert(frame.step != 0); /* some value is not the least one */
	frame.bits = bits_of(framed(&frame, greatest));
	packed = (count * frame.bits + 7) / 8;
	for (unsigned int shift = 0; shift < frame.bits; shift += 8)
		planes += plane_cost(&frame, values, count, shift);
	frame.form = frame.bits > BITS_MAX || planes < packed ? FORM_PLANES : FORM_BITS;
	frame.cost = 8 + (frame.form == FORM_BITS ? packed : planes);
	return frame;
}

static const int64_t *differences(const int64_t *values, size_t count, struct arena *scratch)
{
	int64_t *deltas = arena_allocate_array(scratch, count - 1, sizeof(*deltas));

	for (size_t i = 1; i < count; i++)
		deltas[i - 1] = (int64_t)((uint64_t)values[i] - (uint64_t)values[i - 1]);
	return deltas;
}

static int compare_integers(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left;
	int64_t b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

/* Ascending distinct values, and indexes that follow their new places. */
static int64_t *sort_distinct(const int64_t *values, size_t count, struct distinct *distinct, struct arena *scratch)
{
	int64_t *pairs = arena_allocate_array(scratch, 2 * distinct->count, sizeof(*pairs));
	int64_t *sorted = arena_allocate_array(scratch, distinct->count, sizeof(*sorted));
	int64_t *places = arena_allocate_array(scratch, distinct->count, sizeof(*places));

	for (size_t i = 0; i < distinct->count; i++) {
		pairs[2 * i] = values[distinct->first[i]];
		pairs[2 * i + 1] = (int64_t)i;
	}
	qsort(pairs, distinct->count, 2 * sizeof(*pairs), compare_integers);
	for (size_t i = 0; i < distinct->count; i++) {
		sorted[i] = pairs[2 * i];
		places[pairs[2 * i + 1]] = (int64_t)i;
	}
	for (size_t i = 0; i < count; i++)
		distinct->index[i] = places[distinct->index[i]];
	return sorted;
}

static struct plan plan_of(const int64_t *values, size_t count, struct arena *scratch)
{
	struct plan plan = { .frame = frame_of(values, count) };
	unsigned int bits = plan.frame.bits;
	const int64_t *deltas;
	struct frame frame;
	struct distinct distinct;
	size_t cost;

	plan.form = plan.frame.form;
	plan.cost = plan.frame.cost;
	if (bits <= 4 || count < 3)
		return plan;
	deltas = differences(values, count, scratch);
	frame = frame_of(deltas, count - 1);
	if (frame.cost + 4 < plan.cost) {
		plan = (struct plan){ .form = FORM_DELTA_BITS, .frame = frame, .cost = frame.cost + 4, .deltas = deltas };
		if (frame.form == FORM_PLANES)
			plan.form = FORM_DELTA_PLANES;
	}
	if (count < DICTIONARY_COUNT_MIN || !distinct_find(scratch, values, count, count / 4, &distinct_integers, &distinct))
		return plan;
	cost = 12 + frame_of(distinct.index, count).cost + distinct.count * (bits + 7) / 8;
	if (cost < plan.cost)
		plan = (struct plan){ .form = FORM_DICTIONARY, .cost = cost, .distinct = distinct };
	return plan;
}

static void write_packed(struct writer *writer, const struct frame *frame, const int64_t *values, size_t count)
{
	uint8_t *space = write_space(writer, (count * frame->bits + 7) / 8);
	uint64_t held = 0;
	unsigned int have = 0;

	if (space == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		uint64_t x = framed(frame, values[i]);
		for (unsigned int done = 0; done < frame->bits;) {
			unsigned int take = 8 - have < frame->bits - done ? 8 - have : frame->bits - done;
			held |= (x >> done & (((uint64_t)1 << take) - 1)) << have;
			have += take;
			done += take;
			if (have == 8) {
				*space++ = (uint8_t)held;
				held = 0;
				have = 0;
			}
		}
	}
	if (have > 0)
		*space = (uint8_t)held;
}

static void write_planes(struct writer *writer, const struct frame *frame, const int64_t *values, size_t count)
{
	size_t width = (frame->bits + 7) / 8;
	uint8_t *space = write_space(writer, width * count);

	if (space == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		uint64_t x = framed(frame, values[i]);
		for (size_t plane = 0; plane < width; plane++, x >>= 8)
			space[plane * count + i] = (uint8_t)x;
	}
}

static void write_frame(struct writer *writer, const struct frame *frame, const int64_t *values, size_t count)
{
	bool packed = frame->form != FORM_PLANES;

	write_signed(writer, frame->least);
	write_varint(writer, frame->step);
	write_u8(writer, (uint8_t)(packed ? frame->bits : (frame->bits + 7) / 8));
	if (packed)
		write_packed(writer, frame, values, count);
	else
		write_planes(writer, frame, values, count);
}

/* Everything but a dictionary, whose two parts are such again. */
static void write_plan(struct writer *writer, const struct plan *plan, const int64_t *values, size_t count)
{
	write_u8(writer, (uint8_t)plan->form);
	if (plan->form == FORM_CONSTANT) {
		write_signed(writer, values[0]);
	} else if (plan->deltas != NULL) {
		write_signed(writer, values[0]);
		write_frame(writer, &plan->frame, plan->deltas, count - 1);
	} else {
		write_frame(writer, &plan->frame, values, count);
	}
}

static void write_plain(struct writer *writer, const int64_t *values, size_t count, struct arena *scratch)
{
	struct plan plan = plan_of(values, count, scratch);

	if (plan.form == FORM_DICTIONARY) {
		plan = (struct plan){ .frame = frame_of(values, count) };
		plan.form = plan.frame.form;
	}
	write_plan(writer, &plan, values, count);
}

void integers_encode(struct writer *writer, const int64_t *values, size_t count, struct arena *scratch)
{
	struct plan plan;

	if (count == 0)
		return;
	plan = plan_of(values, count, scratch);
	if (plan.form == FORM_DICTIONARY) {
		assert(plan.distinct.index != NULL);
		const int64_t *sorted = sort_distinct(values, count, &plan.distinct, scratch);
		write_u8(writer, FORM_DICTIONARY);
		write_varint(writer, plan.distinct.count);
		write_plain(writer, sorted, plan.distinct.count, scratch);
		write_plain(writer, plan.distinct.index, count, scratch);
		return;
	}
	write_plan(writer, &plan, values, count);
}

size_t integers_cost(const int64_t *values, size_t count, struct arena *scratch)
{
	return count == 0 ? 0 : plan_of(values, count, scratch).cost;
}

static enum status corrupt(const char *why)
{
	return fail(STATUS_CORRUPT, "integers of a column: %s", why);
}

static enum status read_packed(struct reader *reader, const struct frame *frame, size_t count, int64_t *out)
{
	struct bytes packed = read_view(reader, (count * frame->bits + 7) / 8);
	uint64_t held = 0, mask = ((uint64_t)1 << frame->bits) - 1;
	unsigned int have = 0;
	size_t next = 0;

	if (reader->bad)
		return corrupt("cut");
	for (size_t i = 0; i < count; i++) {
		for (; have < frame->bits; have += 8)
			held |= (uint64_t)packed.data[next++] << have;
		out[i] = (int64_t)((uint64_t)frame->least + frame->step * (held & mask));
		held >>= frame->bits;
		have -= frame->bits;
	}
	return held == 0 ? STATUS_OK : corrupt("bits after the last one");
}

static enum status read_planes(struct reader *reader, const struct frame *frame, size_t count, int64_t *out)
{
	struct bytes planes = read_view(reader, count * (frame->bits / 8));

	if (reader->bad)
		return corrupt("cut");
	for (size_t i = 0; i < count; i++) {
		uint64_t x = 0;
		for (unsigned int shift = 0; shift < frame->bits; shift += 8)
			x |= (uint64_t)planes.data[shift / 8 * count + i] << shift;
		out[i] = (int64_t)((uint64_t)frame->least + frame->step * x);
	}
	return STATUS_OK;
}

static enum status read_frame(struct reader *reader, bool packed, size_t count, int64_t *out)
{
	struct frame frame = { .least = read_signed(reader), .step = read_varint(reader) };
	uint8_t width = read_u8(reader);

	if (reader->bad || frame.step == 0 || (width == 0 && !packed) || width > (packed ? BITS_MAX : 8))
		return corrupt("malformed frame");
	frame.bits = packed ? width : width * 8U;
	return packed ? read_packed(reader, &frame, count, out) : read_planes(reader, &frame, count, out);
}

static enum status read_deltas(struct reader *reader, bool packed, size_t count, int64_t *out)
{
	enum status status;

	out[0] = read_signed(reader);
	if (count < 2)
		return corrupt("differences of one");
	status = read_frame(reader, packed, count - 1, out + 1);
	for (size_t i = 1; status == STATUS_OK && i < count; i++)
		out[i] = (int64_t)((uint64_t)out[i] + (uint64_t)out[i - 1]);
	return status;
}

static enum status read_form(struct reader *reader, uint8_t form, size_t count, int64_t *out)
{
	int64_t value;

	switch (form) {
	case FORM_CONSTANT:
		value = read_signed(reader);
		for (size_t i = 0; i < count; i++)
			out[i] = value;
		return reader->bad ? corrupt("cut") : STATUS_OK;
	case FORM_BITS:
	case FORM_PLANES:
		return read_frame(reader, form == FORM_BITS, count, out);
	case FORM_DELTA_BITS:
	case FORM_DELTA_PLANES:
		return read_deltas(reader, form == FORM_DELTA_BITS, count, out);
	default:
		return fail(STATUS_NEWER, "integers of a column: form %u is not known here; update this program", form);
	}
}

static enum status read_plain(struct reader *reader, size_t count, int64_t *out)
{
	uint8_t form = read_u8(reader);

	if (reader->bad)
		return corrupt("cut");
	if (form == FORM_DICTIONARY)
		return corrupt("a dictionary in a dictionary");
	return read_form(reader, form, count, out);
}

static enum status read_dictionary(struct reader *reader, struct arena *scratch, size_t count, int64_t *out)
{
	size_t known = (size_t)read_varint_max(reader, count);
	int64_t *values;
	enum status status;

	if (reader->bad || known == 0)
		return corrupt("malformed dictionary");
	values = arena_allocate_array(scratch, known, sizeof(*values));
	status = read_plain(reader, known, values);
	for (size_t i = 1; status == STATUS_OK && i < known; i++)
		if (values[i] <= values[i - 1])
			return corrupt("a dictionary that does not ascend");
	if (status == STATUS_OK)
		status = read_plain(reader, count, out);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if ((uint64_t)out[i] >= known)
			return corrupt("an index beyond its dictionary");
		out[i] = values[out[i]];
	}
	return status;
}

enum status integers_decode(struct reader *reader, struct arena *scratch, size_t count, int64_t **out_values)
{
	int64_t *values = arena_allocate_array(scratch, count, sizeof(*values));
	enum status status = STATUS_OK;
	uint8_t form;

	if (count > 0) {
		form = read_u8(reader);
		if (reader->bad)
			return corrupt("cut");
		status = form == FORM_DICTIONARY ? read_dictionary(reader, scratch, count, values) : read_form(reader, form, count, values);
	}
	if (status == STATUS_OK)
		*out_values = values;
	return status;
}

enum status integers_decode_below(struct reader *reader, struct arena *scratch, size_t count, uint64_t max, int64_t **out_values)
{
	int64_t *values;
	enum status status = integers_decode(reader, scratch, count, &values);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		if (values[i] < 0 || (uint64_t)values[i] > max)
			return corrupt("a number out of its range");
	*out_values = values;
	return STATUS_OK;
}
