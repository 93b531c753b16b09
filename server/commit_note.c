#include "server/commit_note.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/file.h"

#define NOTE_FILE     "committed"
#define NOTE_SIZE_MAX ((size_t)256)
#define CHECK_SIZE    16
#define BEFORE_EPOCH  "epoch "
#define BEFORE_GSEQ   " commit "
#define GSEQ_AT       (sizeof(BEFORE_EPOCH) - 1 + ID_TEXT_SIZE - 1 + sizeof(BEFORE_GSEQ) - 1)

/* Always of the same length, so that it is written over the last one in one go. */
static struct text print_note(struct arena *arena, const struct commit_note *note)
{
	struct text said = arena_print(
		arena, BEFORE_EPOCH "%s" BEFORE_GSEQ "%019lld", id_to_text(&note->epoch).characters, (long long)note->gseq);
	uint8_t check[CHECK_SIZE];
	char hex[2 * CHECK_SIZE + 1];

	(void)crypto_generichash(check, sizeof(check), (const uint8_t *)said.data, said.size, NULL, 0);
	return arena_print(
		arena, "%.*s check %s\n", TEXT_ARGUMENTS(said), sodium_bin2hex(hex, sizeof(hex), check, sizeof(check)));
}

struct commit_note commit_note_read(struct arena *arena, struct text dir)
{
	static const struct commit_note none = { 0 };
	const char *path = path_join(arena, dir, text_of(NOTE_FILE)).data;
	struct commit_note note = { 0 };
	struct bytes content;
	struct text epoch, expected;

	if (file_read(arena, path, NOTE_SIZE_MAX, &content) != STATUS_OK || content.size < GSEQ_AT)
		return none;
	epoch = (struct text){ (const char *)content.data + sizeof(BEFORE_EPOCH) - 1, ID_TEXT_SIZE - 1 };
	if (id_from_text(epoch, &note.epoch) != STATUS_OK)
		return none;
	note.gseq = strtoll((const char *)content.data + GSEQ_AT, NULL, 10);
	expected = print_note(arena, &note); /* what was written as we write it is what we wrote */
	if (note.gseq < 0 || expected.size != content.size || memcmp(expected.data, content.data, content.size) != 0)
		return none;
	return note;
}

/* The name is the store's own: what is no file there never held a note. */
static void make_way(const char *path)
{
	struct stat what;

	if (lstat(path, &what) == 0 && !S_ISREG(what.st_mode))
		(void)unlink(path);
}

void commit_note_write(struct arena *arena, struct text dir, const struct commit_note *note, bool durable)
{
	const char *path = path_join(arena, dir, text_of(NOTE_FILE)).data;
	struct text text = print_note(arena, note);
	int descriptor;

	if (durable) {
		make_way(path);
		(void)(file_write(path, (struct bytes){ (const uint8_t *)text.data, text.size }, 0600) == STATUS_OK);
		return;
	}
	descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (descriptor < 0)
		return;
	(void)(pwrite(descriptor, text.data, text.size, 0) == (ssize_t)text.size);
	(void)close(descriptor);
}

bool commit_note_proves_loss(const struct commit_note *note, const struct id *epoch, int64_t gseq)
{
	return !id_is_nil(&note->epoch) && id_equal(&note->epoch, epoch) && note->gseq > gseq;
}
