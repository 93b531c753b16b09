/* The device's side of ./bench where the product has no command for it: many offline edits from one file, and changes through
 * a running agent that are followed to another one. All of it through the device's own library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device_agent/device.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/visit.h"
#include "shell/control.h"
#include "tests/bench/least.h"
#include "tests/bench/record/bench_order.h"
#include "tests/bench/stopwatch.h"

#define CALL_MS 120000 /* an agent may be busy for long: that is what is measured */

static int complain(enum status status)
{
	(void)fprintf(stderr, "bench_device: %s: %s\n", status_to_text(status), fail_reason());
	return 1;
}

static enum status open_device(char **words, struct local_device **out_device)
{
	const struct local_device_options options = { .dir = text_of(words[0]),
		.keys_directory = text_of(words[1]),
		.clock = clock_system(),
		.poll_wait_ms = 0 };

	return local_device_open(&options, out_device);
}

/* One line of the workload: id, state, technician, updated_at_ms, separated by tabs. */
static enum status edit_one(struct local_device *device, struct arena *arena, char *line)
{
	const struct schema *schema = &bench_order_schema;
	char *rest = line;
	struct text cells[4];
	struct id id;
	const void *before;
	struct bench_order edited;
	struct verdict verdict;
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = RECORD_BENCH_ORDER } };
	enum status status;

	for (size_t i = 0; i < LENGTH(cells); i++)
		cells[i] = text_of(strtok_r(rest, "\t\n", &rest));
	status = id_from_text(cells[0], &id);
	if (status == STATUS_OK)
		status = records_get(device_store_records(device->store), RECORD_BENCH_ORDER, &id, &before);
	if (status != STATUS_OK)
		return status;
	before = row_copy(arena, schema, before);
	device_store_reset_rows(device->store);
	edited = *(const struct bench_order *)before;
	edited.state = cells[1];
	edited.technician = cells[2];
	edited.updated_at_ms = strtoll(cells[3].data, NULL, 10);
	operation.head.subject = id;
	operation.head.at_ms = edited.updated_at_ms;
	operation.arguments = &edited;
	operation.old_values = before;
	operation.mask = UINT64_C(1) << 6 | UINT64_C(1) << 9 | UINT64_C(1) << 10;
	return device_core_operation(device->core, arena, &operation, &verdict, &id);
}

static enum status read_ids(char **rest, struct id *ids, size_t count)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = id_from_text(text_of(strtok_r(*rest, "\t\n", rest)), &ids[i]);
	return status;
}

/* One line: the visit, three tasks, two parts, the van they come from, and what was done. */
static enum status do_visit(struct local_device *device, struct arena *arena, char *line)
{
	enum { VISIT, TASKS, PARTS = TASKS + 3, VAN = PARTS + 2, IDS };
	struct id ids[IDS] = { 0 }, made;
	char *rest = line;
	enum status status = read_ids(&rest, ids, IDS);
	const struct part_arguments parts[] = { { .part_id = ids[PARTS], .location_id = ids[VAN], .quantity = 1 },
		{ .part_id = ids[PARTS + 1], .location_id = ids[VAN], .quantity = 2 } };
	struct answer_arguments answers[3];
	const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_FIXED,
		.cause_code = text_of("wear"),
		.action_code = text_of("replaced"),
		.text = text_of(strtok_r(rest, "\n", &rest)),
		.signer_name = text_of("the caretaker") };
	const struct {
		enum operation_kind kind;
		const void *arguments;
	} work[] = { { OPERATION_ACCEPT, NULL }, { OPERATION_TRAVEL, NULL }, { OPERATION_ARRIVE, NULL }, { OPERATION_USE_PART, &parts[0] },
		{ OPERATION_USE_PART, &parts[1] }, { OPERATION_ANSWER_TASK, &answers[0] }, { OPERATION_ANSWER_TASK, &answers[1] },
		{ OPERATION_ANSWER_TASK, &answers[2] }, { OPERATION_FINISH, &finish } };

	for (size_t i = 0; i < LENGTH(answers); i++)
		answers[i] = (struct answer_arguments){ .task_id = ids[TASKS + i], .task_version = 1, .truth = ANSWER_TRUTH_YES };
	for (size_t i = 0; i < LENGTH(work) && status == STATUS_OK; i++) {
		struct operation operation = {
			.head = { .kind = work[i].kind, .subject = ids[VISIT], .at_ms = clock_now_ms(clock_system()) },
			.arguments = work[i].arguments
		};
		struct verdict verdict;
		status = device_core_operation(device->core, arena, &operation, &verdict, &made);
		if (status == STATUS_OK && verdict.outcome != OUTCOME_APPLIED)
			status = fail(STATUS_REFUSED, "operation %zu of a visit is not simply applied", i + 1);
	}
	return status;
}

