#include "device_agent/traffic.h"

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "shell/config.h"
#include "shell/file.h"

#define TRAFFIC_FILE  "traffic"
#define MEASURE_LEAST 4096            /* bytes: with fewer it is the way there and back that takes the time */
#define MEASURE_MS    INT64_C(20000)  /* when so much was measured, it weighs half from then on */
#define DAYS_NEAR     400 /* more is no time that passed between two links, but a clock that was wrong */
#define COUNT_MAX     INT64_C(1000000000000000)

/* clang-format off */
static const struct setting rows[] = {
	{ .key = "day",                  .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ .key = "unmetered_bytes",      .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ .key = "metered_bytes",        .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ .key = "unmetered_rate_bytes", .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ .key = "unmetered_rate_ms",    .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ .key = "metered_rate_bytes",   .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ .key = "metered_rate_ms",      .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ .key = "contact_at_ms",        .otherwise = "0", .integer = true, .max = COUNT_MAX },
	{ 0 },
};
static const size_t places[] = {
	offsetof(struct traffic, day),
	offsetof(struct traffic, bytes[LINK_CLASS_UNMETERED]),
	offsetof(struct traffic, bytes[LINK_CLASS_METERED]),
	offsetof(struct traffic, rate_bytes[LINK_CLASS_UNMETERED]),
	offsetof(struct traffic, rate_ms[LINK_CLASS_UNMETERED]),
	offsetof(struct traffic, rate_bytes[LINK_CLASS_METERED]),
	offsetof(struct traffic, rate_ms[LINK_CLASS_METERED]),
	offsetof(struct traffic, contact_at_ms),
};
/* clang-format on */

static bool has_jumped(const struct traffic *traffic, int64_t day)
{
	return day - traffic->day > DAYS_NEAR || traffic->day - day > DAYS_NEAR;
}

/* A day that follows. One that comes back does not begin anew, nor does a clock that jumps: a device without a battery for its clock is in
 * another year whenever it starts. */
static bool is_new_day(const struct traffic *traffic, int64_t day)
{
	return day > traffic->day && !has_jumped(traffic, day);
}

void traffic_add(struct traffic *traffic, enum link_class class, int64_t day, int64_t bytes)
{
	if (is_new_day(traffic, day))
		for (size_t i = 0; i < LINK_CLASS_COUNT; i++)
			traffic->bytes[i] = 0;
	if (day > traffic->day || has_jumped(traffic, day))
		traffic->day = day;
	traffic->bytes[class] += bytes;
}

void traffic_measure(struct traffic *traffic, enum link_class class, int64_t bytes, int64_t took_ms)
{
	if (bytes < MEASURE_LEAST || took_ms < 0)
		return;
	traffic->rate_bytes[class] += bytes;
	traffic->rate_ms[class] += took_ms > 0 ? took_ms : 1;
	while (traffic->rate_ms[class] > MEASURE_MS) {
		traffic->rate_bytes[class] /= 2;
		traffic->rate_ms[class] /= 2;
	}
}

int64_t traffic_rate(const struct traffic *traffic, enum link_class class)
{
	int64_t ms = traffic->rate_ms[class];

	return ms == 0 ? 0 : (int64_t)((double)traffic->rate_bytes[class] * 1000 / (double)ms);
}

int64_t traffic_of_day(const struct traffic *traffic, enum link_class class, int64_t day)
{
	return is_new_day(traffic, day) ? 0 : traffic->bytes[class];
}

struct traffic traffic_load(struct arena *arena, struct text dir)
{
	struct traffic traffic = { 0 };
	struct config config;

	static_assert(LENGTH(places) + 1 == LENGTH(rows), "each row has its place");
	if (config_load(arena, path_join(arena, dir, text_of(TRAFFIC_FILE)).data, rows, &config) != STATUS_OK)
		return traffic;
	for (size_t i = 0; i < LENGTH(places); i++)
		*(int64_t *)((char *)&traffic + places[i]) = config_integer(&config, rows[i].key);
	return traffic;
}

static struct text print(struct arena *arena, const struct traffic *traffic)
{
	struct text file = text_of("");

	for (size_t i = 0; i < LENGTH(places); i++)
		file = arena_print(arena, "%.*s%s = %lld\n", TEXT_ARGUMENTS(file), rows[i].key,
			(long long)*(const int64_t *)((const char *)traffic + places[i]));
	return file;
}

/* By another name first, so that a reader never sees half of it. */
void traffic_save(struct arena *arena, struct text dir, const struct traffic *traffic)
{
	struct text path = path_join(arena, dir, text_of(TRAFFIC_FILE)), draft = arena_print(arena, "%.*s.new", TEXT_ARGUMENTS(path));
	struct text file = print(arena, traffic);
	int descriptor = open(draft.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	bool whole;

	if (descriptor < 0)
		return;
	whole = write(descriptor, file.data, file.size) == (ssize_t)file.size;
	(void)close(descriptor);
	if (!whole || rename(draft.data, path.data) != 0)
		(void)unlink(draft.data);
}
