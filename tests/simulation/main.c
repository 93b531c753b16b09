/* simulate --seed N [--count M] [--devices D] [--bug NAME] [--trace]   runs seeds; silence is success
 * simulate --bugs [--devices D]                                        proves that each seeded bug is caught
 * Without --seed the number of seeds follows TRUCKROLL_TEST_SIZE; --half 1 and --half 2 share them between two processors. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/simulation/simulation.h"

#define CATCH_WITHIN 2000
#define SEEDS_FOR_ALL 1000 /* so many bring every collision about */

#ifdef __SANITIZE_ADDRESS__
#define SIZE_DIVISOR 10 /* sanitizers look for other bugs than numbers find */
#else
#define SIZE_DIVISOR 1
#endif

struct arguments {
	uint64_t seed;
	uint64_t count;
	uint64_t half; /* 0: all of them */
	unsigned devices;
	enum seeded_bug bug;
	bool trace;
	bool bugs;
};

static int usage(const char *what)
{
	(void)fprintf(stderr,
		"simulate: %s\n"
		"usage: simulate [--seed N] [--count M] [--devices 1..%d] [--bug NAME] [--trace] | --half 1|2 | --bugs\n",
		what, DEVICES_MAX);
	return 2;
}

static enum seeded_bug bug_by_name(const char *name)
{
	int bug = BUG_NONE;

	while (bug < BUG_COUNT && strcmp(bug_to_text((enum seeded_bug)bug), name) != 0)
		bug++;
	return (enum seeded_bug)bug;
}

static uint64_t count_of_size(void)
{
	const char *size = getenv("TRUCKROLL_TEST_SIZE");
	bool quick = size != NULL && strcmp(size, "quick") == 0, full = size != NULL && strcmp(size, "full") == 0;

	return (quick ? 100 : full ? 20000 : 2000) / SIZE_DIVISOR;
}

/* False after telling what is wrong. */
static bool read_arguments(int count, char **words, struct arguments *out_arguments)
{
	struct arguments arguments = { .seed = 1, .count = count_of_size(), .devices = 3 };
	bool given = false;

	for (int i = 1; i < count; i++) {
		const char *value = i + 1 < count ? words[i + 1] : "";
		if (strcmp(words[i], "--trace") == 0) {
			arguments.trace = true;
			continue;
		}
		if (strcmp(words[i], "--bugs") == 0) {
			arguments.bugs = true;
			continue;
		}
		if (strcmp(words[i], "--seed") == 0)
			arguments.seed = strtoull(value, NULL, 10);
		else if (strcmp(words[i], "--count") == 0)
			arguments.count = strtoull(value, NULL, 10);
		else if (strcmp(words[i], "--half") == 0)
			arguments.half = strtoull(value, NULL, 10);
		else if (strcmp(words[i], "--devices") == 0)
			arguments.devices = (unsigned)strtoul(value, NULL, 10);
		else if (strcmp(words[i], "--bug") == 0)
			arguments.bug = bug_by_name(value);
		else
			return usage(words[i]) == 0;
		given = given || strcmp(words[i], "--count") == 0;
		if (strcmp(words[i], "--seed") == 0 && !given)
			arguments.count = 1;
		i++;
	}
	if (arguments.half > 2)
		return usage("there are two halves") == 0;
	if (arguments.half != 0)
		arguments.count /= 2;
	if (arguments.half == 2)
		arguments.seed += arguments.count;
	if (arguments.devices < 1 || arguments.devices > DEVICES_MAX || arguments.bug == BUG_COUNT || arguments.count == 0)
		return usage("a number or a name is out of range") == 0;
	*out_arguments = arguments;
	return true;
}

static void print_hash(const uint8_t hash[static 16])
{
	for (int i = 0; i < 16; i++)
		(void)printf("%02x", hash[i]);
}

static void print_violation(const struct arguments *arguments, uint64_t seed, const struct run_result *result)
{
	(void)printf("seed %llu violates %s: %s\n  replay: simulate --seed %llu --devices %u --trace", (unsigned long long)seed,
		result->invariant, result->violation, (unsigned long long)seed, arguments->devices);
	if (arguments->bug != BUG_NONE)
		(void)printf(" --bug %s", bug_to_text(arguments->bug));
	(void)printf("\n");
}

/* One seed in a hundred is run twice: the same seed must give the same run. */
static bool is_repeatable(const struct template *template, const struct run_options *options, const struct run_result *first)
{
	struct run_result second;

	if (options->seed % 100 != 1)
		return true;
	simulation_run(template, options, &second);
	(void)printf("seed %llu twice: ", (unsigned long long)options->seed);
	print_hash(first->hash);
	(void)printf(" %s\n", memcmp(first->hash, second.hash, sizeof(second.hash)) == 0 ? "same" : "DIFFERENT");
	return memcmp(first->hash, second.hash, sizeof(second.hash)) == 0;
}

