/* Backups of the organisation, and putting one back. */
#include <string.h>

#include "server/backup.h"
#include "server/commands.h"
#include "server/office.h"
#include "server/restore.h"
#include "shell/file.h"
#include "shell/runner.h"
#include "shell/time_text.h"

static struct text path_given(const struct context *context, const char *name)
{
	return path_join(context->arena, context->working_dir, arguments_text(context->arguments, name));
}

static void start_progress(struct progress *progress, const struct context *context, const char *what)
{
	progress_start(progress, context->clock, context->language, what, output_style_of(context->output)->json);
}

static void show_backup(struct context *context, const struct backup *backup)
{
	output_value(context->output, "backup", NULL, cell_text(backup->path));
	output_value(context->output, "organisation", NULL, cell_id(&backup->manifest.keys.organisation));
	output_value(context->output, "commit", NULL, cell_integer(backup->manifest.gseq));
	output_value(context->output, "made_at", NULL, cell_time(backup->manifest.made_at_ms));
	output_value(context->output, "size", NULL, cell_size(backup->manifest.database_size));
	output_value(context->output, "files", NULL, cell_integer(backup->manifest.file_count));
	output_value(context->output, "file_bytes", "of files", cell_size(backup->manifest.file_bytes));
}

/* ---- making one ---- */

/* A backup there would go with the store, and what the store sweeps would be the backup's. */
static enum status check_outside(struct context *context, struct text folder)
{
	const struct text own[] = { context->dir, path_join(context->arena, context->dir, text_of("blobs")) };

	for (size_t i = 0; i < LENGTH(own); i++)
		if (directory_holds(own[i].data, folder.data))
			return fail(STATUS_REFUSED,
				"%.*s is in the folder of the organisation, and would be lost with it: name a folder elsewhere, best on "
				"another disk",
				TEXT_ARGUMENTS(folder));
	return STATUS_OK;
}

/* The owner tells the devices, in its own time. */
static enum status tell_owner(struct context *context, const struct backup *backup)
{
	struct bytes content = { 0 };
	struct control_reply reply = { 0 };
	enum status status = file_read(context->arena, backup->path.data, BACKUP_MANIFEST_MAX, &content);
	const struct text words[] = { text_of("backup"), text_of("tell"), { (const char *)content.data, content.size } };

	if (status == STATUS_OK)
		status = command_in_owner(context, words, LENGTH(words), &reply);
	if (status == STATUS_OK && reply.exit_code == 0)
		return STATUS_OK;
	return fail(status == STATUS_OK ? STATUS_CANNOT_WRITE : status,
		"the backup %.*s is made, but the server was not told of it (%.*s): devices keep what it holds until the next one",
		TEXT_ARGUMENTS(backup->path),
		TEXT_ARGUMENTS(status == STATUS_OK ? text_trim(reply.err) : arena_print(context->arena, "%s", fail_reason())));
}

enum status command_backup(struct context *context)
{
	const struct office *office = office_of(context);
	struct progress progress;
	const struct backup_source source = { .store = office->store,
		.blobs = office->blobs,
		.keys = &office->keys,
		.identity = &office->identity,
		.now_ms = context->now_ms,
		.progress = &progress };
	struct backup backup;
	struct text folder = path_given(context, "FOLDER");
	struct backup_files files = { 0 };
	enum status status = check_outside(context, folder);

	if (status != STATUS_OK)
		return status;
	start_progress(&progress, context, catalogue_translate(context->language, "making a backup"));
	status = backup_make(&source, folder, context->arena, &backup, &files);
	progress_finish(&progress);
	if (status != STATUS_OK)
		return status;
	show_backup(context, &backup);
	output_value(context->output, "files_copied", "files copied now", cell_integer(files.copied));
	if (files.damaged > 0)
		output_value(context->output, "files_damaged", "damaged files", cell_integer(files.damaged));
	output_line(context->output, "The server's keys are in no backup: keep copies of server.keys and root.key elsewhere.");
	status = tell_owner(context, &backup);
	if (status != STATUS_OK || files.damaged == 0)
		return status;
	return fail(STATUS_CORRUPT,
		"damaged files of this server: %lld; they are not in the backup, which is made; see \"truckrolld verify\"",
		(long long)files.damaged);
}

/* In the owner. What is told must be signed with this server's own key, and of this life of its store. */
enum status command_backup_tell(struct context *context)
{
	struct office *office = office_of(context);
	struct text given = text_trim(arguments_text(context->arguments, "MANIFEST")); /* a shell drops the last line break */
	struct text content = arena_print(context->arena, "%.*s\n", TEXT_ARGUMENTS(given));
	struct backup_manifest manifest;
	struct server_state state = { 0 };
	enum status status = backup_manifest_read(context->arena, "MANIFEST", content, &manifest);

	if (status == STATUS_OK)
		status = backup_manifest_check_server(&manifest, &office->keys);
	if (status == STATUS_OK)
		status = server_store_state(office->store, &state);
	if (status == STATUS_OK && (!id_equal(&manifest.epoch, &state.epoch) || manifest.gseq > state.gseq))
		status = fail(STATUS_REFUSED, "the backup is of what this server was before it was restored, or of what it has lost");
	if (status == STATUS_OK)
		status = server_core_open_commit(office->core);
	if (status == STATUS_OK)
		status = server_store_put_backup(office->store, manifest.gseq, manifest.made_at_ms);
	if (status != STATUS_OK) {
		office_abandon(office);
		return status;
	}
	status = office_settle(office);
	if (status == STATUS_OK)
		output_value(context->output, "commit", NULL, cell_integer(manifest.gseq));
	return status;
}

/* ---- looking at them ---- */

struct backup_listing {
	struct context *context;
	struct table *table;
};

