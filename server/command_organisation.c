/* The organisation as a whole: made, looked at, checked. */
#include <sodium.h>

#include "protocol/wire/blob.h"
#include "server/commands.h"
#include "server/enrolment_desk.h"
#include "server/metrics.h"
#include "server/office.h"
#include "server/verify.h"
#include "shell/digest_listing.h"
#include "shell/file.h"
#include "shell/file_check.h"
#include "shell/lock.h"
#include "shell/time_text.h"
#include "tests/bench/record/bench_order.h"

#define STORE_FILE "organisation.db"

/* ---- init ---- */

static enum status read_passphrase(struct context *context, struct text *out_passphrase)
{
	struct bytes bytes = { 0 };
	struct text path, passphrase;
	enum status status;

	*out_passphrase = (struct text){ 0 };
	if (!arguments_has(context->arguments, "root-passphrase-file"))
		return STATUS_OK;
	path = path_join(context->arena, context->working_dir, arguments_text(context->arguments, "root-passphrase-file"));
	status = file_read(context->arena, path.data, 4096, &bytes);
	if (status != STATUS_OK)
		return status;
	passphrase = text_trim((struct text){ (const char *)bytes.data, bytes.size });
	if (passphrase.size == 0) /* it was asked for: an unsealed key would look like a sealed one */
		return fail(STATUS_INVALID,
			"%s holds no passphrase: write one into it, or leave --root-passphrase-file out; nothing was made",
			path.data);
	*out_passphrase = passphrase;
	return STATUS_OK;
}

static enum status make_store(struct context *context, struct text dir, const struct id *organisation)
{
	struct server_store_options options = { .path = path_join(context->arena, dir, text_of(STORE_FILE)).data,
		.mode = STORAGE_CREATE,
		.bench = arguments_flag(context->arguments, "bench") };
	struct server_store *store = NULL;
	struct id epoch;
	enum status status = server_store_open(&options, &store);

	randombytes_buf(&epoch, sizeof(epoch));
	if (status == STATUS_OK)
		status = server_store_init_organisation(store, organisation, &epoch);
	if (status == STATUS_OK)
		storage_fold(server_store_storage(store));
	server_store_close(store);
	return status;
}

/* The record is known before the store is made, and again whenever it is opened. */
static enum status mark_bench(struct context *context, struct text dir)
{
	bench_order_register();
	return file_write(path_join(context->arena, dir, text_of(OFFICE_BENCH_FILE)).data, (struct bytes){ 0 }, 0600);
}

enum status command_init(struct context *context)
{
	struct text dir = path_join(context->arena, context->working_dir, arguments_text(context->arguments, "DIR"));
	struct lock lock = { .descriptor = -1 };
	struct text passphrase;
	struct id organisation;
	enum status status = read_passphrase(context, &passphrase);

	keys_init();
	if (status == STATUS_OK)
		status = directory_make(dir.data);
	if (status == STATUS_OK)
		status = directory_check_writable(dir.data);
	if (status == STATUS_OK)
		status = lock_take(dir.data, "truckrolld", 0, &lock);
	if (status == STATUS_OK && file_exists(path_join(context->arena, dir, text_of("server.keys")).data))
		status = fail(STATUS_REFUSED, "%s holds an organisation already; nothing was changed", dir.data);
	randombytes_buf(&organisation, sizeof(organisation));
	if (status == STATUS_OK && arguments_flag(context->arguments, "bench"))
		status = mark_bench(context, dir);
	if (status == STATUS_OK)
		status = make_store(context, dir, &organisation);
	if (status == STATUS_OK) /* last: with the keys the organisation is there */
		status = server_keys_make(context->arena, dir, &organisation, passphrase, arguments_flag(context->arguments, "bench"));
	lock_release(&lock);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "dir", NULL, cell_text(dir));
	output_value(context->output, "organisation", NULL, cell_id(&organisation));
	output_line(context->output, "Made. Keep a copy of %s/root.key elsewhere, then: truckrolld serve --dir %s", dir.data, dir.data);
	return STATUS_OK;
}

/* ---- status ---- */

/* What is wrong without being in the way of anything yet. */
static enum status check_rest(struct context *context)
{
	struct office *office = office_of(context);
	enum status status = office_check_loss(office);