/* Each line becomes operations of the technician, saved like any other. */
static int run_lines(char **words, enum status (*run)(struct local_device *device, struct arena *arena, char *line))
{
	struct local_device *device = NULL;
	struct arena arena = { 0 };
	char line[1024];
	FILE *file = fopen(words[2], "r");
	enum status status = open_device(words, &device);

	while (status == STATUS_OK && file != NULL && fgets(line, sizeof(line), file) != NULL) {
		status = run(device, &arena, line);
		arena_reset(&arena);
	}
	if (file != NULL)
		(void)fclose(file);
	local_device_close(device);
	arena_finish(&arena);
	return status == STATUS_OK && file != NULL ? 0 : complain(status);
}

/* edits DIR KEYS FILE: an operation a line. */
static int run_edits(char **words)
{
	return run_lines(words, edit_one);
}

/* visits DIR KEYS FILE: a whole visit a line. */
static int run_visits(char **words)
{
	return run_lines(words, do_visit);
}

/* The last line of a file that another process adds to; 0 when there is none beyond `offset`. */
static long long last_time(FILE *file, long offset)
{
	char line[64];
	long long time = 0;

	(void)fseek(file, offset, SEEK_SET);
	while (fgets(line, sizeof(line), file) != NULL)
		time = strtoll(line, NULL, 10);
	clearerr(file);
	return time;
}

static void rest_us(long us)
{
	struct timespec time = { .tv_nsec = us * 1000 };

	(void)nanosleep(&time, NULL);
}

/* One three-field change through the control socket of a running agent, as the command "truckroll edit" sends it. */
static enum status change_one(const char *dir, struct arena *arena, const char *id, long number)
{
	const struct text words[] = { text_of("edit"), text_of("bench_order"), text_of(id), arena_print(arena, "state=trial_%ld", number),
		arena_print(arena, "technician=T-%04ld", number % 300 + 400),
		arena_print(arena, "updated_at_ms=2026-07-20T%02ld:%02ld:00Z", number / 60 % 24, number % 60), text_of("--json") };
	const struct control_request request = { .words = words,
		.word_count = LENGTH(words),
		.working_dir = text_of("/"),
		.language = text_of("en"),
		.now_ms = clock_now_ms(clock_system()) };
	struct control_reply reply;
	enum status status = control_call(dir, arena, &request, CALL_MS, CALL_MS, &reply);

	if (status == STATUS_OK && reply.exit_code != 0)
		status = fail(STATUS_REFUSED, "exit %d: %.*s%.*s", reply.exit_code, TEXT_ARGUMENTS(reply.out), TEXT_ARGUMENTS(reply.err));
	return status;
}

/* One change until it is durable at the agent that writes `times`; prints how long it took, in ms, until it was saved and until it was
 * durable there. */
static enum status follow_one(const char *dir, struct arena *arena, FILE *times, const char *id, long number)
{
	int64_t started, saved;
	long long there = 0;
	long offset;
	enum status status;

	(void)fseek(times, 0, SEEK_END);
	offset = ftell(times);
	started = stopwatch_now_ns();
	status = change_one(dir, arena, id, number);
	saved = stopwatch_now_ns();
	for (long waited_us = 0; status == STATUS_OK && there == 0 && waited_us < 5000000; waited_us += 200) {
		rest_us(200);
		there = last_time(times, offset);
	}
	if (status == STATUS_OK && there == 0)
		return fail(STATUS_OFFLINE, "change %ld did not arrive within 5 s", number);
	printf("%.3f %.3f ", (double)(saved - started) / 1e6, (double)(there - started) / 1e6);
	return status;
}

/* live DIR TIMES COUNT FILE LEAST: COUNT changes by the agent in DIR, each once the one before is durable at the agent that writes
 * TIMES. A line each: until it was saved, until it was durable there, and what the least of it took right after that, in the folder LEAST.
 * FILE: ids, the first cell of each line. */
