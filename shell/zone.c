#include "shell/zone.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shell/file.h"

#define ZONES "/usr/share/zoneinfo"
#define FILE_SIZE_MAX ((size_t)256 * 1024)
#define HEAD_SIZE 44
#define TYPE_SIZE 6
#define OFFSET_MAX_S (26 * 3600)

/* A compiled zone (RFC 8536) being read: big-endian, unlike everything of ours. */
struct cursor {
	const uint8_t *data;
	size_t size;
	bool bad;
};

static uint64_t take_integer(struct cursor *cursor, size_t width)
{
	uint64_t value = 0;

	if (cursor->bad || cursor->size < width) {
		cursor->bad = true;
		return 0;
	}
	for (size_t i = 0; i < width; i++)
		value = value << 8 | cursor->data[i];
	cursor->data += width;
	cursor->size -= width;
	return value;
}

static const uint8_t *take_bytes(struct cursor *cursor, size_t size)
{
	const uint8_t *bytes = cursor->data;

	if (cursor->bad || cursor->size < size) {
		cursor->bad = true;
		return NULL;
	}
	cursor->data += size;
	cursor->size -= size;
	return bytes;
}

struct head {
	int version;
	size_t utc_count, standard_count, leap_count, change_count, type_count, letter_count;
};

static struct head take_head(struct cursor *cursor)
{
	const uint8_t *start = take_bytes(cursor, HEAD_SIZE - 6 * 4);
	struct head head = { 0 };

	if (start == NULL || memcmp(start, "TZif", 4) != 0) {
		cursor->bad = true;
		return head;
	}
	head.version = start[4] == 0 ? 1 : start[4] - '0';
	head.utc_count = take_integer(cursor, 4);
	head.standard_count = take_integer(cursor, 4);
	head.leap_count = take_integer(cursor, 4);
	head.change_count = take_integer(cursor, 4);
	head.type_count = take_integer(cursor, 4);
	head.letter_count = take_integer(cursor, 4);
	return head;
}

static size_t body_size(const struct head *head, size_t time_size)
{
	return head->change_count * (time_size + 1) + head->type_count * TYPE_SIZE + head->letter_count +
	       head->leap_count * (time_size + 4) + head->standard_count + head->utc_count;
}

static int32_t type_offset(const uint8_t *types, size_t which, bool *out_bad)
{
	struct cursor cursor = { .data = types + which * TYPE_SIZE, .size = TYPE_SIZE };
	int32_t offset_s = (int32_t)(uint32_t)take_integer(&cursor, 4);

	if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S)
		*out_bad = true;
	return offset_s;
}

/* The block of 64-bit times behind the one of 32-bit times. Debian's files list every change up to 2037 there. */
static bool read_zone(struct arena *arena, struct bytes content, struct zone *out_zone)
{
	struct cursor cursor = { .data = content.data, .size = content.size };
	struct head head = take_head(&cursor);
	struct zone_change *changes;
	const uint8_t *times, *kinds, *types;
	bool bad = false;

	if (cursor.bad || head.version < 2)
		return false;
	(void)take_bytes(&cursor, body_size(&head, 4));
	head = take_head(&cursor);
	if (cursor.bad || head.type_count == 0 || head.change_count > cursor.size)
		return false;
	times = take_bytes(&cursor, head.change_count * 8);
	kinds = take_bytes(&cursor, head.change_count);
	types = take_bytes(&cursor, head.type_count * TYPE_SIZE);
	if (times == NULL || kinds == NULL || types == NULL)
		return false;
	changes = arena_allocate_array(arena, head.change_count + 1, sizeof(*changes));
	for (size_t i = 0; i < head.change_count; i++) {
		struct cursor time = { .data = times + i * 8, .size = 8 };
		if (kinds[i] >= head.type_count)
			return false;
		changes[i].at_s = (int64_t)take_integer(&time, 8);
		changes[i].offset_s = type_offset(types, kinds[i], &bad);
		if (i > 0 && changes[i].at_s <= changes[i - 1].at_s)
			return false;
	}
	*out_zone = (struct zone){ .changes = changes, .change_count = head.change_count, .first_offset_s = type_offset(types, 0, &bad) };
	return !bad;
}

static enum status open_file(struct arena *arena, const char *path, struct text name, struct zone *out_zone)
{
	struct bytes content;
	enum status status = file_read(arena, path, FILE_SIZE_MAX, &content);