	return status == STATUS_OK ? server_keys_check_root(context->arena, office->dir, &office->keys) : status;
}

struct pending_count {
	int64_t now_ms;
	int64_t count;
};

static enum status count_pending(void *context, const struct ticket_entry *ticket)
{
	struct pending_count *pending = context;

	if (ticket->state == TICKET_STATE_PENDING && !ticket_is_expired(ticket, pending->now_ms))
		pending->count++;
	return STATUS_OK;
}

static void show_listener(struct context *context, const struct office *office, const struct metrics *metrics)
{
	output_value(context->output, "serving", NULL, cell_boolean(office->listener != NULL));
	if (office->listener == NULL)
		return;
	output_value(context->output, "port", NULL, cell_integer(listener_port(office->listener)));
	output_value(context->output, "connections", NULL, cell_integer(metrics->connections));
	output_value(context->output, "turned_away", NULL, cell_integer(metrics->turned_away));
	output_value(context->output, "closed_unproved", NULL, cell_integer(metrics->closed_unproved));
	output_value(context->output, "sessions", NULL, cell_integer(metrics->sessions));
	output_value(context->output, "waiting_devices", "devices on line, waiting for news", cell_integer(metrics->polls));
	output_value(context->output, "told_to_wait", NULL, cell_integer(metrics->told_to_wait));
	output_value(context->output, "commits_since_start", NULL, cell_integer(metrics->commits));
	output_value(context->output, "frames", NULL, cell_integer(metrics->frames));
	output_value(context->output, "frames_refused", NULL, cell_integer(metrics->frames_refused));
	output_value(context->output, "bytes_received", NULL, cell_size(metrics->received_bytes));
	output_value(context->output, "bytes_sent", NULL, cell_size(metrics->sent_bytes));
}

static void show_incidents(struct context *context, const struct office *office, const struct metrics *metrics)
{
	int64_t count = metrics->incidents + (int64_t)server_core_incidents_noted(office->core);

	output_value(context->output, "incidents", NULL, cell_integer(count));
	if (count > 0)
		output_line(context->output, "\"truckrolld incidents\" says what happened and what to do.");
	if (metrics->careful)
		output_line(context->output,
			"The server had stopped without a word: what it was deciding then is decided one by one, all else as ever.");
	output_json(context->output, "careful", json_boolean(metrics->careful));
}

static void show_losses(struct context *context, struct office *office)
{
	const struct losses *losses = server_core_losses(office->core);

	for (size_t i = 0; i < losses->count; i++)
		output_warning(context->output,
			"Device %.8s says that it knows commit %lld, but this store has come only to %lld. Its word alone proves nothing: "
			"was an old copy put in place, or do other devices say it, too? Then commits are lost: restore the "
			"newest backup (truckrolld restore). "
			"Else the device is at fault: revoke it and enrol it anew.",
			id_to_text(&losses->signs[i].device).characters, (long long)losses->signs[i].device_gseq,
			(long long)losses->signs[i].server_gseq);
}

/* A backup every night, and two hours for one that takes long. */
#define BACKUP_AGE_MS ((int64_t)26 * 3600 * 1000)

static void show_backup(struct context *context, const struct server_state *state)
{
	int64_t age_ms = context->now_ms - state->backup_at_ms;

	output_value(context->output, "backup_at", "newest backup", cell_time(state->backup_at_ms));
	output_json(context->output, "backup_commit", json_integer(state->backup_gseq));
	if (state->backup_at_ms == 0)
		output_warning(context->output, "There is no backup yet: \"truckrolld backup FOLDER\" makes one.");
	else if (age_ms > BACKUP_AGE_MS)
		output_warning(context->output, "The newest backup is %.*s old: make one every night with \"truckrolld backup FOLDER\".",
			TEXT_ARGUMENTS(duration_print(context->arena, age_ms)));
}

static struct digest digest_of(struct statement *statement, int count_column, int sum_column)
{
	struct digest digest = { .count = statement_integer(statement, count_column) };
	struct bytes sum = statement_bytes(statement, sum_column);

	if (sum.size == ROW_HASH_SIZE)
		digest.sum = row_hash_from_bytes(sum.data);
	return digest;
}

static enum status list_digests(struct context *context, struct storage *storage)
{
	struct table *table = digest_listing_start(context->output);
	struct statement *statement;
	enum status status = statement_get(storage, STATEMENT_SCOPE_ALL, &statement);

