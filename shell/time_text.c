#include "shell/time_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "protocol/domain/schema.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * (int64_t)SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define FIRST_MS INT64_C(-62135596800000) /* 0001-01-01 */
#define LAST_MS TIME_MAX_MS

/* Days since 1970-01-01 in the Gregorian calendar; years are counted from March, so that the odd day is the last of a year. */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Parts of a time in some zone. */
struct civil {
	int64_t year;
	int month, day;           /* from 1 */
	int hour, minute, second; /* from 0 */
	int millisecond;
};

static int64_t within_calendar(int64_t at_ms)
{
	return at_ms < FIRST_MS ? FIRST_MS : at_ms > LAST_MS ? LAST_MS : at_ms;
}

/* A time before the year 1 or after 9999, which a damaged or hostile record may hold, is shown as the first or the last one. */
static struct civil civil_of(int64_t at_ms, const struct zone *zone)
{
	int64_t local_ms = within_calendar(within_calendar(at_ms) + (int64_t)zone_offset_s(zone, at_ms) * SECOND_MS);
	int64_t days = floor_divide(local_ms, DAY_MS) + 719468;
	int64_t rest = local_ms - floor_divide(local_ms, DAY_MS) * DAY_MS;
	int64_t era = floor_divide(days, 146097);
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct civil civil = {
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.hour = (int)(rest / HOUR_MS),
		.minute = (int)(rest % HOUR_MS / MINUTE_MS),
		.second = (int)(rest % MINUTE_MS / SECOND_MS),
		.millisecond = (int)(rest % SECOND_MS),
	};

	civil.year = year_of_era + era * 400 + (civil.month <= 2);
	return civil;
}

/* What a time of day in the zone is in UTC. One that the clocks jump over becomes the same distance after the jump. */
static int64_t utc_of_local(int64_t local_ms, const struct zone *zone)
{
	int64_t guess_ms = local_ms - (int64_t)zone_offset_s(zone, local_ms) * SECOND_MS;

	return local_ms - (int64_t)zone_offset_s(zone, guess_ms) * SECOND_MS;
}

/* What is left to read. */
struct scan {
	struct text rest;
};

static bool take_character(struct scan *scan, char character)
{
	if (scan->rest.size == 0 || scan->rest.data[0] != character)
		return false;
	scan->rest.data++;
	scan->rest.size--;
	return true;
}

static bool take_word(struct scan *scan, const char *word)
{
	size_t size = strlen(word);

	if (scan->rest.size < size || memcmp(scan->rest.data, word, size) != 0)
		return false;
	scan->rest.data += size;
	scan->rest.size -= size;
	return true;
}

/* `least` to `most` digits. */
static bool take_digits(struct scan *scan, int least, int most, int64_t *out_value)
{
	int64_t value = 0;
	int count = 0;

	while (count < most && scan->rest.size > 0 && scan->rest.data[0] >= '0' && scan->rest.data[0] <= '9') {
		value = value * 10 + (scan->rest.data[0] - '0');
		scan->rest.data++;
		scan->rest.size--;
		count++;
	}
	if (count < least)
		return false;
	*out_value = value;
	return true;
}

static void take_blanks(struct scan *scan)
{
	while (take_character(scan, ' '))
		continue;
}

static bool take_fraction(struct scan *scan, int64_t *out_ms)
{
	int64_t digit, scale = 100;

	*out_ms = 0;
	if (!take_character(scan, '.'))
		return true;
	if (scan->rest.size == 0 || scan->rest.data[0] < '0' || scan->rest.data[0] > '9')
		return false;
	while (take_digits(scan, 1, 1, &digit)) {
		*out_ms += digit * scale;
		scale /= 10;
	}
	return true;
}

/* "14:30[:05[.250]]" */
static bool take_clock(struct scan *scan, int64_t *out_ms)
{
	int64_t hour, minute, second = 0, ms = 0;

	if (!take_digits(scan, 1, 2, &hour) || !take_character(scan, ':') || !take_digits(scan, 2, 2, &minute))
		return false;
	if (take_character(scan, ':') && (!take_digits(scan, 2, 2, &second) || !take_fraction(scan, &ms)))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*out_ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + ms;
	return true;
}

