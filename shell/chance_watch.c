#include "shell/chance_watch.h"

#include <sodium.h>

static struct {
	chance_seen seen;
	void *context;
} watcher;

static const char *name_of_chance(void)
{
	return "watched";
}

static void draw(void *const data, const size_t size)
{
	randombytes_sysrandom_implementation.buf(data, size);
	if (watcher.seen != NULL)
		watcher.seen(watcher.context, (struct bytes){ data, size });
}

static uint32_t draw_number(void)
{
	uint32_t number;

	draw(&number, sizeof(number));
	return number;
}

static int close_chance(void)
{
	return randombytes_sysrandom_implementation.close();
}

void chance_watch(chance_seen seen, void *context)
{
	static randombytes_implementation watched = {
		.implementation_name = name_of_chance, .random = draw_number, .buf = draw, .close = close_chance
	};

	watcher.seen = seen;
	watcher.context = context;
	(void)randombytes_set_implementation(seen != NULL ? &watched : &randombytes_sysrandom_implementation);
}
