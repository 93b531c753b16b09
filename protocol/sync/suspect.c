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
	[SUSPECT_TRYING]    = "deciding",
};
/* clang-format on */
static_assert(LENGTH(words) == SUSPECT_WORK_COUNT, "every kind of work has a word");

const char *suspect_word(const struct suspect *suspect)
{
	if (suspect == NULL)
		return words[SUSPECT_NONE];
	if (suspect->work == SUSPECT_TRYING && suspect->last_seq == 0)
		return words[SUSPECT_READING];
	return words[suspect->work];
}

static size_t count_of(const struct suspect_mark *mark)
{
	return mark->kept_count + mark->group_count;
}

static bool put(struct suspect_mark *mark, size_t place, const struct suspect *suspects, size_t count)
{
	return mark->sink.put == NULL || mark->sink.put(mark->sink.context, place, suspects, count);
}

bool suspect_mark_add(struct suspect_mark *mark, const struct suspect *suspect)
{
	if (count_of(mark) == SUSPECTS_MAX || !put(mark, count_of(mark), suspect, 1))
		return false;
	mark->entries[count_of(mark)] = *suspect;
	mark->group_count++;
	return true;
}

bool suspect_mark_change(struct suspect_mark *mark, const struct suspect *suspect)
{
	mark->entries[count_of(mark) - 1] = *suspect;
	return put(mark, count_of(mark) - 1, suspect, 1);
}

void suspect_mark_drop(struct suspect_mark *mark)
{
	mark->group_count--;
	(void)put(mark, count_of(mark), NULL, 0);
}

void suspect_mark_clear(struct suspect_mark *mark)
{
	if (mark->group_count > 0)
		(void)put(mark, mark->kept_count, NULL, 0);
	mark->group_count = 0;
}

void suspect_mark_at(struct suspect_mark *mark, const struct suspect *suspect)
{
	if (count_of(mark) < SUSPECTS_MAX)
		(void)put(mark, count_of(mark), suspect, suspect != NULL);
}

/* The place of one kept goes, or comes: the others move. */
static void move(struct suspect_mark *mark, size_t to, size_t from)
{
	memmove(mark->entries + to, mark->entries + from, (count_of(mark) - from) * sizeof(*mark->entries));
}

void suspect_mark_keep(struct suspect_mark *mark, const struct suspect *suspect)
{
	if (mark->kept_count > 0 && (mark->kept_count == SUSPECTS_KEPT_MAX || count_of(mark) == SUSPECTS_MAX)) {
		move(mark, 0, 1);
		mark->kept_count--;
	}
	if (count_of(mark) == SUSPECTS_MAX)
		return;
	move(mark, mark->kept_count + 1, mark->kept_count);
	mark->entries[mark->kept_count++] = *suspect;
}

bool suspect_mark_forget(struct suspect_mark *mark, suspect_test test, void *context)
{
	size_t before = mark->kept_count, kept = 0;

	for (size_t i = 0; i < before; i++)
		if (!test(context, &mark->entries[i]))
			mark->entries[kept++] = mark->entries[i];
	move(mark, kept, before);
	mark->kept_count = kept;
	return kept < before;
}

bool suspect_mark_write(struct suspect_mark *mark)
{
	return put(mark, 0, mark->entries, count_of(mark));
}