	if (status != STATUS_OK)
		return status;
	while (statement_next(statement, &status)) {
		struct scope scope = { .kind = (enum scope_kind)statement_integer(statement, 0), .id = statement_id_column(statement, 1) };
		struct digest digest = digest_of(statement, 2, 3);

		digest_listing_add(table, context->arena, &scope, &digest);
	}
	statement_reset(statement);
	return status;
}

enum status command_status(struct context *context)
{
	struct office *office = office_of(context);
	struct storage *storage = server_store_storage(office->store);
	struct server_state state;
	struct metrics metrics;
	struct pending_count pending = { .now_ms = context->now_ms };
	enum status status = server_store_state(office->store, &state);

	if (status == STATUS_OK)
		status = metrics_gather(office, context->arena, &metrics);
	if (status == STATUS_OK)
		status = server_store_each_ticket(office->store, count_pending, &pending);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "organisation", NULL, cell_id(&state.organisation));
	output_value(context->output, "epoch", NULL, cell_id(&state.epoch));
	output_value(context->output, "commit", NULL, cell_integer(state.gseq));
	output_value(context->output, "operations", NULL, cell_integer(metrics.operations));
	output_value(context->output, "with_issue", NULL, cell_integer(metrics.with_issue));
	output_value(context->output, "rejected", NULL, cell_integer(metrics.rejected));
	output_value(context->output, "parked", NULL, cell_integer(metrics.parked));
	output_value(context->output, "devices_to_approve", "devices awaiting approval", cell_integer(pending.count));
	output_value(context->output, "free_disk", NULL, cell_size(metrics.free_bytes));
	show_backup(context, &state);
	show_listener(context, office, &metrics);
	show_incidents(context, office, &metrics);
	show_losses(context, office);
	if (arguments_flag(context->arguments, "digests"))
		status = list_digests(context, storage);
	return status == STATUS_OK ? check_rest(context) : status;
}

/* ---- metrics ---- */

static void tell_metric(void *user, const char *name, int64_t value)
{
	struct context *context = user;

	output_json(context->output, name, json_integer(value));
}

enum status command_metrics(struct context *context)
{
	struct metrics metrics;
	enum status status = metrics_gather(office_of(context), context->arena, &metrics);

	if (status != STATUS_OK)
		return status;
	metrics_each(&metrics, tell_metric, context);
	output_plain(context->output, metrics_print(context->arena, &metrics));
	return STATUS_OK;
}

/* ---- verify ---- */

/* Missing ones may still be on a device; a damaged one is nobody's to send again. */
static enum status verify_files(struct context *context, struct file_check *out_check)
{
	struct office *office = office_of(context);
	enum status status = file_check_run(server_store_storage(office->store), office->blobs, FILE_CHECK_UNSPOKEN, out_check);

	if (status == STATUS_OK && out_check->damaged > 0)
		return fail(STATUS_CORRUPT, "%lld of %lld files are damaged, such as %s: put them back into %.*s/blobs from a backup",
			(long long)out_check->damaged, (long long)out_check->files,
			blob_to_text(&out_check->first_damaged).characters, TEXT_ARGUMENTS(office->dir));
	return status;
}

enum status command_verify(struct context *context)
{
	struct verify_report report;
	struct file_check files;
	enum status status = verify_organisation(office_of(context)->store, &report);

	if (status == STATUS_OK)
		status = check_rest(context);
	if (status == STATUS_OK)
		status = verify_files(context, &files);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "chains", NULL, cell_integer(report.chains));
	output_value(context->output, "operations", NULL, cell_integer(report.operations));
	output_value(context->output, "scopes", NULL, cell_integer(report.scopes));
	output_value(context->output, "rows", NULL, cell_integer(report.rows));
	output_value(context->output, "balances", NULL, cell_integer(report.balances));
	output_value(context->output, "files", NULL, cell_integer(files.files));
	output_value(context->output, "files_missing", "files not here yet", cell_integer(files.missing));
	output_value(context->output, "files_unspoken", "files that no row speaks of", cell_integer(files.unspoken));
	output_line(context->output,
		"Everything fits: chains from their beginning, digests to their rows, balances to the ledger, files to their names.");
	return STATUS_OK;
}
