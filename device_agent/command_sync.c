/* On line: agent, sync, link. Who owns the device talks to the server; sync asks the agent when there is one and becomes the owner
 * when there is none. */
#include <poll.h>
#include <time.h>

#include "device_agent/agent.h"
#include "device_agent/command_terms.h"
#include "device_agent/commands.h"
#include "device_agent/kb_search.h"
#include "device_agent/link.h"
#include "device_agent/link_report.h"
#include "device_agent/outbox_view.h"
#include "device_agent/replica_aside.h"
#include "protocol/domain/device.h"
#include "shell/lock.h"
#include "shell/outcome_words.h"
#include "shell/progress.h"

#define LOCK_WAIT_MS       5000
#define TURN_MS            200   /* between asking for an agent and for the lock */
#define ASK_EVERY_MS       100   /* how often a running agent is asked how far it is */
#define ANSWER_MS          10000 /* an agent may be in the middle of a large cut */
#define AGENT_POLL_WAIT_MS 60000
#define INDEX_SLICE_MS     100
#define REPLACE_EVERY_MS   3600000 /* a disk that spoils every replica at once is for a person */
#define CHECK_SLICE_ROWS   20000
#define FLIGHT_COPY_MAX    ((int64_t)2 * 1024 * 1024) /* takes some hundredths of a second; an agent copies what fits, once */
#define CHECK_MS           500 /* of a sync goes into a check of the replica by itself, but when the last whole one is this long ago: */
#define CHECK_OVERDUE_MS   ((int64_t)7 * 24 * 3600 * 1000)

/* ---- the agent ---- */

static const char *option_or_null(struct context *context, const char *name)
{
	return arguments_has(context->arguments, name) ? arguments_text(context->arguments, name).data : NULL;
}

/* The office is told what became of the replica of before; nothing to do when nothing did. */
static enum status tell_replaced(struct local_device *device, struct text why)
{
	return why.size == 0 ? STATUS_OK : device_core_incident(device->core, "replaced", why.data);
}

static enum status run_agent(struct context *context, const struct agent_options *options)
{
	struct local_device *device = NULL;
	enum status status = local_device_open_recorded(context, AGENT_POLL_WAIT_MS, 0, &device);

	if (status == STATUS_OK)
		status = tell_replaced(device, options->replaced_why);
	if (status == STATUS_OK)
		status = agent_run(context, device, options);
	local_device_close(device);
	return status;
}

enum status command_agent(struct context *context)
{
	struct agent_options options = { .ready_file = option_or_null(context, "ready-file"),
		.cut_times = option_or_null(context, "cut-times") };
	struct lock lock = { .descriptor = -1 };
	struct text name;
	int64_t until_ms = 0; /* monotonic: no other replica is put aside before */
	enum status status = lock_take(context->dir.data, "truckroll agent", LOCK_WAIT_MS, &lock);

	if (status == STATUS_OK)
		status = run_agent(context, &options);
	while (status == STATUS_CORRUPT && clock_monotonic_ms(context->clock) >= until_ms) {
		status = replica_aside_if_damaged(context, &name, &options.replaced_why);
		if (status != STATUS_OK)
			break;
		until_ms = clock_monotonic_ms(context->clock) + REPLACE_EVERY_MS;
		status = run_agent(context, &options);
	}
	lock_release(&lock);
	return status;
}

enum status command_link(struct context *context)
{
	struct local_device *device = local_device_of(context);
	struct link_report report;
	enum status status = STATUS_OK;

	output_value(context->output, "running", "agent", cell_boolean(device->link != NULL));
	if (device->link == NULL) {
		output_line(context->output, "No agent is running: \"truckroll agent\" starts one, \"truckroll sync\" exchanges once.");
		return STATUS_OK;
	}
	if (arguments_flag(context->arguments, "check"))
		status = link_settle(device->link);
	if (status == STATUS_OK && arguments_flag(context->arguments, "check"))
		status = device_core_check(device->core);
	device->link->damaged = status == STATUS_CORRUPT;
	if (status == STATUS_CORRUPT) /* the agent replaces it as soon as this is answered */
		status = STATUS_OK;
	if (status == STATUS_OK && arguments_flag(context->arguments, "now"))
		status = link_go(device->link, true);
	if (status != STATUS_OK && status != STATUS_OFFLINE)
		return status;
	report = link_report_of(context, device->link);
	output_value(context->output, "address", NULL, cell_string(link_address(device->link)));
	link_report_tell(context->output, &report);
	return STATUS_OK;
}

