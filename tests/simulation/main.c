/* Runs seeds; silence is success. See usage in arguments.c. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/simulation/arguments.h"
#include "tests/simulation/orders.h"

#define CATCH_WITHIN       2000
#define SEEDS_FOR_ALL      1000  /* so many bring every collision about … */
#define SEEDS_FOR_RESOLVED 10000 /* … and so many have each settled by the office */
#define FAILURES_MAX       10
#define SHRUNK_AT_MOST     3 /* a violation more often than that has one cause */

/* Sums over all runs. */
struct totals {
	uint64_t steps;
	uint64_t operations;
	uint64_t twice;
	int64_t rounds;
	struct fault_counts faults;
	uint64_t issues[ISSUE_KIND_COUNT];
	uint64_t resolved[ISSUE_KIND_COUNT];
};

static void add_up(struct totals *totals, const struct run_result *result)
{
	totals->steps += result->steps;
	totals->operations += result->operations;
	totals->rounds = result->rounds > totals->rounds ? result->rounds : totals->rounds;
	for (int fault = 0; fault < FAULT_COUNT; fault++)
		totals->faults.happened[fault] += result->faults.happened[fault];
	for (int kind = 0; kind < ISSUE_KIND_COUNT; kind++) {
		totals->issues[kind] += result->issues[kind];
		totals->resolved[kind] += result->resolved[kind];
	}
}

static void print_totals(const struct totals *totals, uint64_t seeds, unsigned failures, clock_t start)
{
	struct crash_counts counts = crash_counts();
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;

	(void)printf("%llu seeds, %u failed, %.1f s (%.1f seeds/s); %llu run twice; %llu steps, %llu operations of devices, at most %lld"
		     " rounds after healing\n",
		(unsigned long long)seeds, failures, seconds, seconds > 0 ? (double)seeds / seconds : 0.0,
		(unsigned long long)totals->twice, (unsigned long long)totals->steps, (unsigned long long)totals->operations,
		(long long)totals->rounds);
	(void)printf("disks: %llu crashes, %llu syncs, %llu writes, %llu lost, %llu torn\nfaults:", (unsigned long long)counts.crashes,
		(unsigned long long)counts.syncs, (unsigned long long)counts.writes, (unsigned long long)counts.writes_lost,
		(unsigned long long)counts.writes_torn);
	for (int fault = 0; fault < FAULT_COUNT; fault++)
		(void)printf("%s %llu %s", fault == 0 ? "" : ",", (unsigned long long)totals->faults.happened[fault],
			fault_to_text((enum fault_kind)fault));
	(void)printf("\n");
}

/* ---- shrinking ---- */

static bool still_fails(const struct template *template, const struct run_options *run, const struct run_result *first)
{
	struct run_result result;

	simulation_run(template, run, &result);
	return result.violated && strcmp(result.invariant, first->invariant) == 0;
}

/* Leaves out devices, then faults, as long as the same invariant is violated. */
static struct run_options shrink(const struct template *template, const struct run_options *run, const struct run_result *first)
{
	struct run_options least = *run;

	least.trace = false;
	for (unsigned device = 1; device <= least.device_count && device < 32; device++) {
		struct run_options less = least;
		less.without_devices |= UINT32_C(1) << device;
		if (still_fails(template, &less, first))
			least = less;
	}
	for (int fault = 0; fault < FAULT_COUNT; fault++) {
		struct run_options less = least;
		less.without_faults |= UINT32_C(1) << fault;
		if (still_fails(template, &less, first))
			least = less;
	}
	return least;
}

static void print_violation(const struct template *template, const struct run_options *run, const struct run_result *result, bool shrunk)
{
	struct run_options least;

	(void)printf("seed %llu violates %s: %s\n  replay: ", (unsigned long long)run->seed, result->invariant, result->violation);
	arguments_print_replay(run);
	if (shrunk) {
		least = shrink(template, run, result);
		(void)printf("\n  least:  ");
		arguments_print_replay(&least);
	}
	(void)printf("\n");
}

/* ---- seeds ---- */

/* One seed in a hundred is run twice: the same seed must give the same run, on any machine and by any compiler. */
static bool is_repeatable(
	const struct template *template, const struct run_options *run, const struct run_result *first, struct totals *totals)
{
	struct run_result second;

	if (run->seed % 100 != 1)
		return true;
	simulation_run(template, run, &second);
	totals->twice++;
	(void)printf("seed %llu twice: ", (unsigned long long)run->seed);
	for (size_t i = 0; i < sizeof(first->hash); i++)
		(void)printf("%02x", first->hash[i]);
	(void)printf(" %s\n", memcmp(first->hash, second.hash, sizeof(second.hash)) == 0 ? "same" : "DIFFERENT");
	return memcmp(first->hash, second.hash, sizeof(second.hash)) == 0;
}

/* The seven collisions of what the office and the devices do without knowing of each other; the last two of the list are the same two
 * technicians at one visit and at one task. */
static const enum issue_kind collisions[] = { ISSUE_KIND_WORK_DONE_AFTER_CANCEL, ISSUE_KIND_OVERTAKEN, ISSUE_KIND_DOUBLE_VISIT,
	ISSUE_KIND_PLAN_MOVED, ISSUE_KIND_TASK_CHANGED, ISSUE_KIND_LATE_FACT, ISSUE_KIND_DOUBLE_ANSWER, ISSUE_KIND_ASSET_GONE };

