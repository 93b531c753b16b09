/* A file of sealed entries (protocol/sync/flight.h): a leg of a flight as it lies on the disk, openable with the keys of whoever
 * recorded it, or a flight that was exported, openable with the words that were said then. Layout: "TRFL" ‖ version 1 ‖ who opens it (1:
 * a key, 2: words) ‖ for a key the sealed box that holds the stream's key ‖ header of crypto_secretstream ‖ entries, each length (4, LE)
 * ‖ ciphertext. Whatever is changed in it no entry opens any more from there on; the last entry of an export says that it is the last. */
#ifndef TRUCKROLL_SHELL_LEG_FILE_H
#define TRUCKROLL_SHELL_LEG_FILE_H

#include <sodium.h>
#include <stdbool.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/keys.h"

#define LEG_ENTRY_MAX   ((size_t)192 * 1024)
#define LEG_WORDS       12  /* that open an export: 132 bits */
#define LEG_WORDS_SIZE  128 /* room for them */
#define LEG_ENTRY_EXTRA (4 + crypto_secretstream_xchacha20poly1305_ABYTES)

struct leg_words {
	char characters[LEG_WORDS_SIZE]; /* with one blank between them, NUL-terminated */
};
/* Fresh ones, by the system's randomness. */
void leg_words_draw(struct leg_words *out_words);

struct leg_writer {
	int descriptor; /* -1: none */
	char path[4096];
	crypto_secretstream_xchacha20poly1305_state stream;
	int64_t size; /* of the file */
	struct arena arena;
};

/* Makes the file (0600), which must not be there, for the owner of the box key `reader`. STATUS_CANNOT_WRITE. */
enum status leg_create_for(struct leg_writer *writer, const char *path, const uint8_t reader[static BOX_PUBLIC_SIZE]);
/* The same for whoever knows the words. */
enum status leg_create_with(struct leg_writer *writer, const char *path, const struct leg_words *words);
/* Seals an entry of at most LEG_ENTRY_MAX bytes and writes it; not durable. `last`: nothing comes behind it. STATUS_CANNOT_WRITE: the
 * file is of no more use than up to the entry before. */
enum status leg_write(struct leg_writer *writer, struct bytes entry, bool last);
/* Closes the file and forgets the key; as often as one likes. */
void leg_finish(struct leg_writer *writer);

struct leg_reader {
	struct bytes file; /* borrowed */
	size_t beginning;  /* where entries begin */
	size_t position;
	crypto_secretstream_xchacha20poly1305_state stream;
	bool by_words;
	bool last; /* the entry that was read last was written as the last */
};

/* Begins to read. STATUS_CORRUPT: no such file, cut within its beginning, or sealed for others; STATUS_NEWER. */
enum status leg_open_for(struct leg_reader *reader, struct bytes file, const struct identity *identity);
/* The same with words, however they are spaced. STATUS_INVALID: these are no such words. */
enum status leg_open_with(struct leg_reader *reader, struct bytes file, struct text words);
/* The next entry, in `arena`. STATUS_NOT_FOUND: there is none, or not all of one; an export whose `last` is not set then was cut.
 * STATUS_CORRUPT: damaged or changed; when it is the first entry of an export, the words may be wrong. */
enum status leg_read(struct leg_reader *reader, struct arena *arena, struct bytes *out_entry);
void leg_reader_finish(struct leg_reader *reader);

#endif
