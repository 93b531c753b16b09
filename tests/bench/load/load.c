/* Many devices at once against a server that runs, led by words on standard input, one answer in JSON a line:
 *   go [WINDOW]      all want to be on line, now; WINDOW: so many at a time
 *   leave            all hang up
 *   edit COUNT       each changes COUNT of its assets
 *   begin            the time of each begins anew
 *   synced SECONDS   until all are in step, SECONDS at most
 *   told SECONDS     until each got a cut since the time began
 *   idle SECONDS     lets them wait
 *   port PORT        where the server is
 * usage: load PORT FILE [DEVICES]    FILE: as enlist wrote it */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/load/fleet.h"
#include "tests/bench/stopwatch.h"

#define POLL_WAIT_MS 240000
#define WORD_SIZE    32

static int complain(enum status status)
{
	(void)fprintf(stderr, "load: %s: %s\n", status_to_text(status), fail_reason());
	return 1;
}

static void report(const struct fleet *fleet, double seconds, double cpu_s, bool reached)
{
	struct fleet_counts counts;

	fleet_count(fleet, &counts);
	printf("{\"devices\":%zu,\"reached\":%zu,\"all\":%s,\"seconds\":%.4f,\"cpu_s\":%.3f,", counts.devices, counts.reached,
		reached ? "true" : "false", seconds, cpu_s);
	printf("\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"applied_ms\":%.2f,", counts.p50_ms, counts.p99_ms, counts.max_ms,
		counts.applied_ms);
	printf("\"bytes\":%llu,\"connections\":%lld,\"lost\":%lld,\"operations\":%lld,\"failures\":%lld}\n",
		(unsigned long long)counts.bytes, (long long)counts.connections, (long long)counts.lost, (long long)counts.operations,
		(long long)counts.failures);
	if (counts.failures > 0)
		(void)fprintf(stderr, "load: %s\n", counts.failure);
	(void)fflush(stdout);
}

struct verb {
	const char *name;
	bool (*run)(struct fleet *fleet, long argument);
};

static bool run_go(struct fleet *fleet, long argument)
{
	fleet_go(fleet, (size_t)argument);
	return true;
}

static bool run_leave(struct fleet *fleet, long argument)
{
	(void)argument;
	fleet_leave(fleet);
	return true;
}

static bool run_begin(struct fleet *fleet, long argument)
{
	(void)argument;
	fleet_begin(fleet);
	return true;
}

static bool run_edit(struct fleet *fleet, long argument)
{
	enum status status = fleet_edit(fleet, (size_t)argument);

	return status == STATUS_OK || complain(status) == 0;
}

static bool run_synced(struct fleet *fleet, long argument)
{
	return fleet_run(fleet, FLEET_SYNCED, argument * 1000);
}

static bool run_told(struct fleet *fleet, long argument)
{
	return fleet_run(fleet, FLEET_TOLD, argument * 1000);
}

static bool run_idle(struct fleet *fleet, long argument)
{
	(void)fleet_run(fleet, FLEET_NEVER, argument * 1000);
	return true;
}

static bool run_port(struct fleet *fleet, long argument)
{
	fleet_set_port(fleet, (uint16_t)argument);
	return true;
}

static bool obey(struct fleet *fleet, const char *line)
{
	static const struct verb verbs[] = { { "go", run_go }, { "leave", run_leave }, { "begin", run_begin }, { "edit", run_edit },
		{ "synced", run_synced }, { "told", run_told }, { "idle", run_idle }, { "port", run_port } };
	char word[WORD_SIZE] = "";
	long argument = 0;

	(void)sscanf(line, "%31s %ld", word, &argument); /* NOLINT(cert-err34-c): the bench wrote it */
	for (size_t i = 0; i < LENGTH(verbs); i++) {
		struct stopwatch watch;
		bool reached;
		if (strcmp(word, verbs[i].name) != 0)
			continue;
		stopwatch_start(&watch);
		reached = verbs[i].run(fleet, argument);
		stopwatch_stop(&watch);
		report(fleet, watch.seconds, watch.cpu_seconds, reached);
		return true;
	}
	(void)fprintf(stderr, "load: there is no verb \"%s\"\n", word);
	return false;
}

/* The next line of standard input; devices are served until it is there. */
static bool next_line(struct fleet *fleet, char *line, int size)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	while (poll(&input, 1, 0) == 0)
		(void)fleet_run(fleet, FLEET_NEVER, 5);
	return fgets(line, size, stdin) != NULL;
}

int main(int argc, char **argv)
{
	struct fleet_options options = { .poll_wait_ms = POLL_WAIT_MS };
	struct fleet *fleet = NULL;
	char line[128];
	enum status status;
	bool well = true;

	if (argc < 3 || argc > 4) {
		(void)fprintf(stderr, "usage: load PORT FILE [DEVICES]\n");
		return 2;
	}
	options.port = (uint16_t)strtoul(argv[1], NULL, 10);
	options.file = argv[2];
	options.most = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	status = fleet_open(&options, &fleet);
	if (status != STATUS_OK)
		return complain(status);
	(void)setvbuf(stdin, NULL, _IONBF, 0); /* what poll() does not see must not lie in a buffer */
	report(fleet, 0, 0, true);
	while (well && next_line(fleet, line, sizeof(line)))
		well = obey(fleet, line);
	fleet_close(fleet);
	return well ? 0 : 1;
}
