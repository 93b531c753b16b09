/* Is this device ready to be off line? The proof for one job, and the forecast for all that are before the technician. */
#include <jansson.h>

#include "device_agent/command_terms.h"
#include "device_agent/commands.h"
#include "device_agent/forecast.h"
#include "device_agent/visits.h"
#include "protocol/sync/readiness.h"
#include "shell/time_text.h"

/* ---- one job ---- */

static struct text sum_of(struct context *context, const struct digest *digest)
{
	return arena_print(
		context->arena, "%016llx%016llx", (unsigned long long)digest->sum.high, (unsigned long long)digest->sum.low);
}

/* "12", or "11 of 12" while something is missing. */
static struct text share(struct context *context, int64_t here, int64_t all)
{
	if (here == all)
		return arena_print(context->arena, "%lld", (long long)all);
	return catalogue_format(context->arena, context->language, "%lld of %lld", (long long)here, (long long)all);
}

static void tell_rows(struct context *context, const struct job_readiness *job, int64_t gseq)
{
	struct output *output = context->output;

	if (job->proven)
		output_line(output, "Rows: %lld, which sum up to what the office said as of its commit %lld: %.*s.", (long long)job->rows,
			(long long)gseq, TEXT_ARGUMENTS(sum_of(context, &job->digest)));
	else if (job->granted)
		output_line(output, "Rows: %lld of %lld, not as the office has them: \"truckroll sync --check\" puts them right.",
			(long long)job->rows_here, (long long)job->rows);
	else
		output_line(output, "The office has not given this job to this device, or that has not come yet.");
}

static void tell_files(struct context *context, const struct job_readiness *job)
{
	struct output *output = context->output;

	if (job->files > 0 && job->files_here == job->files)
		output_line(output, "Files: %lld, each as its name says.", (long long)job->files);
	else if (job->files > 0)
		output_line(output, "Files: %lld of %lld; still to come: %.*s.", (long long)job->files_here, (long long)job->files,
			TEXT_ARGUMENTS(size_print(context->arena, job->file_bytes - job->file_bytes_here)));
	if (job->files_damaged > 0)
		output_line(output, "Files damaged here: %lld.", (long long)job->files_damaged);
}

static void tell_job(struct context *context, const struct job_readiness *job, int64_t gseq)
{
	json_t *proof = json_object();

	(void)json_object_set_new(proof, "granted", json_boolean(job->granted));
	(void)json_object_set_new(proof, "proven", json_boolean(job->proven));
	(void)json_object_set_new(proof, "rows", json_integer(job->rows));
	(void)json_object_set_new(proof, "rows_here", json_integer(job->rows_here));
	(void)json_object_set_new(proof, "as_of_gseq", json_integer(gseq));
	(void)json_object_set_new(proof, "digest", json_string(sum_of(context, &job->digest).data));
	(void)json_object_set_new(proof, "files", json_integer(job->files));
	(void)json_object_set_new(proof, "files_here", json_integer(job->files_here));
	(void)json_object_set_new(proof, "files_damaged", json_integer(job->files_damaged));
	(void)json_object_set_new(proof, "bytes_to_come", json_integer(job->file_bytes - job->file_bytes_here));
	output_heading(context->output, catalogue_translate(context->language, "on this device"));
	output_value(context->output, "complete", "complete for work off line", cell_boolean(job_is_ready(job)));
	output_json(context->output, "readiness", proof);
	tell_rows(context, job, gseq);
	tell_files(context, job);
}

enum status readiness_tell(struct context *context, const struct id *work_order)
{
	struct local_device *device = local_device_of(context);
	struct readiness readiness;
	struct job_readiness job = { 0 };
	struct replica_state replica;
	enum status status = readiness_open(&readiness, device->store, device->blobs);

	if (status == STATUS_OK)
		status = device_store_replica(device->store, &replica);
	if (status == STATUS_OK)
		status = readiness_of_job(&readiness, work_order, &job);
	if (status == STATUS_OK)
		tell_job(context, &job, replica.cursor.gseq);
	readiness_close(&readiness);
	return status;
}

/* ---- all that are before the technician ---- */

/* The jobs of open visits, as the day goes. */
struct outlook {
	const struct visit **visits; /* one a job */
	struct job_readiness *readiness;
	struct forecast_job *jobs;
	size_t count;
	struct forecast_totals totals;
};

