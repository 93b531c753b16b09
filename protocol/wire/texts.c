#include "protocol/wire/texts.h"

#include <string.h>

#include "protocol/wire/distinct.h"
#include "protocol/wire/integers.h"

#define PREFIX_SIZE_MAX 32
#define DIGITS_MAX 18
#define NUMBERED_COUNT_MIN 4

/* Numbers are on the wire: never reuse one. */
enum form {
	FORM_CONSTANT = 0,   /* bytes */
	FORM_PLAIN = 1,      /* integers: lengths ‖ the texts */
	FORM_DICTIONARY = 2, /* varint count ‖ texts ‖ integers: indexes */
	FORM_NUMBERED = 3,   /* bytes prefix ‖ digits (0: as many as needed) ‖ integers: what follows the prefix, in decimal */
};

/* Codes such as S-00470: all begin alike and end in a number. */
struct numbered {
	size_t prefix; /* bytes */
	size_t digits; /* 0: no leading zeros */
	int64_t *numbers;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t common_prefix(const struct text *texts, size_t count)
{
	size_t size = texts[0].size;

	for (size_t i = 1; i < count && size > 0; i++) {
		size_t same = 0;
		while (same < size && same < texts[i].size && texts[i].data[same] == texts[0].data[same])
			same++;
		size = same;
	}
	return size;
}

static bool same_sizes(const struct text *texts, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (texts[i].size != texts[0].size)
			return false;
	return true;
}

static bool read_decimal(struct text text, size_t prefix, size_t digits, int64_t *out_number)
{
	size_t size = text.size - prefix;
	int64_t number = 0;

	if (size == 0 || size > DIGITS_MAX || (digits == 0 && size > 1 && text.data[prefix] == '0'))
		return false;
	for (size_t i = prefix; i < text.size; i++) {
		if (!is_digit(text.data[i]))
			return false;
		number = number * 10 + (text.data[i] - '0');
	}
	*out_number = number;
	return true;
}

static bool numbered_find(const struct text *texts, size_t count, struct arena *scratch, struct numbered *out_numbered)
{
	struct numbered numbered = { .prefix = common_prefix(texts, count) };

	if (same_sizes(texts, count)) {
		numbered.digits = texts[0].size - numbered.prefix;
	} else {
		while (numbered.prefix > 0 && is_digit(texts[0].data[numbered.prefix - 1]))
			numbered.prefix--;
	}
	if (numbered.prefix > PREFIX_SIZE_MAX || !text_valid((struct text){ .data = texts[0].data, .size = numbered.prefix }))
		return false;
	numbered.numbers = arena_allocate_array(scratch, count, sizeof(*numbered.numbers));
	for (size_t i = 0; i < count; i++)
		if (!read_decimal(texts[i], numbered.prefix, numbered.digits, &numbered.numbers[i]))
			return false;
	*out_numbered = numbered;
	return true;
}

static void write_plain(struct writer *writer, const struct text *texts, size_t count, struct arena *scratch)
{
	int64_t *sizes = arena_allocate_array(scratch, count, sizeof(*sizes));

	for (size_t i = 0; i < count; i++)
		sizes[i] = (int64_t)texts[i].size;
	write_u8(writer, FORM_PLAIN);
	integers_encode(writer, sizes, count, scratch);
	for (size_t i = 0; i < count; i++)
		write_raw(writer, texts[i].data, texts[i].size);
}

static void write_dictionary(struct writer *writer, const struct text *texts, size_t count, const struct distinct *distinct,
			     struct arena *scratch)
{
	struct text *known = arena_allocate_array(scratch, distinct->count, sizeof(*known));

