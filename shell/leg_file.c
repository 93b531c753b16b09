#include "shell/leg_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/wire/transcript.h"
#include "protocol/wire/words.h"
#include "shell/file.h"

#define MAGIC       "TRFL"
#define MAGIC_SIZE  4
#define VERSION     1
#define MODE        0600
#define KEY_SIZE    crypto_secretstream_xchacha20poly1305_KEYBYTES
#define STREAM_SIZE crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define SEALED_SIZE (KEY_SIZE + SEAL_SIZE)
#define SEALED_MAX  (LEG_ENTRY_MAX + crypto_secretstream_xchacha20poly1305_ABYTES)
#define HEAD_MAX    (MAGIC_SIZE + 2 + SEALED_SIZE + STREAM_SIZE)

enum opener {
	OPENER_KEY = 1,
	OPENER_WORDS = 2
};

/* ---- words ---- */

void leg_words_draw(struct leg_words *out_words)
{
	size_t size = 0;

	for (size_t i = 0; i < LEG_WORDS; i++)
		size += (size_t)snprintf(out_words->characters + size, sizeof(out_words->characters) - size, "%s%s", i == 0 ? "" : " ",
			words_get(randombytes_uniform(WORDS_SIZE)));
}

static bool is_word(struct text word)
{
	for (uint32_t number = 0; number < WORDS_SIZE; number++)
		if (text_equals(word, words_get(number)))
			return true;
	return false;
}

/* One blank between them, whatever stood there. False: not so many words, or words of another list. */
static bool read_words(struct text typed, struct leg_words *out_words)
{
	size_t size = 0, count = 0, at = 0;

	while (at < typed.size) {
		size_t begin = at;
		struct text word;
		while (at < typed.size && typed.data[at] >= 'a' && typed.data[at] <= 'z')
			at++;
		word = (struct text){ typed.data + begin, at - begin };
		if (word.size > 0 && (++count > LEG_WORDS || !is_word(word)))
			return false;
		if (word.size > 0)
			size += (size_t)snprintf(out_words->characters + size, sizeof(out_words->characters) - size, "%s%.*s",
				count == 1 ? "" : " ", TEXT_ARGUMENTS(word));
		else
			at++;
	}
	return count == LEG_WORDS;
}

static void key_of_words(const struct leg_words *words, uint8_t out_key[static KEY_SIZE])
{
	static const uint8_t domain[] = "truckroll/flight/v1";

	blake2b((struct bytes){ domain, sizeof(domain) - 1 },
		(struct bytes){ (const uint8_t *)words->characters, strlen(words->characters) }, out_key, KEY_SIZE);
}

/* ---- writing ---- */

static enum status begin_file(struct leg_writer *writer, const char *path)
{
	*writer = (struct leg_writer){ .descriptor = -1 };
	(void)snprintf(writer->path, sizeof(writer->path), "%s", path);
	writer->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, MODE);
	return writer->descriptor < 0 ? file_fail(errno, "write", path) : STATUS_OK;
}

static enum status write_head(struct leg_writer *writer, enum opener opener, const uint8_t *sealed, const uint8_t key[static KEY_SIZE])
{
	struct writer head = writer_in(&writer->arena, HEAD_MAX);
	uint8_t stream[STREAM_SIZE];
	struct bytes bytes;
	enum status status;

	(void)crypto_secretstream_xchacha20poly1305_init_push(&writer->stream, stream, key);
	write_raw(&head, MAGIC, MAGIC_SIZE);
	write_u8(&head, VERSION);
	write_u8(&head, (uint8_t)opener);
	if (sealed != NULL)
		write_raw(&head, sealed, SEALED_SIZE);
	write_raw(&head, stream, sizeof(stream));
	bytes = writer_bytes(&head);
	status = file_put(writer->descriptor, writer->path, bytes);
	writer->size = (int64_t)bytes.size;
	return status;
}

enum status leg_create_for(struct leg_writer *writer, const char *path, const uint8_t reader[static BOX_PUBLIC_SIZE])
{
	uint8_t key[KEY_SIZE], sealed[SEALED_SIZE];
	enum status status = begin_file(writer, path);

	crypto_secretstream_xchacha20poly1305_keygen(key);
	if (status == STATUS_OK && crypto_box_seal(sealed, key, sizeof(key), reader) != 0)
		status = fail(STATUS_INVALID, "flight: the recorder's own key is unusable");
	if (status == STATUS_OK)
		status = write_head(writer, OPENER_KEY, sealed, key);
	sodium_memzero(key, sizeof(key));
	return status;
}

enum status leg_create_with(struct leg_writer *writer, const char *path, const struct leg_words *words)
{
	uint8_t key[KEY_SIZE];
	enum status status = begin_file(writer, path);

	key_of_words(words, key);
	if (status == STATUS_OK)
		status = write_head(writer, OPENER_WORDS, NULL, key);
	sodium_memzero(key, sizeof(key));
	return status;
}

enum status leg_write(struct leg_writer *writer, struct bytes entry, bool last)
{
	size_t size = entry.size + crypto_secretstream_xchacha20poly1305_ABYTES;
	struct writer file = writer_in(&writer->arena, LEG_ENTRY_MAX + LEG_ENTRY_EXTRA);
	uint8_t *sealed;
	enum status status;