/* ---- sync ---- */

struct sync_run {
	struct context *context;
	int64_t until_ms; /* monotonic; INT64_MAX: until it is done */
	bool patient;     /* --wait: a failed try is not the end */
	bool check;       /* --check: every row is compared */
	struct progress progress;
	bool moves_files; /* the bar tells of files */
	struct outbox_marks before;
	struct text aside;        /* the new name of a replica that was damaged; empty: none was */
	struct text replaced_why; /* what was wrong with it */
	struct link_report first, last; /* of the agent: it counts since its start */
	int64_t answered_at_ms;             /* monotonic; by an agent, or the begin */
};

static void begin_bar(struct sync_run *run, const char *what)
{
	struct context *context = run->context;

	progress_start(
		&run->progress, context->clock, context->language, catalogue_translate(context->language, what),
		output_style_of(context->output)->json);
}

/* How many rows are to come in all; 0: nobody said. When all are there the bar stays full: taking them in takes its time. */
static int64_t rows_in_all(const struct sync_run *run)
{
	int64_t came = run->last.rows - run->first.rows;

	if (run->last.rows_expected > run->last.rows)
		return run->last.rows_expected - run->first.rows;
	return run->progress.items_total >= came ? run->progress.items_total : 0;
}

/* Rows first, then files, each with a bar of its own. */
static void show_progress(struct sync_run *run)
{
	const struct link_report *first = &run->first, *last = &run->last;
	int64_t moved = last->file_bytes_sent - first->file_bytes_sent + last->file_bytes_received - first->file_bytes_received;
	int64_t files = last->files_sent - first->files_sent + last->files_received - first->files_received;
	bool moves_files = !last->files_held && last->file_bytes_waiting > 0 && last->rows >= last->rows_expected;

	if (moves_files != run->moves_files) {
		progress_finish(&run->progress);
		begin_bar(run, moves_files ? "moving files" : "syncing");
	}
	run->moves_files = moves_files;
	if (moves_files) {
		progress_total(&run->progress, files + last->files_waiting, moved + last->file_bytes_waiting);
		progress_step(&run->progress, files, moved);
		return;
	}
	progress_total(&run->progress, rows_in_all(run), 0);
	progress_step(&run->progress, last->rows - first->rows, last->received - first->received);
}

/* STATUS_BUSY: not yet. */
static enum status judge(struct sync_run *run)
{
	const struct link_report *report = &run->last;
	bool over = clock_monotonic_ms(run->context->clock) >= run->until_ms;
	bool failed = report->failures > run->first.failures && !report->connected && (!run->patient || report->outdated || over);

	show_progress(run);
	if (report->refusal.size > 0)
		return fail(STATUS_REFUSED, "%s", catalogue_translate(run->context->language, report->refusal.data));
	if (report->synced)
		return STATUS_OK;
	if (report->unanswered && (failed || over))
		return fail(STATUS_OFFLINE,
			"the server does not answer this device: it may not know it (any more), or it is another server. Ask the office "
			"whether the device is in \"truckrolld device list\" and the address is right; work goes on offline");
	if (failed)
		return fail(report->outdated ? STATUS_NEWER : STATUS_OFFLINE, "%.*s; work goes on offline",
			TEXT_ARGUMENTS(report->failure));
	if (over && report->rounds == run->first.rounds)
		return fail(STATUS_OFFLINE,
			"no answer came from the server in time: give more --wait, or sync again later; work goes on offline");
	if (over)
		return fail(STATUS_OFFLINE, "not everything was exchanged in time: give more --wait, or just sync again");
	return STATUS_BUSY;
}

static enum status index_all(struct sync_run *run, struct local_device *device)
{
	bool done = false;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !done)
		status = kb_index_step(device->store, run->context->clock, INDEX_SLICE_MS, &done);
	return status;
}

/* What is on its way comes to its end. */
static enum status await_link(struct sync_run *run, struct link *link)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		struct pollfd ready;
		run->last = link_report_of(run->context, link);
		status = judge(run);
		if (status != STATUS_BUSY)
			break;
		ready = (struct pollfd){ .fd = link_descriptor(link), .events = POLLIN };
		(void)poll(&ready, 1, link_timeout_ms(link));
		status = link_step(link);
	}
	return status;
}

