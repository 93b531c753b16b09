#include "device_agent/forecast.h"

static int64_t time_for(const struct forecast_terms *terms, int64_t bytes)
{
	if (bytes == 0)
		return 0;
	return terms->bytes_per_s > 0 ? (int64_t)((double)bytes * 1000 / (double)terms->bytes_per_s) : -1;
}

static void count_waiting(struct forecast_totals *totals, const struct forecast_job *job)
{
	totals->waiting++;
	totals->rows_missing += job->rows_missing;
	totals->bytes_to_come += job->bytes_missing;
	if (!job->fits) {
		totals->too_large++;
		totals->bytes_held_back += job->bytes_missing;
	}
}

/* A job that does not fit leaves its room to those behind it. */
void forecast_fill(const struct forecast_terms *terms, struct forecast_job *jobs, size_t count, struct forecast_totals *out_totals)
{
	struct forecast_totals totals = { 0 };
	int64_t files = 0;

	for (size_t i = 0; i < count; i++) {
		struct forecast_job *job = &jobs[i];
		bool limited = terms->file_bytes_allowed >= 0;
		job->ready_in_ms = 0;
		job->fits = job->bytes_missing == 0 || !limited || files + job->bytes_missing <= terms->file_bytes_allowed;
		if (job->ready) {
			totals.ready++;
			continue;
		}
		files += job->fits ? job->bytes_missing : 0;
		job->ready_in_ms = job->rows_missing || !job->fits ? -1 : time_for(terms, files);
		count_waiting(&totals, job);
	}
	totals.files_in_ms = time_for(terms, files);
	totals.ready_in_ms = totals.rows_missing > 0 ? -1 : totals.files_in_ms;
	*out_totals = totals;
}