	if (entry.size > LEG_ENTRY_MAX)
		return fail(STATUS_INVALID, "flight: an entry of %zu bytes is too large", entry.size);
	write_u32(&file, (uint32_t)size);
	sealed = write_space(&file, size);
	(void)crypto_secretstream_xchacha20poly1305_push(&writer->stream, sealed, NULL, entry.data, entry.size, NULL, 0,
		last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
	status = file_put(writer->descriptor, writer->path, writer_bytes(&file));
	writer->size += (int64_t)writer_bytes(&file).size;
	arena_reset(&writer->arena);
	return status;
}

void leg_finish(struct leg_writer *writer)
{
	if (writer->descriptor >= 0)
		(void)close(writer->descriptor);
	writer->descriptor = -1;
	sodium_memzero(&writer->stream, sizeof(writer->stream));
	arena_finish(&writer->arena);
}

/* ---- reading ---- */

static enum status read_beginning(struct reader *reader, enum opener wanted)
{
	uint8_t magic[MAGIC_SIZE], version, opener;

	read_raw(reader, magic, sizeof(magic));
	version = read_u8(reader);
	opener = read_u8(reader);
	if (reader->bad || memcmp(magic, MAGIC, MAGIC_SIZE) != 0 || version == 0)
		return fail(STATUS_CORRUPT, "this is not a flight, or its beginning is damaged");
	if (version > VERSION)
		return fail(STATUS_NEWER, "this flight is of another version than this program knows: update the program");
	if (opener != (uint8_t)wanted && wanted == OPENER_WORDS)
		return fail(STATUS_CORRUPT,
			"this is a leg as the recorder keeps it: \"flight export\" there makes a file of it that words open");
	if (opener != (uint8_t)wanted)
		return fail(STATUS_CORRUPT, "this is an exported flight, not one that was recorded here");
	return STATUS_OK;
}

static enum status begin_stream(struct leg_reader *reader, struct reader *beginning, const uint8_t key[static KEY_SIZE])
{
	uint8_t stream[STREAM_SIZE];

	read_raw(beginning, stream, sizeof(stream));
	if (beginning->bad || crypto_secretstream_xchacha20poly1305_init_pull(&reader->stream, stream, key) != 0)
		return fail(STATUS_CORRUPT, "this flight is cut within its beginning");
	reader->beginning = reader->position = beginning->position;
	return STATUS_OK;
}

enum status leg_open_for(struct leg_reader *reader, struct bytes file, const struct identity *identity)
{
	struct reader beginning = reader_of(file);
	uint8_t key[KEY_SIZE];
	struct bytes sealed;
	enum status status = read_beginning(&beginning, OPENER_KEY);

	*reader = (struct leg_reader){ .file = file };
	if (status != STATUS_OK)
		return status;
	sealed = read_view(&beginning, SEALED_SIZE);
	if (beginning.bad)
		return fail(STATUS_CORRUPT, "this flight is cut within its beginning");
	if (!keys_open(identity, sealed, key))
		return fail(STATUS_CORRUPT, "this flight was recorded elsewhere, with other keys than these, or is damaged");
	status = begin_stream(reader, &beginning, key);
	sodium_memzero(key, sizeof(key));
	return status;
}

enum status leg_open_with(struct leg_reader *reader, struct bytes file, struct text words)
{
	struct reader beginning = reader_of(file);
	struct leg_words read;
	uint8_t key[KEY_SIZE];
	enum status status = read_beginning(&beginning, OPENER_WORDS);

	*reader = (struct leg_reader){ .file = file, .by_words = true };
	if (status != STATUS_OK)
		return status;
	if (!read_words(words, &read))
		return fail(STATUS_INVALID, "give the %d words that \"flight export\" said, all of them and as they were", LEG_WORDS);
	key_of_words(&read, key);
	status = begin_stream(reader, &beginning, key);
	sodium_memzero(key, sizeof(key));
	return status;
}

static enum status refuse(const struct leg_reader *reader)
{
	if (reader->by_words && reader->position == reader->beginning)
		return fail(STATUS_CORRUPT, "these words do not open this flight, or it was changed");
	return fail(STATUS_CORRUPT, "this flight is damaged, or was changed, at byte %zu", reader->position);
}

enum status leg_read(struct leg_reader *reader, struct arena *arena, struct bytes *out_entry)
{
	struct reader rest = { .data = reader->file.data, .size = reader->file.size, .position = reader->position };
	size_t size = read_u32(&rest);
	struct bytes sealed;
	uint8_t *entry, tag;

	if (reader->last && reader->position < reader->file.size)
		return fail(STATUS_CORRUPT, "something stands behind the end of this flight");
	if (rest.bad || (size <= SEALED_MAX && size > reader_left(&rest)))
		return fail(STATUS_NOT_FOUND, "there are no more entries");
	if (size < crypto_secretstream_xchacha20poly1305_ABYTES || size > SEALED_MAX)
		return refuse(reader);
	sealed = read_view(&rest, size);
	entry = arena_allocate(arena, size - crypto_secretstream_xchacha20poly1305_ABYTES + 1);
	if (crypto_secretstream_xchacha20poly1305_pull(&reader->stream, entry, NULL, &tag, sealed.data, sealed.size, NULL, 0) != 0)
		return refuse(reader);
	reader->last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	reader->position = rest.position;
	*out_entry = (struct bytes){ entry, size - crypto_secretstream_xchacha20poly1305_ABYTES };
	return STATUS_OK;
}

void leg_reader_finish(struct leg_reader *reader)
{
	sodium_memzero(&reader->stream, sizeof(reader->stream));
}