static enum status run_link(struct sync_run *run, struct link *link)
{
	enum status status = link_go(link, true);

	return status == STATUS_OK ? await_link(run, link) : status;
}

/* Until when a check of the replica may go on. */
static enum status check_until(const struct sync_run *run, struct local_device *device, int64_t *out_until_ms)
{
	int64_t checked_at_ms = 0;
	enum status status = device_store_checked_at(device->store, &checked_at_ms);

	*out_until_ms = clock_monotonic_ms(run->context->clock) + CHECK_MS;
	if (clock_now_ms(run->context->clock) - checked_at_ms > CHECK_OVERDUE_MS)
		*out_until_ms = INT64_MAX;
	return status;
}

/* The replica is checked against itself when that is due; what does not fit is compared with the server's, and fetched again. */
static enum status check_rows(struct sync_run *run, struct link *link)
{
	bool done = false;
	int64_t until_ms;
	enum status status = check_until(run, link->device, &until_ms);

	while (status == STATUS_OK && !done && clock_monotonic_ms(run->context->clock) < until_ms)
		status = link_leisure(link, CHECK_SLICE_ROWS, &done);
	if (status == STATUS_OK && device_core_state(link->device->core).rots > 0)
		status = await_link(run, link);
	return status;
}

/* The lock is held. */
static enum status sync_as_owner(struct sync_run *run)
{
	struct local_device *device = NULL;
	struct link link;
	enum status status = local_device_open_recorded(run->context, 0, FLIGHT_COPY_MAX, &device);

	if (status != STATUS_OK)
		return status;
	run->first = (struct link_report){ 0 };
	link_init(&link, device, NULL, true);
	status = tell_replaced(device, run->replaced_why);
	if (status == STATUS_OK)
		status = run_link(run, &link);
	if (status == STATUS_OK && run->check) { /* what is only news is here by now */
		status = device_core_check(device->core);
		if (status == STATUS_OK)
			status = run_link(run, &link);
	}
	if (status == STATUS_OK)
		status = check_rows(run, &link);
	run->last = link_report_of(run->context, &link);
	link_finish(&link);
	if (status == STATUS_OK)
		status = index_all(run, device);
	device_store_fold(device->store);
	local_device_close(device);
	return status;
}

static void pause_ms(int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&time, NULL);
}

/* Until everything is exchanged, or it ends otherwise. */
static enum status go_by_agent(struct sync_run *run, bool check)
{
	enum status status = link_report_ask(run->context, check ? ASK_CHECK : ASK_GO, ANSWER_MS, &run->last);

	while (status == STATUS_OK) {
		run->answered_at_ms = clock_monotonic_ms(run->context->clock);
		status = judge(run);
		if (status != STATUS_BUSY)
			return status;
		pause_ms(ASK_EVERY_MS);
		status = link_report_ask(run->context, ASK_ONLY, ANSWER_MS, &run->last);
	}
	return status;
}

/* STATUS_NOT_FOUND: no agent runs, or none any more. What it counted before it was told to go is not of this sync. */
static enum status sync_by_agent(struct sync_run *run)
{
	enum status status = link_report_ask(run->context, ASK_ONLY, ANSWER_MS, &run->first);

	if (status == STATUS_OK)
		status = go_by_agent(run, false);
	return status == STATUS_OK && run->check ? go_by_agent(run, true) : status; /* what is only news is here by then */
}

static enum status sync_somehow(struct sync_run *run)
{
	struct lock lock = { .descriptor = -1 };
	enum status status;

	run->answered_at_ms = clock_monotonic_ms(run->context->clock);
	do {
		status = sync_by_agent(run);
		if (status != STATUS_NOT_FOUND)
			return status;
		status = lock_take(run->context->dir.data, "truckroll sync", TURN_MS, &lock);
	} while (status == STATUS_BUSY && clock_monotonic_ms(run->context->clock) < run->answered_at_ms + LOCK_WAIT_MS);
	if (status != STATUS_OK)
		return status;
	status = sync_as_owner(run);
	lock_release(&lock);
	return status;
}

struct outcome_listing {
	struct context *context;
	struct storage *records;
	struct table *table;
	int64_t up_to_seq;
	struct id issue; /* of the operation before */
};

