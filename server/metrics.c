#include "server/metrics.h"

#include <stddef.h>
#include <sys/stat.h>

#include "shell/descriptors.h"
#include "shell/file.h"

#define PREFIX    "truckroll_"
#define AT(field) offsetof(struct metrics, field)

/* A name, once read by somebody's dashboard, stays. */
static const struct metric {
	const char *name;
	const char *type; /* Prometheus' */
	const char *help;
	size_t offset;
} table[] = {
	/* clang-format off */
	{ "serving",                  "gauge",   "1 while devices can connect",                               AT(serving) },
	{ "front_answers",            "gauge",   "1 while the address of serve --front answers; -1: there is none", AT(front) },
	{ "frames_total",             "counter", "frames of devices since the start",                         AT(frames) },
	{ "frames_refused_total",     "counter", "frames that could not be opened or read",                   AT(frames_refused) },
	{ "commits_total",            "counter", "durable commits since the start",                           AT(commits) },
	{ "operations_decided_total", "counter", "operations decided since the start",                        AT(operations_decided) },
	{ "received_bytes_total",     "counter", "bytes of frames received",                                  AT(received_bytes) },
	{ "sent_bytes_total",         "counter", "bytes of frames sent",                                      AT(sent_bytes) },
	{ "turned_away_total",        "counter", "connections and requests turned away by a limit",           AT(turned_away) },
	{ "told_to_wait_total",       "counter", "requests whose device was told to come again later",         AT(told_to_wait) },
	{ "pages_given_total",        "counter", "pages of first syncs given that were built for others",      AT(pages_given) },
	{ "pages_kept_total",         "counter", "pages of first syncs built, and kept for the next device",  AT(pages_kept) },
	{ "pages_spoiled_total",      "counter", "kept pages thrown away: damaged, cut or foreign",           AT(pages_spoiled) },
	{ "closed_unproved_total",    "counter", "connections closed since they proved nothing in time",      AT(closed_unproved) },
	{ "connections",              "gauge",   "connections now",                                           AT(connections) },
	{ "sessions",                 "gauge",   "sessions of devices in memory",                             AT(sessions) },
	{ "polls_waiting",            "gauge",   "devices on line that wait for news",                        AT(polls) },
	{ "commit",                   "gauge",   "number of the latest commit",                               AT(commit) },
	{ "operations",               "gauge",   "operations in the log",                                     AT(operations) },
	{ "operations_with_issue",    "gauge",   "operations applied with an issue for a person",             AT(with_issue) },
	{ "operations_rejected",      "gauge",   "operations rejected by a rule",                             AT(rejected) },
	{ "operations_parked",        "gauge",   "operations kept and not applied",                           AT(parked) },
	{ "incidents_open",           "gauge",   "incidents that nobody has acknowledged",                    AT(incidents) },
	{ "backup_commit",            "gauge",   "the newest backup holds everything up to this commit",       AT(backup_commit) },
	{ "backup_age_seconds",       "gauge",   "since the newest backup was made; -1: there is none",        AT(backup_age_s) },
	{ "descriptors_open",         "gauge",   "open descriptors of the process",                           AT(descriptors) },
	{ "careful",                  "gauge",   "1 while suspected operations are decided one by one",       AT(careful) },
	{ "disk_free_bytes",          "gauge",   "room on the disk of the store",                             AT(free_bytes) },
	{ "store_bytes",              "gauge",   "size of the store",                                         AT(store_bytes) },
	{ "store_log_bytes",          "gauge",   "size of the store's write-ahead log",                       AT(log_bytes) },
	/* clang-format on */
};

static int64_t value_of(const struct metrics *metrics, const struct metric *metric)
{
	return *(const int64_t *)(const void *)((const char *)metrics + metric->offset);
}

static int64_t size_of(struct arena *arena, struct text dir, const char *name)
{
	struct stat found;

	return stat(path_join(arena, dir, text_of(name)).data, &found) == 0 ? found.st_size : 0;
}

static enum status gather_log(struct storage *storage, struct metrics *metrics)
{
	struct statement *count = NULL;
	enum status status = statement_get(storage, STATEMENT_LOG_COUNT, &count);

	if (status == STATUS_OK)
		status = statement_step(count);
	if (status == STATUS_OK) {
		metrics->operations = statement_integer(count, 0);
		metrics->with_issue = statement_integer(count, 1);
		metrics->rejected = statement_integer(count, 2);
		metrics->parked = statement_integer(count, 3);
	}
	statement_reset(count);
	return status;
}

static void gather_serving(const struct office *office, struct metrics *metrics)
{
	struct server_core_counts core = server_core_counts(office->core);
	struct listener_counts carrier = { 0 };

	if (office->listener != NULL)
		listener_count(office->listener, &carrier);
	metrics->serving = office->listener != NULL;
	metrics->front = office->front == NULL ? -1 : !front_watch_is_lost(office->front);
	metrics->frames = core.frames;
	metrics->frames_refused = core.frames_refused;
	metrics->commits = core.commits;
	metrics->operations_decided = core.operations;
	metrics->sessions = (int64_t)core.sessions;
	metrics->polls = (int64_t)core.parked;
	metrics->told_to_wait = core.told_to_wait;
	metrics->pages_given = core.pages.given;
	metrics->pages_kept = core.pages.kept;
	metrics->pages_spoiled = core.pages.spoiled;
	metrics->received_bytes = (int64_t)carrier.received_bytes;
	metrics->sent_bytes = (int64_t)carrier.sent_bytes;
	metrics->turned_away = (int64_t)carrier.refused;
	metrics->closed_unproved = (int64_t)carrier.unproved;
	metrics->connections = (int64_t)carrier.connections;
	metrics->careful = server_core_careful(office->core);
}

enum status metrics_gather(struct office *office, struct arena *scratch, struct metrics *out_metrics)
{
	struct storage *storage = server_store_storage(office->store);
	struct metrics metrics = { 0 };
	struct server_state state;
	enum status status = server_store_state(office->store, &state);

	if (status == STATUS_OK)
		status = gather_log(storage, &metrics);
	if (status == STATUS_OK)
		status = server_store_count_incidents(office->store, &metrics.incidents);
	if (status != STATUS_OK)
		return status;
	metrics.descriptors = descriptors_open();
	metrics.commit = state.gseq;
	metrics.backup_commit = state.backup_gseq;
	metrics.backup_age_s = state.backup_at_ms == 0 ? -1 : (clock_now_ms(office->clock) - state.backup_at_ms) / 1000;
	metrics.free_bytes = storage_free_bytes(storage);
	metrics.store_bytes = size_of(scratch, office->dir, "organisation.db");
	metrics.log_bytes = size_of(scratch, office->dir, "organisation.db-wal");
	gather_serving(office, &metrics);
	*out_metrics = metrics;
	return STATUS_OK;
}

void metrics_each(const struct metrics *metrics, void (*visit)(void *context, const char *name, int64_t value), void *context)
{
	for (size_t i = 0; i < LENGTH(table); i++)
		visit(context, table[i].name, value_of(metrics, &table[i]));
}

struct text metrics_print(struct arena *arena, const struct metrics *metrics)
{
	struct text lines = text_of("");

	for (size_t i = 0; i < LENGTH(table); i++)
		lines = arena_print(arena, "%.*s# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n" PREFIX "%s %lld\n", TEXT_ARGUMENTS(lines),
			table[i].name, table[i].help, table[i].name, table[i].type, table[i].name, (long long)value_of(metrics, &table[i]));
	return lines;
}
