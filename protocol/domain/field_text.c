/* Fields as text for people and files, and back. */
#include <inttypes.h>
#include <string.h>

#include "protocol/domain/revision.h"

#define DAY_MS    INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define YEAR_MAX  9999
#define SHOWN_MAX 40 /* bytes of a wrong value quoted in a reason */

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years are counted from March, so that the leap day is last. */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
	int64_t march_year = month <= 2 ? year - 1 : year;
	int64_t era = march_year / 400;
	int64_t year_of_era = march_year - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of_days(int64_t days, int64_t *out_year, int64_t *out_month, int64_t *out_day)
{
	int64_t shifted = days + 719468;
	int64_t era = shifted / 146097;
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;

	*out_day = day_of_year - (153 * march_month + 2) / 5 + 1;
	*out_month = march_month < 10 ? march_month + 3 : march_month - 9;
	*out_year = year_of_era + era * 400 + (*out_month <= 2 ? 1 : 0);
}

static struct text time_to_text(struct arena *arena, int64_t at_ms)
{
	int64_t year, month, day;
	int64_t of_day = at_ms % DAY_MS;
	int hour = (int)(of_day / (60 * MINUTE_MS)), minute = (int)(of_day / MINUTE_MS % 60), second = (int)(of_day / 1000 % 60);

	if (at_ms == 0)
		return text_of("");
	if (at_ms < 0 || at_ms / DAY_MS >= days_of_date(YEAR_MAX + 1, 1, 1))
		return arena_print(arena, "%" PRId64 " ms", at_ms); /* no RFC 3339 for it */
	date_of_days(at_ms / DAY_MS, &year, &month, &day);
	if (of_day % 1000 == 0)
		return arena_print(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month, (int)day, hour, minute, second);
	return arena_print(
		arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, (int)month, (int)day, hour, minute, second, (int)(of_day % 1000));
}

/* Reads exactly `count` digits; -1 when they are not there. */
static int64_t take_digits(struct text *rest, size_t count)
{
	int64_t value = 0;

	if (rest->size < count)
		return -1;
	for (size_t i = 0; i < count; i++) {
		char digit = rest->data[i];
		if (digit < '0' || digit > '9')
			return -1;
		value = 10 * value + (digit - '0');
	}
	rest->data += count;
	rest->size -= count;
	return value;
}

static bool take_character(struct text *rest, char expected)
{
	if (rest->size == 0 || rest->data[0] != expected)
		return false;
	rest->data++;
	rest->size--;
	return true;
}

static int64_t month_days(int64_t year, int64_t month)
{
	return days_of_date(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - days_of_date(year, month, 1);
}

static bool take_date(struct text *rest, int64_t *out_ms)
{
	int64_t year = take_digits(rest, 4), month, day;

	if (year < 1970 || !take_character(rest, '-'))
		return false;
	month = take_digits(rest, 2);
	if (month < 1 || month > 12 || !take_character(rest, '-'))
		return false;
	day = take_digits(rest, 2);
	if (day < 1 || day > month_days(year, month))
		return false;
	*out_ms = days_of_date(year, month, day) * DAY_MS;
	return true;
}

static bool take_hour_minute(struct text *rest, int64_t *out_ms)
{
	int64_t hour = take_digits(rest, 2), minute;

	if (hour < 0 || hour > 23 || !take_character(rest, ':'))
		return false;
	minute = take_digits(rest, 2);
	if (minute < 0 || minute > 59)
		return false;
	*out_ms = (60 * hour + minute) * MINUTE_MS;
	return true;
}

static bool take_seconds(struct text *rest, int64_t *out_ms)
{
	int64_t second, thousandths = 0;

	*out_ms = 0;
	if (!take_character(rest, ':'))
		return true;
	second = take_digits(rest, 2);
	if (second < 0 || second > 59)
		return false;
	if (take_character(rest, '.'))
		thousandths = take_digits(rest, 3);
	*out_ms = 1000 * second + thousandths;
	return thousandths >= 0;
}

static bool take_zone(struct text *rest, int64_t *out_ms)
{
	int64_t offset_ms;
	bool east = take_character(rest, '+');

	*out_ms = 0;
	if (!east && !take_character(rest, '-')) {
		(void)take_character(rest, 'Z'); /* no zone means UTC */
		return true;
	}
	if (!take_hour_minute(rest, &offset_ms))
		return false;
	*out_ms = east ? offset_ms : -offset_ms;
	return true;
}

static bool time_from_text(struct text text, int64_t *out_ms)
{
	int64_t date_ms, clock_ms = 0, second_ms = 0, zone_ms = 0;

	if (!take_date(&text, &date_ms))
		return false;
	if (take_character(&text, 'T')) {
		if (!take_hour_minute(&text, &clock_ms) || !take_seconds(&text, &second_ms) || !take_zone(&text, &zone_ms))
			return false;
	}
	*out_ms = date_ms + clock_ms + second_ms - zone_ms;
	return text.size == 0 && *out_ms >= 0;
}

static bool integer_from_text(struct text text, int64_t *out_value)
{
	bool negative = take_character(&text, '-');
	int64_t value = 0;

	if (text.size == 0)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		int digit = text.data[i] - '0';
		if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10)
			return false;
		value = 10 * value + digit;
	}
	*out_value = negative ? -value : value;
	return true;
}