	for (size_t i = 0; i < distinct->count; i++)
		known[i] = texts[distinct->first[i]];
	write_u8(writer, FORM_DICTIONARY);
	write_varint(writer, distinct->count);
	write_plain(writer, known, distinct->count, scratch);
	integers_encode(writer, distinct->index, count, scratch);
}

static void write_numbered(struct writer *writer, const struct text *texts, size_t count, const struct numbered *numbered,
			   struct arena *scratch)
{
	write_u8(writer, FORM_NUMBERED);
	write_bytes(writer, (struct bytes){ .data = (const uint8_t *)texts[0].data, .size = numbered->prefix });
	write_u8(writer, (uint8_t)numbered->digits);
	integers_encode(writer, numbered->numbers, count, scratch);
}

/* Half of each distinct text remains after compression, and a repeated one costs a match of two and a half bytes: rough,
 * but the forms differ by far more. */
static size_t distinct_cost(const struct text *texts, const struct distinct *distinct)
{
	size_t size = 0;

	for (size_t i = 0; i < distinct->count; i++)
		size += texts[distinct->first[i]].size;
	return size / 2;
}

void texts_encode(struct writer *writer, const struct text *texts, size_t count, struct arena *scratch)
{
	struct distinct distinct = { 0 };
	struct numbered numbered;
	bool repeats, numbers;
	size_t plain, dictionary = SIZE_MAX;

	if (count == 0)
		return;
	repeats = distinct_find(scratch, texts, count, count * 3 / 4 + 1, &distinct_texts, &distinct);
	if (repeats && distinct.count == 1) {
		write_u8(writer, FORM_CONSTANT);
		write_bytes(writer, (struct bytes){ .data = (const uint8_t *)texts[0].data, .size = texts[0].size });
		return;
	}
	plain = repeats ? distinct_cost(texts, &distinct) + (count - distinct.count) * 5 / 2 : SIZE_MAX;
	if (repeats)
		dictionary = distinct_cost(texts, &distinct) + integers_cost(distinct.index, count, scratch);
	numbers = count >= NUMBERED_COUNT_MIN && numbered_find(texts, count, scratch, &numbered);
	if (numbers && integers_cost(numbered.numbers, count, scratch) <= (plain < dictionary ? plain : dictionary))
		write_numbered(writer, texts, count, &numbered, scratch);
	else if (repeats && dictionary < plain)
		write_dictionary(writer, texts, count, &distinct, scratch);
	else
		write_plain(writer, texts, count, scratch);
}

static enum status corrupt(const char *why)
{
	return fail(STATUS_CORRUPT, "texts of a column: %s", why);
}

/* True when all bytes are ASCII without NUL, and so every cut of them is a text. Eight at a time. */
static bool is_ascii(struct bytes bytes)
{
	size_t i = 0;

	for (; i + 8 <= bytes.size; i += 8) {
		uint64_t word;
		memcpy(&word, bytes.data + i, 8);
		if (((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) != 0)
			return false;
	}
	for (; i < bytes.size; i++)
		if (bytes.data[i] == 0 || bytes.data[i] >= 0x80)
			return false;
	return true;
}

/* Where a column is read from, and where its texts go. */
struct unfolding {
	struct reader *reader;
	struct arena *arena;
	struct arena *scratch;
	size_t *room;
};

static enum status read_plain(const struct unfolding *to, size_t count, struct text *texts)
{
	struct reader *reader = to->reader;
	int64_t *sizes;
	size_t total = 0;
	enum status status = integers_decode_below(reader, to->scratch, count, reader_left(reader), &sizes);
	struct bytes all;
	bool ascii;

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		total += (size_t)sizes[i];
	all = read_view(reader, total);
	if (reader->bad)
		return corrupt("cut");
	ascii = is_ascii(all);
	for (size_t i = 0, next = 0; i < count; next += (size_t)sizes[i], i++) {
		texts[i] = (struct text){ .data = sizes[i] == 0 ? NULL : (const char *)all.data + next, .size = (size_t)sizes[i] };
		if (!ascii && !text_valid(texts[i]))
			return corrupt("not UTF-8");
	}
	return STATUS_OK;
}

static enum status read_constant(struct reader *reader, size_t count, struct text *texts)
{
	struct bytes bytes = read_bytes(reader, reader_left(reader));
	struct text text = { .data = (const char *)bytes.data, .size = bytes.size };

	if (reader->bad || !text_valid(text))
		return corrupt("cut, or not UTF-8");
	for (size_t i = 0; i < count; i++)
		texts[i] = text;
	return STATUS_OK;
}

static size_t decimal_size(int64_t number)
{
	size_t size = 1;

	for (; number >= 10; number /= 10)
		size++;
	return size;
}

static struct text build_numbered(char *space, struct bytes prefix, size_t digits, int64_t number)
{
	struct text text = { .data = space, .size = prefix.size + digits };

	if (prefix.size > 0)
		memcpy(space, prefix.data, prefix.size);
	for (size_t i = text.size; i > prefix.size; i--, number /= 10)
		space[i - 1] = (char)('0' + number % 10);
	return text;
}

static enum status read_numbered(const struct unfolding *to, size_t count, struct text *texts)
{
	static const uint64_t number_max = UINT64_C(999999999999999999);
	struct reader *reader = to->reader;
	struct bytes prefix = read_bytes(reader, PREFIX_SIZE_MAX);
	size_t digits = read_u8(reader);
	size_t stride = prefix.size + DIGITS_MAX;
	int64_t *numbers;
	enum status status;
	char *space;

	if (reader->bad || digits > DIGITS_MAX || !text_valid((struct text){ .data = (const char *)prefix.data, .size = prefix.size }))
		return corrupt("malformed numbered texts");
	if (count * stride > *to->room)
		return corrupt("they unfold to more than is allowed");
	*to->room -= count * stride;
	status = integers_decode_below(reader, to->scratch, count, number_max, &numbers);
	if (status != STATUS_OK)
		return status;
	space = arena_allocate_array(to->arena, count, stride);
	for (size_t i = 0; i < count; i++) {
		size_t size = decimal_size(numbers[i]);
		if (digits != 0 && size > digits)
			return corrupt("a number longer than its digits");
		texts[i] = build_numbered(space + i * stride, prefix, digits != 0 ? digits : size, numbers[i]);
	}
	return STATUS_OK;
}

/* Anything but a dictionary. */
static enum status read_form(const struct unfolding *to, uint8_t form, size_t count, struct text *texts)
{
	switch (form) {
	case FORM_CONSTANT:
		return read_constant(to->reader, count, texts);
	case FORM_PLAIN:
		return read_plain(to, count, texts);
	case FORM_NUMBERED:
		return read_numbered(to, count, texts);
	case FORM_DICTIONARY:
		return corrupt("a dictionary in a dictionary");
	default:
		return fail(STATUS_NEWER, "texts of a column: form %u is not known here; update this program", form);
	}
}

static enum status read_dictionary(const struct unfolding *to, size_t count, struct text *texts)
{
	size_t known = (size_t)read_varint_max(to->reader, count);
	uint8_t form = read_u8(to->reader);
	struct text *values;
	int64_t *indexes;
	enum status status;

	if (to->reader->bad || known == 0)
		return corrupt("malformed dictionary");
	values = arena_allocate_array(to->scratch, known, sizeof(*values));
	status = read_form(to, form, known, values);
	if (status == STATUS_OK)
		status = integers_decode_below(to->reader, to->scratch, count, known - 1, &indexes);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		texts[i] = values[indexes[i]];
	return status;
}

enum status texts_decode(struct reader *reader, struct arena *arena, struct arena *scratch, size_t count, size_t *room,
			 struct text **out_texts)
{
	const struct unfolding to = { .reader = reader, .arena = arena, .scratch = scratch, .room = room };
	struct text *texts = arena_allocate_array(scratch, count, sizeof(*texts));
	enum status status = STATUS_OK;
	uint8_t form;

	if (count > 0) {
		form = read_u8(reader);
		if (reader->bad)
			return corrupt("cut");
		status = form == FORM_DICTIONARY ? read_dictionary(&to, count, texts) : read_form(&to, form, count, texts);
	}
	if (status == STATUS_OK)
		*out_texts = texts;
	return status;
}