	if (status == STATUS_NOT_FOUND || status == STATUS_INVALID)
		return fail(STATUS_NOT_FOUND, "time zone '%.*s' is not known here; write an offset such as +01:00",
			TEXT_ARGUMENTS(text_cut(name, 60)));
	if (status != STATUS_OK)
		return status;
	if (!read_zone(arena, content, out_zone))
		return fail(STATUS_CORRUPT, "time zone file %s cannot be understood", path);
	return STATUS_OK;
}

/* "[+-]h[h][:mm]" or "[+-]hhmm" to the end of the text. */
static bool read_offset(struct text text, int32_t *out_offset_s)
{
	int digits[4] = { 0 }, count = 0;
	int32_t sign = 1;

	if (text.size > 0 && (text.data[0] == '+' || text.data[0] == '-')) {
		sign = text.data[0] == '-' ? -1 : 1;
		text.data++;
		text.size--;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == ':' && (count == 1 || count == 2)) {
			if (count == 1) { /* one digit of hours: move it to its place */
				digits[1] = digits[0];
				digits[0] = 0;
				count = 2;
			}
		} else if (text.data[i] >= '0' && text.data[i] <= '9' && count < 4) {
			digits[count++] = text.data[i] - '0';
		} else {
			return false;
		}
	}
	if (count == 1) {
		digits[1] = digits[0];
		digits[0] = 0;
	}
	if (count == 0 || count == 3 || digits[0] * 10 + digits[1] > 24 || digits[2] > 5)
		return false;
	*out_offset_s = sign * ((digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60);
	return true;
}

/* "CST-8", "UTC0", "<+08>-8" of POSIX, where west is positive. */
static bool read_posix(struct text name, int32_t *out_offset_s)
{
	size_t letters = 0;
	int32_t west_s;

	if (name.size > 0 && name.data[0] == '<') {
		const char *end = memchr(name.data, '>', name.size);
		letters = end == NULL ? 0 : (size_t)(end - name.data) + 1;
	} else {
		while (letters < name.size && isalpha((unsigned char)name.data[letters]))
			letters++;
	}
	if (letters < 3 || !read_offset((struct text){ name.data + letters, name.size - letters }, &west_s))
		return false;
	*out_offset_s = -west_s;
	return true;
}

/* Only names below the folder of zones: no way up, no way to its root. */
static bool is_safe(struct text name)
{
	if (name.size == 0 || name.size > 60 || name.data[0] == '/' || name.data[0] == '.')
		return false;
	for (size_t i = 0; i < name.size; i++)
		if (!isalnum((unsigned char)name.data[i]) && strchr("_+-/", name.data[i]) == NULL)
			return false;
	return true;
}

enum status zone_open(struct arena *arena, struct text name, struct zone *out_zone)
{
	int32_t offset_s;

	if (text_equals(name, "UTC") || text_equals(name, "Z")) {
		*out_zone = (struct zone){ 0 };
		return STATUS_OK;
	}
	if (name.size > 0 && (name.data[0] == '+' || name.data[0] == '-') && read_offset(name, &offset_s)) {
		*out_zone = (struct zone){ .first_offset_s = offset_s };
		return STATUS_OK;
	}
	if (is_safe(name) && file_exists(arena_print(arena, ZONES "/%.*s", TEXT_ARGUMENTS(name)).data))
		return open_file(arena, arena_print(arena, ZONES "/%.*s", TEXT_ARGUMENTS(name)).data, name, out_zone);
	if (read_posix(name, &offset_s)) {
		*out_zone = (struct zone){ .first_offset_s = offset_s };
		return STATUS_OK;
	}
	return fail(STATUS_NOT_FOUND, "time zone '%.*s' is not known here; write an offset such as +01:00",
		TEXT_ARGUMENTS(text_cut(name, 60)));
}

struct zone zone_of_machine(struct arena *arena)
{
	struct text name = text_of(getenv("TZ")); /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */
	struct zone zone = { 0 };

	if (name.size > 0 && name.data[0] == ':') {
		name.data++;
		name.size--;
	}
	if (name.size > 0 && zone_open(arena, name, &zone) == STATUS_OK)
		return zone;
	if (name.size > 0 || open_file(arena, "/etc/localtime", text_of("of this machine"), &zone) != STATUS_OK)
		return (struct zone){ 0 };
	return zone;
}

int32_t zone_offset_s(const struct zone *zone, int64_t at_ms)
{
	int64_t at_s = at_ms / 1000 - (at_ms % 1000 < 0);
	size_t low = 0, high = zone == NULL ? 0 : zone->change_count;

	if (zone == NULL)
		return 0;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (zone->changes[middle].at_s <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? zone->first_offset_s : zone->changes[low - 1].offset_s;
}
