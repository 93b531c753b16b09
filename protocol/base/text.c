#include "protocol/base/text.h"

#include <string.h>

struct text text_of(const char *string)
{
	return (struct text){ .data = string, .size = string == NULL ? 0 : strlen(string) };
}

bool text_equal(struct text left, struct text right)
{
	return left.size == right.size && (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

bool text_equals(struct text left, const char *right)
{
	return text_equal(left, text_of(right));
}

/* Bytes of the well-formed character at the start of `data`, 0 when there is none (RFC 3629, section 4). */
static size_t character_size(const uint8_t *data, size_t size)
{
	static const struct {
		uint8_t lead_min, lead_max, second_min, second_max, size;
	} forms[] = {
		{ 0x01, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < LENGTH(forms); i++) {
		if (data[0] < forms[i].lead_min || data[0] > forms[i].lead_max)
			continue;
		if (forms[i].size > size)
			return 0;
		if (forms[i].size > 1 && (data[1] < forms[i].second_min || data[1] > forms[i].second_max))
			return 0;
		for (size_t k = 2; k < forms[i].size; k++)
			if ((data[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

bool text_valid(struct text text)
{
	const uint8_t *data = (const uint8_t *)text.data;

	for (size_t position = 0; position < text.size;) {
		size_t step = character_size(data + position, text.size - position);
		if (step == 0)
			return false;
		position += step;
	}
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text text)
{
	while (text.size > 0 && is_blank(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

struct text text_cut(struct text text, size_t size_max)
{
	if (text.size <= size_max)
		return text;
	text.size = size_max;
	while (text.size > 0 && ((uint8_t)text.data[text.size] & 0xc0) == 0x80)
		text.size--;
	return text;
}

struct text text_behind(struct text text, const char *mark)
{
	if (mark == NULL)
		return text_of("");
	return (struct text){ .data = mark + 1, .size = (size_t)(text.data + text.size - (mark + 1)) };
}

struct bytes bytes_behind(struct bytes bytes, size_t size)
{
	struct bytes none = { 0 };

	return size >= bytes.size ? none : (struct bytes){ bytes.data + size, bytes.size - size };
}

bool bytes_equal(struct bytes left, struct bytes right)
{
	return left.size == right.size && (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}