static bool is_listed(const struct outlook *outlook, const struct id *work_order)
{
	for (size_t i = 0; i < outlook->count; i++)
		if (id_equal(&outlook->visits[i]->work_order_id, work_order))
			return true;
	return false;
}

static enum status look_at_jobs(struct context *context, struct readiness *readiness, struct outlook *outlook)
{
	struct own_visits own;
	enum status status = own_visits_load(context, &own);

	if (status != STATUS_OK)
		return status;
	own_visits_sort(&own);
	*outlook = (struct outlook){ .visits = arena_allocate_array(context->arena, own.count + 1, sizeof(const struct visit *)),
		.readiness = arena_allocate_array(context->arena, own.count + 1, sizeof(*outlook->readiness)),
		.jobs = arena_allocate_array(context->arena, own.count + 1, sizeof(*outlook->jobs)) };
	for (size_t i = 0; i < own.count && status == STATUS_OK; i++) {
		struct job_readiness *job = &outlook->readiness[outlook->count];
		if (!visit_state_find(own.visits[i]->state)->open || is_listed(outlook, &own.visits[i]->work_order_id))
			continue;
		status = readiness_of_job(readiness, &own.visits[i]->work_order_id, job);
		outlook->visits[outlook->count] = own.visits[i];
		outlook->jobs[outlook->count++] = (struct forecast_job){ .ready = job_is_ready(job),
			.rows_missing = !job->granted || !job->proven,
			.bytes_missing = job->file_bytes - job->file_bytes_here };
	}
	return status;
}

/* Why a job waits, in one word. */
static const char *wait_of(const struct forecast_job *job)
{
	if (job->ready)
		return "complete";
	return job->rows_missing ? "rows_missing" : job->fits ? "files_missing" : "held_back";
}

static void list_job(struct context *context, struct table *table, const struct outlook *outlook, size_t position)
{
	const struct visit *visit = outlook->visits[position];
	const struct job_readiness *readiness = &outlook->readiness[position];
	const struct forecast_job *job = &outlook->jobs[position];
	const struct work_order *order = visit_order(context, visit);
	const char *title = catalogue_translate(context->language, "(not here yet)");

	table_row(table, (const struct cell[]){
				 cell_time(visit->planned_start_at_ms),
				 cell_text(order == NULL ? text_of("") : order->number),
				 cell_text(order == NULL ? text_of(title) : order->title),
				 cell_text(catalogue_word(context->arena, context->language, "state.job", text_of(wait_of(job)))),
				 cell_string(wait_of(job)),
				 cell_text(share(context, readiness->rows_here, readiness->rows)),
				 cell_text(share(context, readiness->files_here, readiness->files)),
				 job->bytes_missing > 0 ? cell_size(job->bytes_missing) : cell_none(),
				 job->ready_in_ms > 0 ? cell_duration(job->ready_in_ms) : cell_none(),
				 cell_id(&visit->work_order_id),
				 cell_boolean(job->ready),
				 cell_integer(readiness->rows),
				 cell_integer(readiness->rows_here),
				 cell_integer(readiness->files),
				 cell_integer(readiness->files_here),
			 });
}

static void list_jobs(struct context *context, const struct outlook *outlook)
{
	static const struct column columns[] = { { "planned_start_at", "start", false }, { "number", NULL, false },
		{ "title", NULL, false }, { "missing_words", "missing", false }, { "state", NULL, true }, { "rows_words", "rows", false },
		{ "files_words", "files", false },
		{ "bytes_to_come", "to come", false }, { "ready_in", "ready in", false }, { "work_order", NULL, true },
		{ "complete", NULL, true }, { "rows", NULL, true }, { "rows_here", NULL, true }, { "files", NULL, true },
		{ "files_here", NULL, true } };
	struct table *table = output_table(context->output, "jobs", columns, LENGTH(columns));

	for (size_t i = 0; i < outlook->count; i++)
		list_job(context, table, outlook, i);
}

