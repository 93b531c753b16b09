#include "device_agent/uplink.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUTES_FILE  "/proc/net/route"
#define ROUTES_BYTES ((size_t)64 * 1024)

enum column { COLUMN_INTERFACE, COLUMN_DESTINATION, COLUMN_METRIC = 6, COLUMN_COUNT };

static struct text take_until(struct text *rest, const char *ends)
{
	size_t size = 0;

	while (size < rest->size && strchr(ends, rest->data[size]) == NULL)
		size++;
	struct text taken = { rest->data, size };
	*rest = size < rest->size ? (struct text){ rest->data + size + 1, rest->size - size - 1 } : (struct text){ 0 };
	return taken;
}

/* -1: not a default route. */
static int64_t metric_of(struct text line, struct text *out_interface)
{
	struct text columns[COLUMN_COUNT];
	int64_t metric = 0;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		columns[i] = text_trim(take_until(&line, "\t"));
	if (!text_equals(columns[COLUMN_DESTINATION], "00000000") || columns[COLUMN_METRIC].size == 0 || columns[COLUMN_METRIC].size > 10)
		return -1;
	for (size_t i = 0; i < columns[COLUMN_METRIC].size; i++) {
		char digit = columns[COLUMN_METRIC].data[i];
		if (digit < '0' || digit > '9')
			return -1;
		metric = 10 * metric + (digit - '0');
	}
	*out_interface = columns[COLUMN_INTERFACE];
	return metric;
}

struct text uplink_of(struct text routes)
{
	struct text best = { 0 };
	int64_t least = INT64_MAX;

	while (routes.size > 0) {
		struct text interface = { 0 };
		int64_t metric = metric_of(take_until(&routes, "\n"), &interface);
		if (metric < 0 || metric >= least)
			continue;
		least = metric;
		best = interface;
	}
	return best;
}

static bool fits(struct text interface, struct text name)
{
	bool begins = name.size > 0 && name.data[name.size - 1] == '*';
	size_t size = begins ? name.size - 1 : name.size;

	return name.size > 0 && interface.size >= size && (begins || interface.size == size) &&
	       (size == 0 || memcmp(interface.data, name.data, size) == 0);
}

bool uplink_listed(struct text interface, struct text list)
{
	while (list.size > 0)
		if (fits(interface, take_until(&list, " ,")) && interface.size > 0)
			return true;
	return false;
}

/* Its size is not known before it is read. */
struct text uplink_now(struct arena *arena)
{
	const char *path = getenv("TRUCKROLL_ROUTES"); /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */
	int descriptor = open(path == NULL ? ROUTES_FILE : path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *routes = arena_allocate(arena, ROUTES_BYTES);
	size_t size = 0;
	ssize_t got = 1;

	while (descriptor >= 0 && got > 0 && size < ROUTES_BYTES) {
		got = read(descriptor, routes + size, ROUTES_BYTES - size);
		size += got > 0 ? (size_t)got : 0;
	}
	if (descriptor >= 0)
		(void)close(descriptor);
	return uplink_of((struct text){ routes, size });
}
