/* replay: does again what a flight recorder wrote down (flight_replay.h). Exit codes: 0 the same, 1 something differs, 2 it cannot be
 * replayed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/file.h"
#include "shell/flight_command.h"
#include "shell/leg_file.h"
#include "tests/simulation/flight_replay.h"

static int usage(void)
{
	(void)fprintf(stderr,
		"usage: replay FILE [--words \"TWELVE WORDS\"] [--mended] [--tell]\n"
		"  FILE is what \"flight export\" of either program wrote; without --words the words come from standard input.\n"
		"  --mended: without the seeded bug that was recorded with\n"
		"  --tell: a line for each event\n");
	return 2;
}

static bool read_arguments(int argc, char **argv, const char **out_file, struct flight_replay_options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--words") == 0 && i + 1 < argc)
			options->words = text_of(argv[++i]);
		else if (strcmp(argv[i], "--mended") == 0)
			options->mended = true;
		else if (strcmp(argv[i], "--tell") == 0)
			options->tell = true;
		else if (argv[i][0] != '-' && *out_file == NULL)
			*out_file = argv[i];
		else
			return false;
	}
	return *out_file != NULL;
}

static int say(const struct flight_outcome *outcome)
{
	printf("legs: %lld\nevents of the last leg: %lld\nframes: %lld\n", (long long)outcome->legs, (long long)outcome->events,
		(long long)outcome->frames);
	if (outcome->not_copied > 0)
		printf("%lld legs have no copy of the store, which was too large, and were not replayed\n", (long long)outcome->not_copied);
	if (outcome->beside > 0)
		printf("in %lld legs something else wrote to the store, which is not recorded: they were replayed up to there\n",
			(long long)outcome->beside);
	if (outcome->within)
		printf("the recording ends while the core works: the process ended there\n");
	if (outcome->same)
		printf("the same, byte for byte\n");
	else
		printf("DIFFERENT: %s\n", outcome->difference);
	return outcome->same ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct flight_replay_options options = { 0 };
	char typed[LEG_WORDS_SIZE * 2] = "", scratch[] = "/tmp/truckroll-replay-XXXXXX", removing[64];
	struct flight_outcome outcome;
	struct arena arena = { 0 };
	const char *path = NULL;
	struct bytes file;
	int code = 2;

	keys_init();
	if (!read_arguments(argc, argv, &path, &options))
		return usage();
	if (options.words.size == 0 && fgets(typed, sizeof(typed), stdin) != NULL)
		options.words = text_of(typed);
	options.scratch = mkdtemp(scratch);
	if (options.scratch == NULL || file_read(&arena, path, FLIGHT_FILE_MAX, &file) != STATUS_OK ||
		flight_replay(file, &options, &outcome) != STATUS_OK)
		(void)fprintf(stderr, "%s: %s\n", path, fail_reason());
	else
		code = say(&outcome);
	arena_finish(&arena);
	(void)snprintf(removing, sizeof(removing), "rm -rf '%s'", scratch);
	if (options.scratch != NULL && system(removing) != 0) /* NOLINT(cert-env33-c, concurrency-mt-unsafe): a folder of our own */
		(void)fprintf(stderr, "%s was not removed\n", scratch);
	return code;
}