/* What the link will do with what is to come. */
static void tell_link(struct context *context, const struct link_terms *terms, const struct forecast_totals *totals)
{
	struct output *output = context->output;
	int64_t rate = traffic_rate(&terms->traffic, link_terms_class(terms)), coming = totals->bytes_to_come - totals->bytes_held_back;

	output_json(output, "metered", json_boolean(terms->metered));
	output_json(output, "bytes_per_s", rate > 0 ? json_integer(rate) : json_null());
	output_json(output, "contact_at", json_integer(terms->traffic.contact_at_ms));
	if (totals->bytes_held_back > 0)
		output_line(output, "%.*s do not fit into what this metered link may carry today, and wait.",
			TEXT_ARGUMENTS(size_print(context->arena, totals->bytes_held_back)));
	if (coming > 0 && rate > 0)
		output_line(output, "Files still to come: %.*s, in about %.*s at %.*s a second, as this link was measured.",
			TEXT_ARGUMENTS(size_print(context->arena, coming)),
			TEXT_ARGUMENTS(duration_print(context->arena, totals->files_in_ms)),
			TEXT_ARGUMENTS(size_print(context->arena, rate)));
	else if (coming > 0)
		output_line(output, "Files still to come: %.*s; how fast this link is has not been measured yet.",
			TEXT_ARGUMENTS(size_print(context->arena, coming)));
	if (terms->traffic.contact_at_ms > 0)
		output_line(output, "The office was reached last at %.*s: what it knows since then is not counted.",
			TEXT_ARGUMENTS(time_print(context->arena, terms->traffic.contact_at_ms, context->zone)));
}

static void tell_totals(struct context *context, const struct forecast_totals *totals, int64_t gseq)
{
	struct output *output = context->output;

	output_json(output, "complete", json_integer((json_int_t)totals->ready));
	output_json(output, "waiting", json_integer((json_int_t)totals->waiting));
	output_json(output, "as_of_gseq", json_integer(gseq));
	output_json(output, "bytes_to_come", json_integer(totals->bytes_to_come));
	output_json(output, "bytes_held_back", json_integer(totals->bytes_held_back));
	output_json(output, "ready_in", totals->ready_in_ms < 0 ? json_null() : json_integer(totals->ready_in_ms));
	if (totals->ready + totals->waiting == 0)
		output_line(output, "No job is before you.");
	else
		output_line(output, "Jobs complete for work off line: %zu of %zu, as of the office's commit %lld.", totals->ready,
			totals->ready + totals->waiting, (long long)gseq);
}

static enum status forecast(struct context *context)
{
	struct local_device *device = local_device_of(context);
	struct link_terms link;
	struct forecast_terms terms;
	struct budget budget;
	struct readiness readiness;
	struct replica_state replica = { 0 };
	struct outlook outlook = { 0 };
	enum status status = readiness_open(&readiness, device->store, device->blobs);

	if (status == STATUS_OK)
		status = device_store_replica(device->store, &replica);
	if (status == STATUS_OK && replica.cursor.gseq == 0)
		status = fail(STATUS_NOT_FOUND, "nothing has been fetched yet: run \"truckroll sync\"");
	if (status == STATUS_OK)
		status = look_at_jobs(context, &readiness, &outlook);
	readiness_close(&readiness);
	if (status == STATUS_OK)
		status = link_terms_read(context->arena, device->dir, &link);
	if (status != STATUS_OK)
		return status;
	budget = link_terms_budget(&link, time_day(context->now_ms, context->zone));
	terms = (struct forecast_terms){ .bytes_per_s = traffic_rate(&link.traffic, link_terms_class(&link)),
		.file_bytes_allowed = budget_for_files(&budget) };
	forecast_fill(&terms, outlook.jobs, outlook.count, &outlook.totals);
	list_jobs(context, &outlook);
	tell_totals(context, &outlook.totals, replica.cursor.gseq);
	tell_link(context, &link, &outlook.totals);
	if (outlook.totals.waiting > 0)
		return fail(STATUS_NOT_FOUND, "not every job is complete here: run \"truckroll sync\" while there is a network");
	return STATUS_OK;
}

enum status command_forecast(struct context *context)
{
	struct local_device *device = NULL;
	enum status status = local_device_open_for(context, true, 0, &device);

	if (status != STATUS_OK)
		return status;
	context->state = device;
	status = forecast(context);
	context->state = NULL;
	local_device_close(device);
	return status;
}
