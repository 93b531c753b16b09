#include "shell/check_line.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define BEGINNING CHECK_LINE_KEY " = "
#define DIGITS    (2 * (size_t)crypto_generichash_BYTES)
#define LINE_SIZE (sizeof(BEGINNING) - 1 + DIGITS + 1)

static void make_line(struct bytes content, char line[static LINE_SIZE + 1])
{
	uint8_t hash[crypto_generichash_BYTES];

	if (crypto_generichash(hash, sizeof(hash), content.data, content.size, NULL, 0) != 0)
		assert(false && "the sizes are the library's own");
	memcpy(line, BEGINNING, sizeof(BEGINNING) - 1);
	(void)sodium_bin2hex(line + sizeof(BEGINNING) - 1, DIGITS + 1, hash, sizeof(hash));
	line[LINE_SIZE - 1] = '\n';
	line[LINE_SIZE] = '\0';
}

void check_line_write(struct writer *writer)
{
	char line[LINE_SIZE + 1];

	make_line(writer_bytes(writer), line);
	write_raw(writer, line, LINE_SIZE);
}

bool check_line_fits(struct bytes content)
{
	char line[LINE_SIZE + 1];

	if (content.size < LINE_SIZE)
		return false;
	content.size -= LINE_SIZE;
	make_line(content, line);
	return memcmp(content.data + content.size, line, LINE_SIZE) == 0;
}