static int run_live(char **words)
{
	struct arena arena = { 0 };
	struct least *least = least_start(words[4]);
	FILE *times = fopen(words[1], "r"), *ids = fopen(words[3], "r");
	char line[256];
	enum status status = STATUS_OK;

	for (long i = 0; i < strtol(words[2], NULL, 10) && status == STATUS_OK && fgets(line, sizeof(line), ids) != NULL; i++) {
		int64_t started;
		line[32] = '\0';
		status = follow_one(words[0], &arena, times, line, i);
		arena_reset(&arena);
		rest_us(20000); /* both are back in their polls */
		started = stopwatch_now_ns();
		printf("%.3f\n", (double)(least_change(least) - started) / 1e6);
		rest_us(20000);
	}
	least_stop(least);
	(void)fclose(times);
	(void)fclose(ids);
	arena_finish(&arena);
	return status == STATUS_OK ? 0 : complain(status);
}

/* ---- what waits while a replica takes in much ---- */

struct waits {
	long count;
	long refused;
	double longest_ms;
	double total_ms;
};

static void note_wait(struct waits *waits, int64_t started_ns)
{
	double ms = (double)(stopwatch_now_ns() - started_ns) / 1e6;

	waits->count++;
	waits->total_ms += ms;
	waits->longest_ms = ms > waits->longest_ms ? ms : waits->longest_ms;
}

static void print_waits(const struct waits *waits)
{
	printf("{\"count\":%ld,\"refused\":%ld,\"longest_ms\":%.3f,\"mean_ms\":%.3f}\n", waits->count, waits->refused,
		waits->longest_ms, waits->count == 0 ? 0 : waits->total_ms / (double)waits->count);
}

static bool goes_on(const char *stop_file)
{
	FILE *file = fopen(stop_file, "r");

	if (file != NULL)
		(void)fclose(file);
	return file == NULL;
}

/* Opened, asked and closed as by a command that reads. */
static enum status read_one(const char *dir, const struct id *id)
{
	struct device_store *store = NULL;
	const void *row;
	enum status status = device_store_open(dir, &(struct device_store_options){ .read_only = true }, &store);

	if (status == STATUS_OK)
		status = records_get(device_store_records(store), RECORD_BENCH_ORDER, id, &row);
	device_store_close(store);
	return status;
}

/* readers DIR ID STOP: reads the record until the file STOP is there. */
static int run_readers(char **words)
{
	struct waits waits = { 0 };
	struct id id;
	enum status status = id_from_text(text_of(words[1]), &id);

	bench_order_register();
	while (status == STATUS_OK && goes_on(words[2])) {
		int64_t started = stopwatch_now_ns();
		enum status found = read_one(words[0], &id);
		note_wait(&waits, started);
		waits.refused += found != STATUS_OK;
		rest_us(2000);
	}
	print_waits(&waits);
	return status == STATUS_OK ? 0 : complain(status);
}

/* saves DIR ID STOP LEAST: changes the record through the agent's socket until the file STOP is there. After each of them a row is
 * committed on plain SQLite in the folder LEAST: what waiting for the disk costs meanwhile. */
static int run_saves(char **words)
{
	struct least_rows rows = least_rows_open(words[3], 0);
	struct arena arena = { 0 };
	struct waits waits = { 0 }, least = { 0 };

	for (long number = 0; goes_on(words[2]); number++) {
		int64_t started = stopwatch_now_ns();
		enum status status = change_one(words[0], &arena, words[1], number);
		if (status != STATUS_NOT_FOUND) /* no agent listens yet */
			note_wait(&waits, started);
		waits.refused += status != STATUS_OK && status != STATUS_NOT_FOUND;
		arena_reset(&arena);
		started = stopwatch_now_ns();
		least_rows_add(&rows, words[1], (int)strlen(words[1]));
		note_wait(&least, started);
		rest_us(50000);
	}
	arena_finish(&arena);
	least_rows_close(&rows);
	print_waits(&waits);
	print_waits(&least);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int words;
		int (*run)(char **words);
	} verbs[] = { { "edits", 3, run_edits }, { "visits", 3, run_visits }, { "live", 5, run_live }, { "readers", 3, run_readers },
		{ "saves", 4, run_saves } };

	for (size_t i = 0; i < LENGTH(verbs); i++)
		if (argc > 1 && strcmp(argv[1], verbs[i].name) == 0 && argc == verbs[i].words + 2)
			return verbs[i].run(argv + 2);
	(void)fprintf(stderr,
		"usage: bench_device edits|visits DIR KEYS FILE | live DIR TIMES COUNT FILE LEAST | readers DIR ID STOP | "
		"saves DIR ID STOP LEAST\n");
	return 2;
}
