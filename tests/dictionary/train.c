/* Makes a dictionary of packed blocks: train_dictionary NUMBER SIZE FILE... > protocol/wire/dictionary_NUMBER.c. The files are those of
 * the example organisation, in the order of their names. With one version of libzstd the same bytes come out each time; what was
 * committed stays as it is, whatever a later version makes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <zdict.h>

#include "tests/dictionary/example_day.h"
#include "tests/dictionary/samples.h"
#include "tests/simulation/crash_vfs.h"
#include "tests/simulation/stream.h"

#define DAYS   40
#define MOST   ((size_t)32768)
#define A_LINE 20

static void print_table(const char *number, const uint8_t *bytes, size_t size)
{
	printf("#include \"protocol/wire/dictionary_%s.h\"\n\n/* clang-format off */\n", number);
	printf("const uint8_t dictionary_%s[DICTIONARY_%s_SIZE] = {", number, number);
	for (size_t i = 0; i < size; i++)
		printf("%s0x%02x,", i % A_LINE == 0 ? "\n\t" : " ", bytes[i]);
	printf("\n};\n/* clang-format on */\n");
}

int main(int argc, char **argv)
{
	static uint8_t dictionary[MOST];
	size_t wanted = argc > 3 ? strtoul(argv[2], NULL, 10) : 0, size;
	struct samples samples;

	if (wanted < 1024 || wanted > sizeof(dictionary)) {
		(void)fprintf(stderr, "usage: train_dictionary NUMBER SIZE FILE...\n");
		return 2;
	}
	stream_seize_libsodium();
	crash_vfs_register();
	for (unsigned day = 0; day < DAYS; day++)
		example_day(argv + 3, (size_t)argc - 3, day, DAYS);
	samples = samples_kept();
	size = ZDICT_trainFromBuffer(dictionary, wanted, samples.bytes, samples.sizes, (unsigned)samples.count);
	if (ZDICT_isError(size)) {
		(void)fprintf(stderr, "train_dictionary: %s\n", ZDICT_getErrorName(size));
		return 1;
	}
	(void)fprintf(stderr, "%zu bytes from %zu blocks of %zu bytes\n", size, samples.count, samples.size);
	print_table(argv[1], dictionary, size);
	return 0;
}