/* What so many seeds never bring about is tested by nothing. */
static int tell_collisions(const struct arguments *arguments, const struct totals *sum)
{
	int never = 0, unresolved = 0;

	for (size_t i = 0; i < sizeof(collisions) / sizeof(*collisions); i++) {
		(void)printf("%s%s %llu (%llu resolved)", i == 0 ? "collisions: " : ", ", issue_kind_names[collisions[i]].name,
			(unsigned long long)sum->issues[collisions[i]], (unsigned long long)sum->resolved[collisions[i]]);
		never += sum->issues[collisions[i]] == 0;
		unresolved += sum->resolved[collisions[i]] == 0;
	}
	(void)printf("\n");
	if (arguments->run.drill || arguments->run.bug != BUG_NONE)
		return 0;
	never = arguments->count < SEEDS_FOR_ALL ? 0 : never;
	unresolved = arguments->count < SEEDS_FOR_RESOLVED ? 0 : unresolved;
	if (never + unresolved > 0)
		(void)printf("%d of the collisions never came about, %d were never resolved\n", never, unresolved);
	return never + unresolved == 0 ? 0 : 1;
}

static int run_seeds(const struct template *template, const struct arguments *arguments)
{
	struct totals totals = { 0 };
	unsigned failures = 0;
	clock_t start = clock();

	for (uint64_t i = 0; i < arguments->count && failures < FAILURES_MAX; i++) {
		struct run_options run = arguments->run;
		struct run_result result;
		run.seed += i;
		simulation_run(template, &run, &result);
		if (result.violated)
			print_violation(template, &run, &result, !run.trace && !run.drill && failures < SHRUNK_AT_MOST);
		failures += result.violated || !is_repeatable(template, &run, &result, &totals);
		add_up(&totals, &result);
		(void)fflush(stdout);
	}
	print_totals(&totals, arguments->count, failures, start);
	return failures == 0 && tell_collisions(arguments, &totals) == 0 ? 0 : 1;
}

/* ---- seeded bugs ---- */

/* The first seed from 1 on that catches each (docs/reliability.md); 0: the very first. Should one not catch any more, the search begins
 * anew. */
static const uint64_t known[BUG_COUNT] = {
	[BUG_ROW_LOST_AT_RESUME] = 2,
	[BUG_NO_DEDUPLICATION] = 8,
	[BUG_DIGEST_AFTER_REPLAY] = 8,
	[BUG_FACT_REFUSED_AFTER_CLAIM] = 18,
	[BUG_CURSOR_BEFORE_COMMIT] = 17,
	[BUG_FORGOTTEN_ABOVE_HORIZON] = 16,
	[BUG_RANGE_NOT_REPLACED] = 6,
	[BUG_AMBIGUOUS_REFERENCE] = 3,
	[BUG_PURGE_SKIPPED] = 3,
	[BUG_STALE_GRANT] = 142,
	[BUG_PARKED_NOT_KEPT] = 12,
	[BUG_EARLIER_EDIT_WINS] = 8,
	[BUG_LEFT_NOT_WRITTEN] = 5,
	[BUG_CLOSURE_NOT_WALKED] = 27,
	[BUG_PATCH_OF_LATER_BASE] = 2,
	[BUG_TRY_NOT_COUNTED] = 12,
	[BUG_PART_LEFT_OUT] = 23,
	[BUG_FILE_SWEPT] = 44,
	[BUG_FILE_THOUGHT_SENT] = 35,
	[BUG_EXTRA_DROPPED] = 3,
	[BUG_WATERMARK_TOO_FAR] = 11,
	[BUG_KEPT_TOO_SHORT] = 5,
	[BUG_FORMER_NOT_SENT] = 1697,
	[BUG_CARRIED_THOUGHT_TAKEN] = 14,
};

static bool catch_bug(const struct template *template, const struct arguments *arguments, enum seeded_bug bug)
{
	struct run_options run = arguments->run;
	struct run_result result = { 0 };
	uint64_t runs = 0;

	run.bug = bug;
	run.without_faults |= UINT32_C(1) << FAULT_DESK; /* which came later, as did the next: what is known would be of other runs */
	if (bug != BUG_ARCHIVED_IN_USE)
		run.without_faults |= UINT32_C(1) << FAULT_WINDOW;
	run.seed = arguments->search || known[bug] == 0 ? 1 : known[bug];
	simulation_run(template, &run, &result);
	for (runs = 1; !result.violated && runs < CATCH_WITHIN; runs++) {
		run.seed = runs == 1 && !arguments->search ? 1 : run.seed + 1;
		simulation_run(template, &run, &result);
	}
	if (result.violated)
		(void)printf("%s: caught at seed %llu, after %llu runs, by %s: %s\n", bug_to_text(bug), (unsigned long long)run.seed,
			(unsigned long long)runs, result.invariant, result.violation);
	else
		(void)printf("%s: NOT caught within %d seeds\n", bug_to_text(bug), CATCH_WITHIN);
	(void)fflush(stdout);
	return result.violated;
}

static int catch_bugs(const struct template *template, const struct arguments *arguments)
{
	int missed = 0;

	for (int bug = BUG_NONE + 1; bug < BUG_COUNT; bug++)
		missed += !catch_bug(template, arguments, (enum seeded_bug)bug);
	(void)printf("%d seeded bugs, %d missed\n", BUG_COUNT - 1, missed);
	return missed == 0 ? 0 : 1;
}

int main(int count, char **words)
{
	struct arguments arguments;
	struct template template;
	int result;

	if (!arguments_read(count, words, &arguments))
		return 2;
	/* A run takes and gives back much memory: it stays with the process, but for what is rarely touched whole. */
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	stream_seize_libsodium();
	crash_vfs_register();
	template_create(arguments.run.device_count, &template);
	if (arguments.mode == SIMULATE_BUGS)
		result = catch_bugs(&template, &arguments);
	else if (arguments.mode == SIMULATE_ORDERS)
		result = orders_compare(&template, arguments.run.seed, arguments.count);
	else
		result = run_seeds(&template, &arguments);
	template_finish(&template);
	return result;
}
