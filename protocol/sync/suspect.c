#include "protocol/sync/suspect.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
static const char *const words[] = {
	[SUSPECT_NONE]      = "nothing",
	[SUSPECT_READING]   = "reading",
	[SUSPECT_DECIDING]  = "deciding",
	[SUSPECT_ANSWERING] = "answering",
	[SUSPECT_CLEARED]   = "cleared",
};
/* clang-format on */
static_assert(LENGTH(words) == SUSPECT_WORK_COUNT, "every kind of work has a word");

const char *suspect_word(enum suspect_work work)
{
	return words[work];
}

static bool put(struct suspect_mark *mark, size_t place, const struct suspect *suspect)
{
	return mark->sink.put == NULL || (place < SUSPECTS_MAX && mark->sink.put(mark->sink.context, place, suspect));
}

bool suspect_mark_add(struct suspect_mark *mark, const struct suspect *suspect)
{
	if (!put(mark, mark->kept_count + mark->group_count, suspect))
		return false;
	mark->group_count++;
	return true;
}

bool suspect_mark_change(struct suspect_mark *mark, const struct suspect *suspect)
{
	return put(mark, mark->kept_count + mark->group_count - 1, suspect);
}

void suspect_mark_drop(struct suspect_mark *mark)
{
	mark->group_count--;
	(void)put(mark, mark->kept_count + mark->group_count, NULL);
}

void suspect_mark_clear(struct suspect_mark *mark)
{
	if (mark->group_count > 0)
		(void)put(mark, mark->kept_count, NULL);
	mark->group_count = 0;
}

void suspect_mark_at(struct suspect_mark *mark, const struct suspect *suspect)
{
	(void)put(mark, mark->kept_count + mark->group_count, suspect);
}

void suspect_mark_keep(struct suspect_mark *mark, const struct suspect *suspect)
{
	if (mark->kept_count == SUSPECTS_KEPT_MAX)
		memmove(mark->kept, mark->kept + 1, --mark->kept_count * sizeof(*mark->kept));
	mark->kept[mark->kept_count++] = *suspect;
}

void suspect_mark_forget(struct suspect_mark *mark, suspect_test test, void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < mark->kept_count; i++)
		if (!test(context, &mark->kept[i]))
			mark->kept[kept++] = mark->kept[i];
	mark->kept_count = kept;
}

void suspect_mark_write(struct suspect_mark *mark)
{
	for (size_t i = 0; i < mark->kept_count; i++)
		(void)put(mark, i, &mark->kept[i]);
	(void)put(mark, mark->kept_count, NULL);
}