/* What tells one from another in a narrow terminal. */
static struct text last_part(struct text path)
{
	size_t at = path.size;

	while (at > 0 && path.data[at - 1] != '/')
		at--;
	return (struct text){ path.data + at, path.size - at };
}

static enum status list_backup(void *user, struct text path)
{
	const struct backup_listing *listing = user;
	struct context *context = listing->context;
	struct backup backup = { .path = path };
	enum status status = backup_open(context->arena, path, &backup);
	const struct backup_manifest *manifest = &backup.manifest;
	struct text trouble;

	if (status == STATUS_NOT_FOUND)
		status = fail(
			STATUS_NOT_FOUND, "%.*s is missing: its backup is still being copied here, or is not whole", TEXT_ARGUMENTS(path));
	trouble = status == STATUS_OK ? text_of("") : arena_print(context->arena, "%s", fail_reason());

	table_row(listing->table, (const struct cell[]){ cell_text(path), cell_text(last_part(path)), cell_time(manifest->made_at_ms),
				  cell_integer(manifest->gseq), cell_size(manifest->database_size), cell_integer(manifest->file_count),
				  cell_size(manifest->file_bytes), cell_id(&manifest->keys.organisation), cell_text(trouble) });
	return STATUS_OK;
}

enum status command_backup_list(struct context *context)
{
	static const struct column columns[] = { { "backup", NULL, true }, { "name", NULL, false }, { "made_at", NULL, false },
		{ "commit", NULL, false }, { "size", NULL, false }, { "files", NULL, false }, { "file_bytes", "of files", false },
		{ "organisation", NULL, true }, { "trouble", NULL, false } };
	struct backup_listing listing = {
		.context = context, .table = output_table(context->output, "backups", columns, LENGTH(columns)) };
	struct text folder = path_given(context, "FOLDER");
	enum status status = backup_each(context->arena, folder, list_backup, &listing);

	if (status == STATUS_OK && table_row_count(listing.table) == 0)
		output_line(context->output, "There is no backup in %.*s.", TEXT_ARGUMENTS(folder));
	return status;
}

/* Is it of the organisation that is here, when one is? */
static enum status check_server(struct context *context, const struct backup *backup)
{
	struct server_keys keys;
	struct identity identity;
	enum status status = server_keys_load(context->arena, context->dir, &keys, &identity);

	identity_wipe(&identity);
	if (status == STATUS_NOT_FOUND) {
		output_warning(context->output,
			"There is no organisation in %.*s to compare it with: the backup is signed by the server that it names itself.",
			TEXT_ARGUMENTS(context->dir));
		return STATUS_OK;
	}
	return status == STATUS_OK ? backup_manifest_check_server(&backup->manifest, &keys) : status;
}

enum status command_backup_check(struct context *context)
{
	struct backup backup;
	struct progress progress;
	enum status status;

	keys_init();
	status = backup_open(context->arena, path_given(context, "BACKUP"), &backup);
	if (status == STATUS_OK)
		status = check_server(context, &backup);
	if (status != STATUS_OK)
		return status;
	start_progress(&progress, context, catalogue_translate(context->language, "checking the backup"));
	status = backup_check(&backup, &progress);
	progress_finish(&progress);
	if (status != STATUS_OK)
		return status;
	show_backup(context, &backup);
	output_line(context->output, "It is whole: every byte is as the server signed it, and the organisation in it fits itself.");
	return STATUS_OK;
}

/* ---- putting one back ---- */

static void show_what_is_missing(struct context *context, const struct backup *backup)
{
	output_line(context->output, "It is the organisation as it was %.*s before now, at commit %lld.",
		TEXT_ARGUMENTS(duration_print(context->arena, context->now_ms - backup->manifest.made_at_ms)),
		(long long)backup->manifest.gseq);
	output_line(context->output,
		"What devices did since then they send again by themselves. What the office did since then (bookings, notes, imports, "
		"devices let in or revoked) is not in it, and has to be done again.");
	output_line(context->output,
		"What a device did that was let in since then stays on that device alone: \"truckroll outbox --all\" shows it there.");
}

enum status command_restore(struct context *context)
{
	struct backup backup;
	struct progress progress;
	struct restore restore = {
		.backup = &backup, .dir = path_given(context, "into"), .now_ms = context->now_ms, .progress = &progress };
	bool dry_run = arguments_flag(context->arguments, "dry-run");
	struct verify_report report = { 0 };
	struct id epoch;
	enum status status;

	keys_init();
	if (arguments_has(context->arguments, "keys"))
		restore.keys = path_given(context, "keys");
	status = backup_open(context->arena, path_given(context, "BACKUP"), &backup);
	if (status != STATUS_OK)
		return status;
	start_progress(&progress, context,
		dry_run ? catalogue_translate(context->language, "checking the backup")
			: catalogue_translate(context->language, "restoring the backup"));
	status = dry_run ? restore_check(&restore) : restore_run(&restore, &epoch, &report);
	progress_finish(&progress);
	if (status != STATUS_OK)
		return status;
	show_backup(context, &backup);
	output_value(context->output, "dry_run", "only tried", cell_boolean(dry_run));
	show_what_is_missing(context, &backup);
	if (dry_run) {
		output_line(context->output, "Everything needed is there and whole. Nothing was written.");
		return STATUS_OK;
	}
	output_value(context->output, "dir", NULL, cell_text(restore.dir));
	output_value(context->output, "epoch", NULL, cell_id(&epoch));
	output_value(context->output, "operations", NULL, cell_integer(report.operations));
	output_value(context->output, "rows", NULL, cell_integer(report.rows));
	output_line(context->output, "Restored, and everything fits: chains, digests, balances. Now: truckrolld serve --dir %.*s",
		TEXT_ARGUMENTS(restore.dir));
	return STATUS_OK;
}