/* "2026-11-21" as days since 1970. */
static bool take_date(struct scan *scan, int64_t *out_days)
{
	int64_t year, month, day, days;
	struct civil back;

	if (!take_digits(scan, 4, 4, &year) || !take_character(scan, '-') || !take_digits(scan, 2, 2, &month) ||
		!take_character(scan, '-') || !take_digits(scan, 2, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	days = days_of(year, (int)month, (int)day);
	back = civil_of(days * DAY_MS, NULL);
	*out_days = days;
	return back.day == day && back.month == month; /* not the 31st of June */
}

/* Nothing, "Z" or "+01:00". */
static bool take_offset(struct scan *scan, bool *out_given, int64_t *out_offset_ms)
{
	int64_t hours, minutes = 0;
	bool west;

	*out_given = true;
	*out_offset_ms = 0;
	if (take_character(scan, 'Z') || take_character(scan, 'z'))
		return true;
	west = take_character(scan, '-');
	if (!west && !take_character(scan, '+')) {
		*out_given = false;
		return true;
	}
	if (!take_digits(scan, 2, 2, &hours))
		return false;
	(void)take_character(scan, ':');
	if (!take_digits(scan, 2, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*out_offset_ms = (west ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
	return true;
}

/* "-10m", "+2h", "-1h30m" */
static bool parse_relative(struct text text, int64_t now_ms, int64_t *out_at_ms)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = { { 's', SECOND_MS }, { 'm', MINUTE_MS }, { 'h', HOUR_MS }, { 'd', DAY_MS } };
	struct scan scan = { text };
	int64_t sum_ms = 0, count;
	bool back = take_character(&scan, '-');

	if (!back && !take_character(&scan, '+'))
		return false;
	do {
		int64_t unit_ms = 0;
		if (!take_digits(&scan, 1, 6, &count))
			return false;
		for (size_t i = 0; i < LENGTH(units) && unit_ms == 0; i++)
			if (take_character(&scan, units[i].letter))
				unit_ms = units[i].ms;
		if (unit_ms == 0)
			return false;
		sum_ms += count * unit_ms;
		if (sum_ms > LAST_MS)
			return false;
	} while (scan.rest.size > 0);
	*out_at_ms = back ? now_ms - sum_ms : now_ms + sum_ms;
	return true;
}

/* A day, a time of day, or both. */
static bool parse_absolute(struct text text, int64_t now_ms, const struct zone *zone, int64_t *out_at_ms)
{
	static const struct {
		const char *word;
		int days;
	} words[] = { { "today", 0 }, { "yesterday", -1 }, { "tomorrow", 1 } };
	struct scan scan = { text }, date;
	int64_t days = floor_divide(now_ms + (int64_t)zone_offset_s(zone, now_ms) * SECOND_MS, DAY_MS), ms = 0, offset_ms;
	bool day_given = false, offset_given;

	for (size_t i = 0; i < LENGTH(words) && !day_given; i++) {
		day_given = take_word(&scan, words[i].word);
		days += day_given ? words[i].days : 0;
	}
	date = scan;
	if (!day_given && take_date(&date, &days)) {
		scan = date;
		day_given = true;
		if (take_character(&scan, 'T') && scan.rest.size == 0)
			return false;
	}
	take_blanks(&scan);
	if ((!day_given || scan.rest.size > 0) && !take_clock(&scan, &ms))
		return false;
	take_blanks(&scan);
	if (!take_offset(&scan, &offset_given, &offset_ms) || scan.rest.size > 0)
		return false;
	*out_at_ms = days * DAY_MS + ms - offset_ms;
	if (!offset_given)
		*out_at_ms = utc_of_local(*out_at_ms, zone);
	return true;
}

enum status time_parse(struct text text, int64_t now_ms, const struct zone *zone, int64_t *out_at_ms)
{
	struct text trimmed = text_trim(text);
	int64_t at_ms = now_ms;

	if (!text_equals(trimmed, "now") && !parse_relative(trimmed, now_ms, &at_ms) && !parse_absolute(trimmed, now_ms, zone, &at_ms))
		return fail(STATUS_INVALID, "'%.*s' is not a time: write 14:30, -10m, \"yesterday 14:30\" or 2026-11-21T14:30",
			TEXT_ARGUMENTS(text_cut(text, 60)));
	if (at_ms <= 0)
		return fail(STATUS_INVALID, "'%.*s' is before 1970", TEXT_ARGUMENTS(text_cut(text, 60)));
	if (at_ms > LAST_MS)
		return fail(STATUS_INVALID, "'%.*s' is after the year 9999", TEXT_ARGUMENTS(text_cut(text, 60)));
	*out_at_ms = at_ms;
	return STATUS_OK;
}

enum status time_parse_past(struct text text, int64_t now_ms, const struct zone *zone, int64_t *out_at_ms)
{
	int64_t at_ms = 0;
	enum status status = time_parse(text, now_ms, zone, &at_ms);
	struct civil now = civil_of(now_ms, zone);

	if (status != STATUS_OK)
		return status;
	if (at_ms > now_ms)
		return fail(STATUS_INVALID,
			"'%.*s' is later than now (%02d:%02d): give the time when it happened, with its day if that was not today",
			TEXT_ARGUMENTS(text_cut(text, 60)), now.hour, now.minute);
	*out_at_ms = at_ms;
	return STATUS_OK;
}

struct text time_print(struct arena *arena, int64_t at_ms, const struct zone *zone)
{
	struct civil civil = civil_of(at_ms, zone);

	if (at_ms == 0)
		return (struct text){ .data = "" };
	return arena_print(arena, "%04" PRId64 "-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute);
}

struct text time_print_exact(struct arena *arena, int64_t at_ms, const struct zone *zone)
{
	struct civil civil = civil_of(at_ms, zone);
	int32_t offset_s = zone_offset_s(zone, at_ms);
	int32_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
	struct text fraction = { .data = "" }, offset = { .data = "Z", .size = 1 };

	if (at_ms == 0)
		return (struct text){ .data = "" };
	if (civil.millisecond != 0)
		fraction = arena_print(arena, ".%03d", civil.millisecond);
	if (offset_s != 0)
		offset = arena_print(arena, "%c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
	return arena_print(arena, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d%.*s%.*s", civil.year, civil.month, civil.day, civil.hour,
		civil.minute, civil.second, TEXT_ARGUMENTS(fraction), TEXT_ARGUMENTS(offset));
}

int64_t time_day(int64_t at_ms, const struct zone *zone)
{
	return floor_divide(within_calendar(at_ms) + SECOND_MS * (int64_t)zone_offset_s(zone, at_ms), DAY_MS);
}

struct text duration_print(struct arena *arena, int64_t duration_ms)
{
	const char *sign = duration_ms < 0 ? "-" : "";
	int64_t ms = duration_ms < 0 ? -(duration_ms + 1) + 1 : duration_ms;

	if (ms < SECOND_MS)
		return arena_print(arena, "%s%" PRId64 " ms", sign, ms);
	if (ms < MINUTE_MS)
		return arena_print(arena, "%s%" PRId64 " s", sign, ms / SECOND_MS);
	if (ms < HOUR_MS)
		return arena_print(arena, "%s%" PRId64 " min", sign, ms / MINUTE_MS);
	if (ms < DAY_MS && ms % HOUR_MS / MINUTE_MS != 0)
		return arena_print(arena, "%s%" PRId64 " h %" PRId64 " min", sign, ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS);
	if (ms < DAY_MS)
		return arena_print(arena, "%s%" PRId64 " h", sign, ms / HOUR_MS);
	return arena_print(arena, "%s%" PRId64 " d", sign, ms / DAY_MS);
}

struct text size_print(struct arena *arena, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1000)
		return arena_print(arena, "%" PRId64 " B", bytes);
	for (value /= 1000; value >= 999.95 && unit + 1 < LENGTH(units); unit++)
		value /= 1000;
	return arena_print(arena, "%.1f %s", value, units[unit]);
}
