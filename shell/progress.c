#include "shell/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "shell/terminal.h"
#include "shell/time_text.h"

#define DRAW_EVERY_MS 100
#define BAR_MAX 30
#define LINE_SIZE 512
#define FIRST_GUESS_MS 1000 /* before that the time left is only noise */

static void draw(struct progress *progress, int64_t now_ms)
{
	char line[LINE_SIZE];
	size_t size = progress_print(progress, now_ms - progress->started_ms, terminal_width(progress->descriptor), line, sizeof(line));

	progress->drawn_ms = now_ms;
	progress->on_screen = true;
	if (dprintf(progress->descriptor, "\r%.*s\033[K", (int)size, line) < 0)
		progress->descriptor = -1;
}

void progress_start(struct progress *progress, const struct clock *clock, enum language language, const char *what, bool quiet)
{
	*progress = (struct progress){
		.clock = clock, .language = language, .what = what, .descriptor = -1, .started_ms = clock_monotonic_ms(clock)
	};
	if (!quiet && terminal_width(STDERR_FILENO) > 0 && terminal_obeys())
		progress->descriptor = STDERR_FILENO;
}

void progress_total(struct progress *progress, int64_t items, int64_t bytes)
{
	progress->items_total = items;
	progress->bytes_total = bytes;
}

void progress_step(struct progress *progress, int64_t items, int64_t bytes)
{
	int64_t now_ms;

	progress->items = items;
	progress->bytes = bytes;
	if (progress->descriptor < 0)
		return;
	now_ms = clock_monotonic_ms(progress->clock);
	if (!progress->on_screen || now_ms - progress->drawn_ms >= DRAW_EVERY_MS)
		draw(progress, now_ms);
}

void progress_finish(struct progress *progress)
{
	if (progress->on_screen && progress->descriptor >= 0)
		(void)dprintf(progress->descriptor, "\r\033[K");
	progress->on_screen = false;
	progress->descriptor = -1;
}

/* How much is done, by bytes when their total is known, else by items: 0 to 1, or -1. */
static double share_done(const struct progress *progress)
{
	int64_t done = progress->bytes_total > 0 ? progress->bytes : progress->items;
	int64_t total = progress->bytes_total > 0 ? progress->bytes_total : progress->items_total;

	if (total <= 0)
		return -1;
	return done >= total ? 1 : (double)done / (double)total;
}

/* "importing orders  [#####.....]  50 %  812 of 1624  1.2 MB  3 s left" */
size_t progress_print(const struct progress *progress, int64_t elapsed_ms, size_t width, char *out, size_t size)
{
	struct arena arena = { 0 };
	double share = share_done(progress);
	char bar[BAR_MAX + 1] = "";
	struct text line = text_of(progress->what);
	int written;

	if (share >= 0) {
		for (int i = 0; i < BAR_MAX; i++)
			bar[i] = (double)i < share * BAR_MAX ? '#' : '.';
		bar[BAR_MAX] = '\0';
		line = arena_print(&arena, "%s  [%s] %3d %%", progress->what, bar, (int)(share * 100));
	}
	if (progress->items_total > 0)
		line = catalogue_format(&arena, progress->language, "%.*s  %lld of %lld", TEXT_ARGUMENTS(line), (long long)progress->items,
			(long long)progress->items_total);
	else if (progress->items > 0)
		line = arena_print(&arena, "%.*s  %" PRId64, TEXT_ARGUMENTS(line), progress->items);
	if (progress->bytes > 0)
		line = arena_print(&arena, "%.*s  %.*s", TEXT_ARGUMENTS(line), TEXT_ARGUMENTS(size_print(&arena, progress->bytes)));
	if (share > 0 && share < 1 && elapsed_ms >= FIRST_GUESS_MS)
		line = catalogue_format(&arena, progress->language, "%.*s  %.*s left", TEXT_ARGUMENTS(line),
			TEXT_ARGUMENTS(duration_print(&arena, (int64_t)((double)elapsed_ms * (1 - share) / share))));
	if (width > 0)
		line = text_cut_columns(line, width - 1);
	written = snprintf(out, size, "%.*s", TEXT_ARGUMENTS(text_cut(line, size - 1)));
	arena_finish(&arena);
	return written < 0 ? 0 : (size_t)written;
}