static bool boolean_from_text(struct text text, int64_t *out_value)
{
	static const struct {
		const char *word;
		int64_t value;
	} words[] = { { "true", 1 }, { "false", 0 }, { "yes", 1 }, { "no", 0 }, { "1", 1 }, { "0", 0 } };

	for (size_t i = 0; i < LENGTH(words); i++) {
		if (text_equals(text, words[i].word)) {
			*out_value = words[i].value;
			return true;
		}
	}
	return false;
}

struct text choice_to_text(struct arena *arena, const struct choice *choices, uint32_t number)
{
	for (const struct choice *choice = choices; choice->name != NULL; choice++)
		if (choice->number == number && choice_spoken(choices, number))
			return text_of(choice->name);
	return arena_print(arena, "other (%" PRIu32 ")", number);
}

enum status choice_from_text(const struct choice *choices, struct text name, uint32_t *out_number)
{
	char known[REASON_SIZE - 100];
	size_t used = 0;

	for (const struct choice *choice = choices; choice->name != NULL; choice++) {
		size_t size = strlen(choice->name);
		if (!choice_spoken(choices, choice->number))
			continue;
		if (text_equals(name, choice->name)) {
			*out_number = choice->number;
			return STATUS_OK;
		}
		if (used + size + 3 > sizeof(known))
			continue;
		if (used > 0) {
			known[used++] = ',';
			known[used++] = ' ';
		}
		memcpy(known + used, choice->name, size);
		used += size;
	}
	name = text_cut(name, SHOWN_MAX);
	return fail(STATUS_INVALID, "\"%.*s\" is none of: %.*s", TEXT_ARGUMENTS(name), (int)used, known);
}

struct text field_to_text(struct arena *arena, const struct field *field, const void *row)
{
	const struct text *text;

	switch (field->kind) {
	case FIELD_ID:
		if (field_is_default(field, row))
			return text_of("");
		return arena_print(arena, "%s", id_to_text(field_at(field, row)).characters);
	case FIELD_TEXT:
		text = field_at(field, row);
		return *text;
	case FIELD_INTEGER:
		return arena_print(arena, "%" PRId64, field_integer(field, row));
	case FIELD_TIME:
		return time_to_text(arena, field_integer(field, row));
	case FIELD_CHOICE:
		return choice_to_text(arena, field->choices, (uint32_t)field_integer(field, row));
	case FIELD_BOOLEAN:
		return text_of(field_integer(field, row) != 0 ? "true" : "false");
	}
	return text_of("");
}

/* `expected`: a failure whose reason says what it should have been, in the reader's language already. */
static enum status refuse_text(const struct field *field, struct text text, enum status expected)
{
	text = text_cut(text, SHOWN_MAX);
	return fail(expected, "%s: \"%.*s\" is not %s", field->name, TEXT_ARGUMENTS(text), fail_reason());
}

static enum status choice_field_from_text(const struct field *field, struct text text, void *row)
{
	uint32_t number;

	if (choice_from_text(field->choices, text, &number) != STATUS_OK)
		return fail(STATUS_INVALID, "%s: %s", field->name, fail_reason());
	field_set_integer(field, row, number);
	return STATUS_OK;
}

/* An empty text is the default of every kind. */
static void field_clear(const struct field *field, void *row)
{
	if (field->kind == FIELD_ID)
		*(struct id *)field_at_mutable(field, row) = (struct id){ 0 };
	else if (field->kind == FIELD_TEXT)
		*(struct text *)field_at_mutable(field, row) = (struct text){ 0 };
	else
		field_set_integer(field, row, 0);
}

enum status field_from_text(struct arena *arena, const struct field *field, struct text text, void *row)
{
	int64_t value = 0;
	struct id id;

	if (text.size == 0) {
		field_clear(field, row);
		return STATUS_OK;
	}
	switch (field->kind) {
	case FIELD_ID:
		if (id_from_text(text, &id) != STATUS_OK)
			return refuse_text(field, text, fail(STATUS_INVALID, "an id of 32 hexadecimal digits"));
		*(struct id *)field_at_mutable(field, row) = id;
		return STATUS_OK;
	case FIELD_TEXT:
		if (!text_valid(text))
			return fail(STATUS_INVALID, "%s is not well-formed UTF-8 without NUL", field->name);
		*(struct text *)field_at_mutable(field, row) = arena_copy_text(arena, text);
		return STATUS_OK;
	case FIELD_INTEGER:
		if (!integer_from_text(text, &value))
			return refuse_text(field, text, fail(STATUS_INVALID, "a whole number"));
		break;
	case FIELD_TIME:
		if (!time_from_text(text, &value))
			return refuse_text(
				field, text, fail(STATUS_INVALID, "a time such as 2024-05-31 or 2024-05-31T14:30:00+02:00, from 1970 on"));
		break;
	case FIELD_CHOICE:
		return choice_field_from_text(field, text, row);
	case FIELD_BOOLEAN:
		if (!boolean_from_text(text, &value))
			return refuse_text(field, text, fail(STATUS_INVALID, "true or false"));
		break;
	}
	field_set_integer(field, row, value);
	return STATUS_OK;
}
