#include "protocol/base/id.h"

#include <string.h>

bool id_is_nil(const struct id *id)
{
	static const struct id nil;

	return id_equal(id, &nil);
}

bool id_equal(const struct id *left, const struct id *right)
{
	return memcmp(left->bytes, right->bytes, ID_SIZE) == 0;
}

int id_compare(const struct id *left, const struct id *right)
{
	return memcmp(left->bytes, right->bytes, ID_SIZE);
}

struct id_text id_to_text(const struct id *id)
{
	static const char digits[] = "0123456789abcdef";
	struct id_text text;

	for (int i = 0; i < ID_SIZE; i++) {
		text.characters[2 * i] = digits[id->bytes[i] >> 4];
		text.characters[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	text.characters[2 * ID_SIZE] = '\0';
	return text;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum status id_from_text(struct text text, struct id *out_id)
{
	struct id id = { 0 };
	int digits = 0;

	for (size_t i = 0; i < text.size; i++) {
		int value = digit_value(text.data[i]);
		if (text.data[i] == '-')
			continue;
		if (value < 0 || digits == 2 * ID_SIZE)
			return fail(STATUS_INVALID, "\"%.*s\" is not an id of 32 hexadecimal digits", TEXT_ARGUMENTS(text));
		id.bytes[digits / 2] = (uint8_t)(id.bytes[digits / 2] << 4 | value);
		digits++;
	}
	if (digits != 2 * ID_SIZE)
		return fail(STATUS_INVALID, "\"%.*s\" is not an id of 32 hexadecimal digits", TEXT_ARGUMENTS(text));
	*out_id = id;
	return STATUS_OK;
}
