/* The n-th call to the disk fails, for n = 1, 2, 3 … until a scenario comes through without: the machine goes down, the disk is full, one
 * read, write or sync fails. Afterwards nothing is lost, nothing is doubled, all are equal, and the power may go as well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/faults/old_stores.h"
#include "tests/simulation/checks.h"
#include "tests/unit/protocol/sync/pair.h"

#define STEPS_MAX    20000
#define PATIENCE     400 /* steps with a full disk before there is room again */
#ifdef __SANITIZE_ADDRESS__
#define TRIALS_NORMAL 1 /* sanitizers look for other bugs than numbers find */
#else
#define TRIALS_NORMAL 4
#endif
#define TRIALS_QUICK 1
#define TRIALS_FULL  40 /* a test whose store is asked more often takes so many, evenly spread */
#define NAME_SIZE    120
#define TEST_MAX     80

struct fault {
	const char *name;
	enum disk_failure failure;
};

static const struct fault faults[] = {
	{ "is_killed", DISK_DEAD },
	{ "runs_full", DISK_FULL },
	{ "fails_to_read", DISK_READ_ERROR },
	{ "fails_to_write", DISK_WRITE_ERROR },
	{ "fails_to_sync", DISK_SYNC_ERROR },
};

struct test {
	char name[NAME_SIZE];
	const struct scenario *scenario;
	const struct fault *fault;
	unsigned number;
};

static struct template template;
static struct simulation simulation; /* large */

static struct crash_disk *disk_of(const struct trial *trial, const struct scenario *scenario)
{
	if (trial->disk != NULL)
		return trial->disk;
	return scenario->at_server ? simulation.server.disk : simulation.devices[0].disk;
}

static bool is_quiet(void)
{
	return simulation.violated || simulation_is_quiet(&simulation);
}

/* Lets time go on; whoever lies down gets up again, and what has to be done is tried until it is. */
static void go_on(struct trial *trial, const struct scenario *scenario)
{
	bool done = false;

	for (int i = 0; i < STEPS_MAX && !simulation.violated && !(done && is_quiet()); i++) {
		if (i == PATIENCE)
			crash_disk_fail(disk_of(trial, scenario), DISK_WELL, 0);
		done = done || scenario->act(trial);
		if (!is_quiet() || !done)
			(void)simulation_step(&simulation);
	}
	if (!simulation.violated && !(done && is_quiet()))
		violate(&simulation, "I14", "%s", done ? "not quiet" : "what was to be done was never done");
}

/* What was acknowledged must not need the machine to stay up. */
static void pull_the_plugs(void)
{
	server_node_kill(&simulation);
	for (unsigned i = 0; i < simulation.device_count; i++)
		device_node_kill(&simulation, &simulation.devices[i]);
}

static void check(struct trial *trial, const struct scenario *scenario)
{
	checks_at_end(&simulation);
	if (!simulation.violated && scenario->holds != NULL && !scenario->holds(trial))
		violate(&simulation, "promise", "what was told is not so");
}

static bool nothing_more(struct trial *trial)
{
	(void)trial;
	return true;
}

/* One trial; returns how often the disk was asked, up to the call that fails. */
static uint64_t fails_at(const struct test *test, uint64_t call)
{
	const struct run_options options = { .seed = 1000 * test->number + call, .calm = true, .trace = getenv("TRACE") != NULL };
	const struct scenario after = { .at_server = test->scenario->at_server, .act = nothing_more };
	struct trial trial = { .simulation = &simulation, .template = &template };
	uint64_t calls;
	bool violated;

	simulation_begin(&simulation, &template, &options);
	pair_settle(&simulation);
	test->scenario->prepare(&trial);
	crash_disk_fail(disk_of(&trial, test->scenario), test->fault->failure, call);
	go_on(&trial, test->scenario);
	calls = call - crash_disk_countdown(disk_of(&trial, test->scenario));
	crash_disk_fail(disk_of(&trial, test->scenario), DISK_WELL, 0);
	for (int i = 0; i < 2 && !simulation.violated; i++) {
		check(&trial, test->scenario);
		if (i == 0 && !simulation.violated) {
			pull_the_plugs();
			go_on(&trial, &after);
		}
	}
	violated = simulation.violated;
	old_stores_finish(&trial);
	simulation_finish(&simulation);
	if (violated)
		fail_msg("call %llu: %s: %s", (unsigned long long)call, simulation.invariant, simulation.violation);
	return calls;
}

/* How many of the calls are tried; all with TRUCKROLL_EVERY_CALL=1. */
static uint64_t trials_max(void)
{
	const char *size = getenv("TRUCKROLL_TEST_SIZE");

	if (getenv("TRUCKROLL_EVERY_CALL") != NULL)
		return UINT64_MAX;
	if (size == NULL || strcmp(size, "normal") == 0)
		return TRIALS_NORMAL;
	return strcmp(size, "quick") == 0 ? TRIALS_QUICK : TRIALS_FULL;
}

static void whatever_call_fails_all_ends_well(void **state)
{
	const struct test *test = *state;
	uint64_t calls = fails_at(test, UINT64_C(1) << 40); /* none */
	uint64_t most = trials_max(), trials = calls < most ? calls : most;

	assert_true(calls > 0 || test->fault->failure == DISK_READ_ERROR);
	for (uint64_t i = 0; i < trials; i++)
		(void)fails_at(test, 1 + (i * calls + test->number % calls) / trials);
	print_message("# %llu of %llu calls failed, one at a time\n", (unsigned long long)trials, (unsigned long long)calls);
}

int main(int argument_count, char **arguments)
{
	static struct test tests[TEST_MAX];
	static struct CMUnitTest units[TEST_MAX];
	size_t count = 0;

	for (size_t i = 0; i < scenario_count; i++) {
		for (size_t k = 0; k < LENGTH(faults); k++) {
			struct test *test = &tests[count];
			*test = (struct test){ .scenario = &scenarios[i], .fault = &faults[k], .number = (unsigned)count };
			(void)snprintf(test->name, sizeof(test->name), "nothing_is_lost_or_doubled_when_%s_%s", scenarios[i].name,
				faults[k].name);
			if (argument_count > 1 && strstr(test->name, arguments[1]) == NULL)
				continue;
			units[count++] = (struct CMUnitTest){ test->name, whatever_call_fails_all_ends_well, NULL, NULL, test };
		}
	}
	stream_seize_libsodium();
	crash_vfs_register();
	template_create(2, &template);
	return _cmocka_run_group_tests("store faults", units, count, NULL, NULL);
}
