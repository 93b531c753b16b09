/* truckroll with a seeded bug of its core (protocol/sync/bugs.h), which $TRUCKROLL_BUG names, whose recorder begins another leg as soon as
 * one is long, and whose cuts on a thread of their own take $TRUCKROLL_CUT_MS longer. For tests only. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "device_agent/commands.h"
#include "device_agent/flight.h"
#include "protocol/sync/cut.h"
#include "shell/runner.h"

void __real_flight_begin_leg(struct flight *flight, struct device_core_options *options);
void __wrap_flight_begin_leg(struct flight *flight, struct device_core_options *options);

struct flight *__real_flight_create(const struct flight_options *options);
struct flight *__wrap_flight_create(const struct flight_options *options);

struct flight *__wrap_flight_create(const struct flight_options *options)
{
	struct flight_options impatient = *options;

	impatient.leg_ms = 1;
	return __real_flight_create(&impatient);
}

static enum seeded_bug named_bug(void)
{
	const char *name = getenv("TRUCKROLL_BUG"); /* NOLINT(concurrency-mt-unsafe): before there are threads */
	int bug = BUG_COUNT - 1;

	while (bug > BUG_NONE && (name == NULL || strcmp(name, bug_to_text((enum seeded_bug)bug)) != 0))
		bug--;
	return (enum seeded_bug)bug;
}

/* The last stop before the core is created. */
void __wrap_flight_begin_leg(struct flight *flight, struct device_core_options *options)
{
	options->bug = named_bug();
	__real_flight_begin_leg(flight, options);
}

static pthread_t main_thread;
static int cut_ms;

enum status __real_cut_apply(struct device_store *store, struct arena *arena, const struct cut_input *input,
	struct replica_state *out_state, struct repair_tally *out_tally);
enum status __wrap_cut_apply(struct device_store *store, struct arena *arena, const struct cut_input *input,
	struct replica_state *out_state, struct repair_tally *out_tally);

/* In the open transaction. */
enum status __wrap_cut_apply(struct device_store *store, struct arena *arena, const struct cut_input *input,
	struct replica_state *out_state, struct repair_tally *out_tally)
{
	if (!pthread_equal(pthread_self(), main_thread))
		(void)poll(NULL, 0, cut_ms);
	return __real_cut_apply(store, arena, input, out_state, out_tally);
}

int main(int argc, char **argv)
{
	const char *longer = getenv("TRUCKROLL_CUT_MS"); /* NOLINT(concurrency-mt-unsafe): before there are threads */

	main_thread = pthread_self();
	cut_ms = longer == NULL ? 0 : atoi(longer); /* NOLINT(cert-err34-c): the tests name a number */
	return runner_main(&device_program, argc, argv);
}
