/* truckroll with a seeded bug of its core (protocol/sync/bugs.h), which $TRUCKROLL_BUG names, and whose recorder begins another leg as
 * soon as one is long. For tests only. */
#include <stdlib.h>
#include <string.h>

#include "device_agent/commands.h"
#include "device_agent/flight.h"
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

int main(int argc, char **argv)
{
	return runner_main(&device_program, argc, argv);
}