static enum status list_outcome(void *user, const struct outbox_item *item)
{
	struct outcome_listing *listing = user;
	struct context *context = listing->context;
	const char *kind = operation_find(item->operation.head.kind)->name;

	if (item->seq > listing->up_to_seq)
		return STATUS_OK;
	table_row(listing->table, (const struct cell[]){
					  cell_id(&item->id),
					  cell_name("operation", text_of(kind)),
					  cell_text(outcome_subject(context, listing->records, &item->operation.head)),
					  cell_text(outbox_item_listed(context, listing->records, item, &listing->issue)),
					  cell_string(outcome_name(item->outcome->outcome)),
					  cell_text(item->outcome->rule),
					  cell_id(&item->outcome->issue_id),
				  });
	return STATUS_OK;
}

/* Of these the server has said what became of them, whether rows told the rest or still wait. */
static int64_t known_seq(const struct outbox_marks *marks)
{
	return marks->decided_seq > marks->settled_seq ? marks->decided_seq : marks->settled_seq;
}

/* What the server made of what was sent, where it was not simply applied. */
static enum status tell_outcomes(struct sync_run *run, struct local_device *device)
{
	static const struct column columns[] = { { "operation", NULL, false }, { "kind", NULL, false }, { "subject", "about", false },
		{ "words", NULL, false }, { "outcome", NULL, true }, { "rule", NULL, true }, { "issue", NULL, true } };
	struct outcome_listing listing = { .context = run->context, .records = device_store_replica_storage(device->store) };
	struct outbox_marks after;
	bool same;
	enum status status = outbox_marks_read(device->store, &after);

	if (status != STATUS_OK)
		return status;
	same = id_equal(&after.incarnation, &run->before.incarnation);
	listing.up_to_seq = after.settled_seq;
	output_value(run->context->output, "operations_sent", "operations sent",
		cell_integer(known_seq(&after) - (same ? known_seq(&run->before) : 0)));
	output_value(run->context->output, "pending", NULL, cell_integer(after.last_seq - after.settled_seq));
	listing.table = output_table(run->context->output, "outcomes", columns, LENGTH(columns));
	return outbox_exceptions_each(run->context, device, same ? run->before.settled_seq : 0, list_outcome, &listing);
}

/* What was put right is told also when nobody asked. */
static void tell_repair(struct sync_run *run)
{
	struct output *output = run->context->output;
	int64_t repairs = run->last.repairs - run->first.repairs, repaired = run->last.repaired - run->first.repaired;

	output_json(output, "repairs", json_integer(repairs));
	output_json(output, "repaired_rows", json_integer(repaired));
	if (repaired > 0)
		output_warning(output,
			"Rows here that were not as the office has them: %lld. They have been put right, and nothing of yours was lost.",
			(long long)repaired);
	else if (repairs > 0)
		output_line(output, "Every row here is as the office has it.");
}

/* Files are told of when there were any. */
static void tell_files(const struct sync_run *run)
{
	struct output *output = run->context->output;
	int64_t sent = run->last.files_sent - run->first.files_sent, received = run->last.files_received - run->first.files_received;

	output_json(output, "files_sent", json_integer(sent));
	output_json(output, "files_received", json_integer(received));
	output_json(output, "file_bytes_sent", json_integer(run->last.file_bytes_sent - run->first.file_bytes_sent));
	output_json(output, "file_bytes_received", json_integer(run->last.file_bytes_received - run->first.file_bytes_received));
	output_json(output, "files_stuck", json_integer(run->last.files_stuck));
	output_json(output, "rows_held", json_boolean(run->last.rows_held));
	output_json(output, "files_held", json_integer(run->last.files_held ? run->last.files_waiting : 0));
	output_json(output, "file_bytes_held", json_integer(run->last.files_held ? run->last.file_bytes_waiting : 0));
	if (sent > 0 || received > 0)
		output_line(output, "Files: %lld sent, %lld received.", (long long)sent, (long long)received);
	if (run->last.files_stuck > 0)
		output_warning(output, "Files that could not be moved: %lld. %s", (long long)run->last.files_stuck,
			catalogue_translate(run->context->language, run->last.file_trouble.data));
	terms_tell_waiting(run->context, run->last.rows_held, run->last.files_held ? run->last.files_waiting : 0,
		run->last.file_bytes_waiting);
}

