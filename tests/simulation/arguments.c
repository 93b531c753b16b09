#include "tests/simulation/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#define COUNT_MAX 150 /* sanitizers look for other bugs than numbers find */
#else
#define COUNT_MAX 20000
#endif

static const char usage[] =
	"usage: simulate [--seed N] [--count M] [--devices 1..200] [--bug NAME] [--trace] [--without FAULT,…] [--without-device N]\n"
	"       simulate --half 1|2      half of the seeds that TRUCKROLL_TEST_SIZE calls for\n"
	"       simulate --bugs          each seeded bug must be caught; with --search from seed 1 on\n"
	"       simulate --drill         each run loses its server and puts it back from a backup; more devices, fewer runs\n"
	"       simulate --orders        the same work delivered in other orders, twice, and under wrong clocks comes to the same\n";

static bool complain(const char *what, const char *word)
{
	(void)fprintf(stderr, "simulate: %s: %s\n%s", word, what, usage);
	return false;
}

static uint64_t count_of_size(void)
{
	const char *size = getenv("TRUCKROLL_TEST_SIZE");
	bool quick = size != NULL && strcmp(size, "quick") == 0, full = size != NULL && strcmp(size, "full") == 0;
	uint64_t count = quick ? 200 : full ? 20000 : 2000;

	return count < COUNT_MAX ? count : COUNT_MAX;
}

/* A drill of full size is that of the catalogue of faults (F25). */
static unsigned drill_devices(void)
{
	uint64_t count = count_of_size();

	return count >= 20000 ? DEVICES_MAX : count >= 2000 ? 40 : 12;
}

/* Of 200 devices one takes a minute. */
static uint64_t drill_runs(void)
{
	uint64_t count = count_of_size();

	return count >= 20000 ? 1 : count / 1000 + 1;
}

/* Each delivers its work in all other ways. */
static uint64_t orders_runs(void)
{
	uint64_t count = count_of_size() / 40;

	return count < 250 ? count : 250;
}

static bool read_bug(const char *name, enum seeded_bug *out_bug)
{
	for (int bug = BUG_NONE; bug < BUG_COUNT; bug++) {
		if (strcmp(bug_to_text((enum seeded_bug)bug), name) != 0)
			continue;
		*out_bug = (enum seeded_bug)bug;
		return true;
	}
	return complain("there is no such bug", name);
}

static bool read_faults(const char *names, uint32_t *out_faults)
{
	while (*names != '\0') {
		size_t size = strcspn(names, ",");
		int fault = 0;
		while (fault < FAULT_COUNT && (strlen(fault_to_text((enum fault_kind)fault)) != size ||
						      strncmp(fault_to_text((enum fault_kind)fault), names, size) != 0))
			fault++;
		if (fault == FAULT_COUNT)
			return complain("there is no such fault", names);
		*out_faults |= UINT32_C(1) << fault;
		names += size + (names[size] == ',');
	}
	return true;
}

/* A word that stands alone. */
static bool read_switch(const char *word, struct arguments *arguments)
{
	bool known = true;

	if (strcmp(word, "--trace") == 0)
		arguments->run.trace = true;
	else if (strcmp(word, "--bugs") == 0)
		arguments->mode = SIMULATE_BUGS;
	else if (strcmp(word, "--orders") == 0)
		arguments->mode = SIMULATE_ORDERS;
	else if (strcmp(word, "--drill") == 0)
		arguments->run.drill = true;
	else if (strcmp(word, "--search") == 0)
		arguments->search = true;
	else
		known = false;
	return known;
}

static bool read_option(const char *word, const char *value, struct arguments *arguments, uint64_t *half)
{
	struct run_options *run = &arguments->run;
	unsigned long long number = strtoull(value, NULL, 10);

	if (strcmp(word, "--bug") == 0)
		return read_bug(value, &run->bug);
	if (strcmp(word, "--without") == 0)
		return read_faults(value, &run->without_faults);
	if (number == 0)
		return complain("a number from 1 on must follow", word);
	if (strcmp(word, "--seed") == 0)
		run->seed = number;
	else if (strcmp(word, "--count") == 0)
		arguments->count = number;
	else if (strcmp(word, "--half") == 0)
		*half = number;
	else if (strcmp(word, "--devices") == 0)
		run->device_count = (unsigned)number;
	else if (strcmp(word, "--without-device") == 0)
		run->without_devices |= number < 32 ? UINT32_C(1) << number : 0;
	else
		return complain("there is no such option", word);
	return true;
}

bool arguments_read(int count, char **words, struct arguments *out_arguments)
{
	struct arguments arguments = { 0 };
	uint64_t half = 0;

	for (int i = 1; i < count; i++) {
		if (read_switch(words[i], &arguments))
			continue;
		if (!read_option(words[i], i + 1 < count ? words[i + 1] : "", &arguments, &half))
			return false;
		i++;
	}
	if (arguments.run.device_count == 0)
		arguments.run.device_count = arguments.run.drill ? drill_devices() : 3;
	if (half > 2 || arguments.run.device_count > DEVICES_MAX)
		return complain("there are two halves, and 200 devices", "--half, --devices");
	if (arguments.count == 0 && arguments.run.drill && arguments.run.seed == 0)
		arguments.count = drill_runs();
	if (arguments.count == 0)
		arguments.count = arguments.run.seed != 0 ? 1 : arguments.mode == SIMULATE_ORDERS ? orders_runs() : count_of_size();
	if (arguments.run.seed == 0)
		arguments.run.seed = 1;
	if (half != 0)
		arguments.count /= 2;
	if (half == 2)
		arguments.run.seed += arguments.count;
	*out_arguments = arguments;
	return true;
}

void arguments_print_replay(const struct run_options *run)
{
	bool first = true;

	(void)printf("simulate --seed %llu --devices %u", (unsigned long long)run->seed, run->device_count);
	if (run->drill)
		(void)printf(" --drill");
	if (run->bug != BUG_NONE)
		(void)printf(" --bug %s", bug_to_text(run->bug));
	for (unsigned device = 1; device < 32; device++)
		if ((run->without_devices >> device & 1) != 0)
			(void)printf(" --without-device %u", device);
	for (int fault = 0; fault < FAULT_COUNT; fault++) {
		if ((run->without_faults >> fault & 1) == 0)
			continue;
		(void)printf("%s%s", first ? " --without " : ",", fault_to_text((enum fault_kind)fault));
		first = false;
	}
	(void)printf(" --trace");
}