/* The seven collisions of what the office and the devices do without knowing of each other; the last two of the list are the same two
 * technicians at one visit and at one task. */
static const enum issue_kind collisions[] = { ISSUE_KIND_WORK_DONE_AFTER_CANCEL, ISSUE_KIND_OVERTAKEN, ISSUE_KIND_DOUBLE_VISIT,
	ISSUE_KIND_PLAN_MOVED, ISSUE_KIND_TASK_CHANGED, ISSUE_KIND_LATE_FACT, ISSUE_KIND_DOUBLE_ANSWER, ISSUE_KIND_ASSET_GONE };

/* What so many seeds never bring about is tested by nothing. */
static int tell_collisions(const struct arguments *arguments, const struct run_result *sum)
{
	int never = 0;
	uint64_t resolved = 0;

	for (size_t i = 0; i < sizeof(collisions) / sizeof(*collisions); i++) {
		(void)printf("%s%s %llu (%llu resolved)", i == 0 ? "collisions: " : ", ", issue_kind_names[collisions[i]].name,
			(unsigned long long)sum->issues[collisions[i]], (unsigned long long)sum->resolved[collisions[i]]);
		never += sum->issues[collisions[i]] == 0;
		resolved += sum->resolved[collisions[i]];
	}
	(void)printf("\n");
	if (arguments->count < SEEDS_FOR_ALL || arguments->bug != BUG_NONE || (never == 0 && resolved > 0))
		return 0;
	(void)printf("%d of the collisions never came about, or none was ever resolved\n", never);
	return 1;
}

static int run_seeds(const struct template *template, const struct arguments *arguments)
{
	uint64_t steps = 0, operations = 0;
	int64_t rounds = 0;
	struct run_result sum = { 0 };
	unsigned failures = 0;
	clock_t start = clock();
	struct crash_counts counts;

	for (uint64_t seed = arguments->seed; seed < arguments->seed + arguments->count && failures < 10; seed++) {
		const struct run_options options = {
			.seed = seed, .device_count = arguments->devices, .bug = arguments->bug, .trace = arguments->trace
		};
		struct run_result result;
		simulation_run(template, &options, &result);
		if (result.violated)
			print_violation(arguments, seed, &result);
		failures += result.violated || !is_repeatable(template, &options, &result);
		steps += result.steps;
		operations += result.operations;
		rounds = result.rounds > rounds ? result.rounds : rounds;
		for (int kind = 0; kind < ISSUE_KIND_COUNT; kind++) {
			sum.issues[kind] += result.issues[kind];
			sum.resolved[kind] += result.resolved[kind];
		}
		(void)fflush(stdout);
	}
	counts = crash_counts();
	(void)printf("%llu seeds, %u failed; %llu steps, %llu operations of devices, at most %lld rounds after healing; %llu syncs, "
		     "%llu writes, %llu lost, %llu torn; %.1f s\n",
		(unsigned long long)arguments->count, failures, (unsigned long long)steps, (unsigned long long)operations,
		(long long)rounds, (unsigned long long)counts.syncs, (unsigned long long)counts.writes,
		(unsigned long long)counts.writes_lost, (unsigned long long)counts.writes_torn, (double)(clock() - start) / CLOCKS_PER_SEC);
	return failures == 0 && tell_collisions(arguments, &sum) == 0 ? 0 : 1;
}

static int catch_bugs(const struct template *template, const struct arguments *arguments)
{
	int missed = 0;

	for (int bug = BUG_NONE + 1; bug < BUG_COUNT; bug++) {
		struct run_result result = { 0 };
		uint64_t seed;
		for (seed = arguments->seed; seed < arguments->seed + CATCH_WITHIN && !result.violated; seed++) {
			const struct run_options options = {
				.seed = seed, .device_count = arguments->devices, .bug = (enum seeded_bug)bug
			};
			simulation_run(template, &options, &result);
		}
		if (result.violated)
			(void)printf("%s: caught at seed %llu by %s: %s\n", bug_to_text((enum seeded_bug)bug), (unsigned long long)seed - 1,
				result.invariant, result.violation);
		else
			(void)printf("%s: NOT caught within %d seeds\n", bug_to_text((enum seeded_bug)bug), CATCH_WITHIN);
		missed += !result.violated;
		(void)fflush(stdout);
	}
	return missed == 0 ? 0 : 1;
}

int main(int count, char **words)
{
	struct arguments arguments;
	struct template template;
	int result;

	if (!read_arguments(count, words, &arguments))
		return 2;
	/* A run takes and gives back much memory: it stays with the process, but for what is rarely touched whole. */
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	stream_seize_libsodium();
	crash_vfs_register();
	template_create(arguments.devices, &template);
	result = arguments.bugs ? catch_bugs(&template, &arguments) : run_seeds(&template, &arguments);
	template_finish(&template);
	return result;
}