/* Told of when this device carries any. */
static void tell_carried(const struct sync_run *run)
{
	struct output *output = run->context->output;
	int64_t answers = run->last.carried_answers - run->first.carried_answers;

	output_json(output, "carried_waiting", json_integer(run->last.carried_waiting));
	output_json(output, "carried_answers", json_integer(answers));
	if (answers > 0)
		output_line(output, "Answers for devices whose bundles this one carries: %lld. See \"truckroll bundle list\".",
			(long long)answers);
	if (run->last.carried_waiting > 0)
		output_line(output, "Bundles of other devices that are still under way: %lld.", (long long)run->last.carried_waiting);
}

static enum status tell_sync(struct sync_run *run)
{
	struct output *output = run->context->output;
	struct local_device *device = NULL;
	enum status status = local_device_open_for(run->context, true, 0, &device); /* anew: a first sync has exchanged the file */

	if (status != STATUS_OK)
		return status;
	output_value(output, "synced", NULL, cell_boolean(!run->last.rows_held));
	if (run->last.stolen)
		output_warning(output,
			"The office has marked this device as stolen: it gets nothing more, and what it held is gone. What is done on it "
			"is kept aside until the office releases it. If it is in the right hands, call the office.");
	else if (run->last.revoked)
		output_warning(output, "This device is revoked: it gets nothing more, and what it held is gone. Ask the office.");
	if (run->aside.size > 0)
		output_warning(output,
			"replica.db was damaged and is put aside as %.*s; everything was fetched again, and nothing of yours was lost.",
			TEXT_ARGUMENTS(run->aside));
	tell_repair(run);
	output_value(output, "rows_received", "rows received", cell_integer(run->last.rows - run->first.rows));
	output_value(output, "bytes_sent", "sent", cell_size(run->last.sent - run->first.sent));
	output_value(output, "bytes_received", "received", cell_size(run->last.received - run->first.received));
	output_value(output, "rounds", NULL, cell_integer(run->last.rounds - run->first.rounds));
	tell_files(run);
	tell_carried(run);
	status = tell_outcomes(run, device);
	local_device_close(device);
	return status;
}

static enum status sync_all(struct sync_run *run)
{
	struct local_device *device = NULL;
	enum status status = local_device_open_for(run->context, true, 0, &device);

	if (status == STATUS_OK)
		status = outbox_marks_read(device->store, &run->before);
	local_device_close(device);
	return status == STATUS_OK ? sync_somehow(run) : status;
}

/* The replica turned out to be damaged. While an agent runs, it is the agent's to replace. */
static enum status replace_replica(struct sync_run *run)
{
	struct text before = arena_print(run->context->arena, "%s", fail_reason());
	struct local_device *device = NULL;
	struct lock lock = { .descriptor = -1 };
	enum status status;

	if (lock_take(run->context->dir.data, "truckroll sync", TURN_MS, &lock) != STATUS_OK)
		return fail(STATUS_CORRUPT, "%.*s", TEXT_ARGUMENTS(before));
	(void)fail(STATUS_CORRUPT, "%.*s", TEXT_ARGUMENTS(before));
	status = replica_aside_if_damaged(run->context, &run->aside, &run->replaced_why);
	if (status == STATUS_OK)
		status = local_device_open_for(run->context, false, 0, &device); /* makes the new one */
	local_device_close(device);
	lock_release(&lock);
	return status;
}

enum status command_sync(struct context *context)
{
	struct sync_run run = { .context = context, .until_ms = INT64_MAX, .patient = arguments_integer(context->arguments, "wait", 0) > 0,
		.check = arguments_flag(context->arguments, "check") };
	enum status status;

	if (arguments_flag(context->arguments, "forecast"))
		return command_forecast(context);
	if (run.patient)
		run.until_ms = clock_monotonic_ms(context->clock) + 1000 * arguments_integer(context->arguments, "wait", 0);
	begin_bar(&run, "syncing");
	status = sync_all(&run);
	if (status == STATUS_CORRUPT) {
		status = replace_replica(&run);
		if (status == STATUS_OK)
			status = sync_all(&run);
	}
	progress_finish(&run.progress);
	return status == STATUS_OK ? tell_sync(&run) : status;
}
