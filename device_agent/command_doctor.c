/* How the device stands: status in brief, doctor in full with what to do. */
#include <errno.h>
#include <stdio.h>

#include "device_agent/command_terms.h"
#include "device_agent/commands.h"
#include "device_agent/enrol.h"
#include "device_agent/hello.h"
#include "device_agent/kb_search.h"
#include "device_agent/outbox_view.h"
#include "device_agent/replica_aside.h"
#include "device_agent/waiting.h"
#include "protocol/domain/device.h"
#include "protocol/transport/route.h"
#include "shell/catalogue.h"
#include "shell/digest_listing.h"
#include "shell/file.h"
#include "shell/file_check.h"
#include "shell/lock.h"
#include "shell/number_text.h"
#include "shell/time_text.h"

#define SERVER_TIMEOUT_MS 5000
#define REPAIR_LOCK_MS    1000
#define INCIDENTS_TOLD    5
#define FREE_BYTES_LOW    INT64_C(100000000)
#define CLOCK_OFF_MS      INT64_C(300000)        /* what a person would see on the wall */
#define CLOCK_EARLIEST_MS INT64_C(1767225600000) /* 2026-01-01T00:00Z: no program of this year ran before */

/* ---- status ---- */

static void tell_agent(struct context *context)
{
	const struct agent_view agent = agent_view_of(context);
	const struct link_report *report = &agent.report;
	struct output *output = context->output;

	output_value(output, "agent_running", "agent runs", cell_boolean(agent.runs));
	if (agent.answered) {
		output_value(output, "connected", NULL, cell_boolean(report->connected));
		output_value(output, "synced", NULL, cell_boolean(report->synced));
	}
	output_value(output, "last_contact_at", "last contact", cell_time(agent.last_contact_at_ms));
	if (report->failure.size > 0)
		output_value(output, "failure", "latest failure", cell_text(report->failure));
	if (report->files_held)
		terms_tell_waiting(context, report->rows_held, report->files_waiting, report->file_bytes_waiting);
}

static enum status tell_replica(struct context *context, struct local_device *device)
{
	struct replica_state replica;
	size_t behind = 0;
	enum status status = device_store_replica(device->store, &replica);

	if (status == STATUS_OK)
		status = kb_index_behind(device->store, &behind);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "gseq", "server's commit shown", cell_integer(replica.cursor.gseq));
	output_json(context->output, "epoch", json_string(id_to_text(&replica.cursor.epoch).characters));
	output_value(context->output, "index_behind", "articles not yet searchable", cell_integer((int64_t)behind));
	return STATUS_OK;
}

/* What the office last said of this device, however long ago. */
static void tell_standing(struct context *context, const struct local_device *device)
{
	const struct standing_note *note = &device->note;
	struct text state = choice_to_text(context->arena, device_state_names, note->device_state);
	const char *warning = standing_note_warning(note, context->now_ms);

	if (note->lease_until_ms == 0) /* it has not said anything yet */
		return;
	output_value(context->output, "standing", "at the office", cell_name("state.device", state));
	output_value(context->output, "lease_until", "granted until", cell_time(note->lease_until_ms));
	if (warning != NULL)
		output_warning(context->output, "%s", catalogue_translate(context->language, warning));
}

struct digest_listing {
	struct context *context;
	struct table *table;
};

static enum status list_digest(void *user, const struct scope *scope, const struct digest *digest)
{
	struct digest_listing *listing = user;

	digest_listing_add(listing->table, listing->context->arena, scope, digest);
	return STATUS_OK;
}

static enum status tell_digests(struct context *context, struct local_device *device)
{
	struct digest_listing listing = { .context = context, .table = digest_listing_start(context->output) };

	return device_store_scopes_each(device->store, list_digest, &listing);
}

enum status command_status(struct context *context)
{
	struct local_device *device = local_device_of(context);
	const struct keystore *keys = &device->keys;
	struct output *output = context->output;
	struct outbox_marks marks;
	enum status status = outbox_marks_read(device->store, &marks);

	if (status != STATUS_OK)
		return status;
	output_value(output, "device", NULL, cell_id(&keys->identity.id));
	output_value(output, "device_name", "name", cell_text(keys->device_name));
	output_value(output, "technician", NULL, cell_text(keys->technician_name));
	output_json(output, "technician_id", json_string(id_to_text(&keys->technician).characters));
	output_value(output, "server", NULL, cell_text(keys->url));
	output_value(output, "dir", NULL, cell_text(device->dir));
	output_value(output, "operations", NULL, cell_integer(marks.last_seq));
	output_value(output, "settled", NULL, cell_integer(marks.settled_seq));
	output_value(output, "pending", NULL, cell_integer(marks.last_seq - marks.settled_seq));
	tell_standing(context, device);
	status = tell_replica(context, device);
	if (status == STATUS_OK)
		status = terms_tell(context);
	if (status == STATUS_OK)
		tell_agent(context);
	if (status == STATUS_OK && arguments_flag(context->arguments, "digests"))
		status = tell_digests(context, device);
	return status;
}

/* ---- doctor ---- */

struct doctor {
	struct context *context;
	struct table *table;
	enum status worst; /* the first that is wrong; what is not reachable is not wrong */
};

static const char *mark_of(enum status status)
{
	return status == STATUS_OK ? "ok" : status == STATUS_OFFLINE ? "--" : "!!";
}

/* One line: fine, out of reach, or wrong with the advice. */
static void tell_check(struct doctor *doctor, const char *name, enum status status, struct text found)
{
	struct cell cells[] = { cell_string(mark_of(status)), cell_name("check", text_of(name)), cell_text(found),
		cell_string(status_to_text(status)) };

	table_row(doctor->table, cells);
	if (doctor->worst == STATUS_OK && status != STATUS_OFFLINE)
		doctor->worst = status;
}

/* The same with the reason of the latest failure, or `fine`. */
static void tell_result(struct doctor *doctor, const char *name, enum status status, struct text fine)
{
	tell_check(doctor, name, status, status == STATUS_OK ? fine : arena_print(doctor->context->arena, "%s", fail_reason()));
}

static struct text say(const struct doctor *doctor, const char *english)
{
	return text_of(catalogue_translate(doctor->context->language, english));
}

static void check_directory(struct doctor *doctor)
{
	enum status status = directory_check_writable(doctor->context->dir.data);

	tell_result(doctor, "directory", status, doctor->context->dir);
}

static void check_owner(struct doctor *doctor)
{
	struct lock lock = { .descriptor = -1 };
	enum status status = lock_take(doctor->context->dir.data, "truckroll doctor", 0, &lock);

	if (status == STATUS_BUSY) /* as it should be while an agent runs */
		tell_check(doctor, "lock", STATUS_OK,
			catalogue_format(doctor->context->arena, doctor->context->language, "%.*s, has it, as it should",
				TEXT_ARGUMENTS(lock_holder(doctor->context->arena, doctor->context->dir.data))));
	else
		tell_result(doctor, "lock", status, say(doctor, "free: no agent is running"));
	lock_release(&lock);
}

static bool check_keys(struct doctor *doctor, struct keystore *keys)
{
	struct text directory = local_device_keys_directory(doctor->context);
	enum status status = keystore_load(doctor->context->arena, directory, keys);

	tell_result(doctor, "keys", status,
		status != STATUS_OK ? text_of("")
				    : catalogue_format(doctor->context->arena, doctor->context->language, "device %.8s of %.*s",
					      id_to_text(&keys->identity.id).characters, TEXT_ARGUMENTS(keys->technician_name)));
	return status == STATUS_OK;
}

/* Each file by itself, so that a damaged one does not hide the other. */
static enum status check_file(struct doctor *doctor, const char *name, enum storage_kind kind, const char *advice)
{
	enum status status = replica_aside_verify(doctor->context, name, kind);

	if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND)
		tell_check(doctor, name, status, arena_print(doctor->context->arena, "%s. %s", fail_reason(), say(doctor, advice).data));
	else
		tell_result(doctor, name, status, say(doctor, "sound"));
	return status;
}

static void check_pending(struct doctor *doctor, struct local_device *device)
{
	struct context *context = doctor->context;
	struct outbox_marks marks;
	enum status status = outbox_marks_read(device->store, &marks);
	long long waiting = status == STATUS_OK ? marks.last_seq - marks.settled_seq : 0;
	const char *refusal = standing_note_refusal(device->note.refused);

	if (status != STATUS_OK || waiting == 0)
		tell_result(doctor, "pending", status, say(doctor, "everything is settled with the office"));
	else if (refusal[0] != '\0')
		tell_check(doctor, "pending", STATUS_REFUSED,
			catalogue_format(context->arena, context->language, "operations that wait and are kept: %lld; %s", waiting,
				say(doctor, refusal).data));
	else
		tell_check(doctor, "pending", STATUS_OK,
			catalogue_format(
				context->arena, context->language, "operations that wait: %lld; they go out with the next sync", waiting));
}

static int64_t tally_of(struct text detail, const char *name)
{
	int64_t number;

	return number_from_text(detail_value(detail, name), 0, &number) == STATUS_OK ? number : 0;
}

/* What a repair by range did, as device_rows.c notes it. */
static void tell_repair(struct doctor *doctor, struct text at, struct text detail)
{
	tell_check(doctor, "rows put right", STATUS_OK,
		catalogue_format(doctor->context->arena, doctor->context->language,
			"%.*s: rows not as the office has them: %lld, missing: %lld, too many: %lld; they were fetched again",
			TEXT_ARGUMENTS(at), (long long)tally_of(detail, "changed"), (long long)tally_of(detail, "missing"),
			(long long)tally_of(detail, "extra")));
}

/* The words that the core notes; of any other the detail is told. */
static const struct {
	const char *what;
	const char *sentence;
} incident_sentences[] = {
	/* clang-format off */
	{ "digest",   "the rows here did not fit the office's" },
	{ "rot",      "rows here had changed on the disk" },
	{ "repair",   "what was to be compared with the office had to begin anew" },
	{ "restored", "this device was put back from an older copy of itself" },
	{ "replaced", "replica.db was damaged; a new one was begun and everything was fetched again" },
	{ "moved",    "this is another machine than the device was on" },
	{ "gap",      "the server was put back from a backup that lacks operations which are not kept here any more" },
	{ "unbacked", "operations that are in no backup of the server were let go of: tell the office to make backups" },
	{ "epoch",    "the server was restored: rows were compared, and what differed was fetched again" },
	{ "absent",   "the device was away for too long: rows were compared, and what differed was fetched again" },
	/* clang-format on */
};

static struct text incident_words(struct doctor *doctor, struct text what, struct text detail)
{
	for (size_t i = 0; i < LENGTH(incident_sentences); i++)
		if (text_equals(what, incident_sentences[i].what))
			return say(doctor, incident_sentences[i].sentence);
	return arena_print(doctor->context->arena, "%.*s (%.*s)", TEXT_ARGUMENTS(what), TEXT_ARGUMENTS(detail));
}

static enum status tell_incident(void *user, int64_t at_ms, struct text what, struct text detail)
{
	struct doctor *doctor = user;
	struct arena *arena = doctor->context->arena;
	struct text at = time_print(arena, at_ms, doctor->context->zone), words;

	if (text_equals(what, "repaired")) {
		tell_repair(doctor, at, detail);
		return STATUS_OK;
	}
	words = incident_words(doctor, what, detail);
	tell_check(doctor, "incident", STATUS_OK,
		catalogue_format(arena, doctor->context->language,
			"%.*s: %.*s; repaired by itself, tell the office when it comes again", TEXT_ARGUMENTS(at), TEXT_ARGUMENTS(words)));
	return STATUS_OK;
}

static void check_space(struct doctor *doctor, struct local_device *device)
{
	int64_t free_bytes = device_store_free_bytes(device->store);
	struct text size = size_print(doctor->context->arena, free_bytes);

	if (free_bytes == INT64_MAX)
		return;
	if (free_bytes < FREE_BYTES_LOW)
		tell_check(doctor, "disk", STATUS_CANNOT_WRITE,
			catalogue_format(doctor->context->arena, doctor->context->language, "only %.*s free: delete something",
				TEXT_ARGUMENTS(size)));
	else
		tell_check(doctor, "disk", STATUS_OK,
			catalogue_format(doctor->context->arena, doctor->context->language, "%.*s free", TEXT_ARGUMENTS(size)));
}

static void check_index(struct doctor *doctor, struct local_device *device)
{
	size_t behind = 0;
	enum status status = kb_index_behind(device->store, &behind);

	tell_result(doctor, "search index", status,
		behind == 0 ? say(doctor, "complete")
			    : catalogue_format(doctor->context->arena, doctor->context->language,
				      "articles behind: %zu; the agent or a sync adds them", behind));
}

/* When every row was last compared with what is noted of it; the agent and sync see to that by themselves. */
static void check_rows(struct doctor *doctor, struct local_device *device)
{
	struct arena *arena = doctor->context->arena;
	int64_t checked_at_ms = 0;
	enum status status = device_store_checked_at(device->store, &checked_at_ms);
	struct text at = checked_at_ms == 0 ? text_of("") : time_print(arena, checked_at_ms, doctor->context->zone);

	tell_result(doctor, "rows", status,
		checked_at_ms == 0 ? say(doctor, "not checked yet: the agent or a sync does that, once a day")
				   : catalogue_format(arena, doctor->context->language, "all of them fitted at %.*s", TEXT_ARGUMENTS(at)));
}

/* Photos, signatures and documents against their names. */
static void check_files(struct doctor *doctor, struct local_device *device)
{
	struct arena *arena = doctor->context->arena;
	enum language language = doctor->context->language;
	struct file_check check = { 0 };
	enum status status = file_check_run(device_store_replica_storage(device->store), device->blobs, 0, &check);

	if (status == STATUS_OK && check.damaged > 0)
		tell_check(doctor, "files", STATUS_CORRUPT,
			catalogue_format(arena, language,
				"%lld of %lld are damaged: \"truckroll doctor --repair\" has them fetched again; one that was never sent "
				"is to be taken anew",
				(long long)check.damaged, (long long)check.files));
	else
		tell_result(doctor, "files", status,
			catalogue_format(arena, language, "%lld sound, %lld not here", (long long)check.files, (long long)check.missing));
}

static void check_store(struct doctor *doctor)
{
	struct local_device *device;
	enum status status = local_device_open_for(doctor->context, true, 0, &device);

	if (status != STATUS_OK) {
		tell_result(doctor, "device", status, text_of(""));
		return;
	}
	status = local_device_check_loss(device);
	if (status != STATUS_OK)
		tell_result(doctor, "outbox.db", status, text_of(""));
	check_pending(doctor, device);
	check_space(doctor, device);
	check_index(doctor, device);
	check_rows(doctor, device);
	check_files(doctor, device);
	status = device_store_incidents_each(device->store, INCIDENTS_TOLD, tell_incident, doctor);
	if (status != STATUS_OK)
		tell_result(doctor, "incidents", status, text_of(""));
	local_device_close(device);
}

/* What a person is to know before anything else: does somebody answer there, is it the right one, and does it know this device. */
static enum status ask_server(struct doctor *doctor, const struct keystore *keys, struct welcome *out_welcome)
{
	struct arena *arena = doctor->context->arena;
	struct local_device *device;
	struct server_keys server;
	enum status status = enrol_ask(arena, keys->url, SERVER_TIMEOUT_MS, &server);

	if (status == STATUS_OK && !id_equal(&server.organisation, &keys->organisation))
		status = fail(STATUS_REFUSED, "%.*s is the server of another organisation: ask the office for the right address",
			TEXT_ARGUMENTS(keys->url));
	if (status != STATUS_OK || local_device_open_for(doctor->context, true, 0, &device) != STATUS_OK)
		return status; /* what is wrong with the files is told by their own lines */
	status = hello_ask(keys, device->store, device->clock, arena, SERVER_TIMEOUT_MS, out_welcome);
	local_device_close(device);
	return status;
}

/* As the server says now, or as it last said. */
static void check_standing(struct doctor *doctor, const struct keystore *keys, const struct welcome *welcome)
{
	struct context *context = doctor->context;
	struct standing_note note =
		standing_note_read(context->arena, local_device_keys_directory(context), &keys->identity.id);
	const char *warning;

	if (welcome->time_ms != 0) {
		note.device_state = welcome->device_state;
		note.lease_until_ms = welcome->lease_until_ms;
	}
	if (note.lease_until_ms == 0)
		return;
	warning = standing_note_warning(&note, context->now_ms);
	if (warning != NULL)
		tell_check(doctor, "office", STATUS_REFUSED, say(doctor, warning));
	else
		tell_check(doctor, "office", STATUS_OK, say(doctor, "knows this device as its own"));
}

/* A line for each address, as if it were the only one. */
static void check_address(struct doctor *doctor, const struct keystore *keys, struct text address, struct welcome *out_welcome)
{
	struct keystore alone = *keys;
	enum status status;

	alone.url = address;
	status = ask_server(doctor, &alone, out_welcome);
	tell_result(doctor, "server", status,
		catalogue_format(doctor->context->arena, doctor->context->language, "%.*s answers", TEXT_ARGUMENTS(address)));
	keystore_wipe(&alone);
}

static void check_server(struct doctor *doctor, const struct keystore *keys, int64_t *out_server_ms)
{
	struct welcome welcome = { 0 };
	struct route route = { 0 };
	enum status status = route_read(doctor->context->arena, keys->url, &route);

	if (status != STATUS_OK)
		tell_result(doctor, "server", status, text_of(""));
	for (size_t i = 0; i < route.count && status == STATUS_OK; i++)
		check_address(doctor, keys, route.addresses[i], &welcome);
	check_standing(doctor, keys, &welcome);
	*out_server_ms = welcome.time_ms;
}

/* A wrong clock gives what the technician does wrong times, for good. `server_ms`: what the server's clock said just now, 0: not known. */
static void check_clock(struct doctor *doctor, int64_t server_ms)
{
	struct arena *arena = doctor->context->arena;
	enum language language = doctor->context->language;
	int64_t now_ms = clock_now_ms(doctor->context->clock);
	int64_t off_ms = server_ms <= 0 ? 0 : now_ms < server_ms ? server_ms - now_ms : now_ms - server_ms;
	struct text now = time_print(arena, now_ms, doctor->context->zone), off = duration_print(arena, off_ms);

	if (now_ms < CLOCK_EARLIEST_MS)
		tell_check(doctor, "clock", STATUS_REFUSED,
			catalogue_format(arena, language, "stands at %.*s, before this program was made: set it", TEXT_ARGUMENTS(now)));
	else if (off_ms > CLOCK_OFF_MS && now_ms > server_ms)
		tell_check(doctor, "clock", STATUS_REFUSED,
			catalogue_format(arena, language, "%.*s ahead of the server's: set the one that is wrong", TEXT_ARGUMENTS(off)));
	else if (off_ms > CLOCK_OFF_MS)
		tell_check(doctor, "clock", STATUS_REFUSED,
			catalogue_format(arena, language, "%.*s behind the server's: set the one that is wrong", TEXT_ARGUMENTS(off)));
	else
		tell_check(doctor, "clock", STATUS_OK, now);
}

#define REPLICA_ADVICE "Your work is safe in outbox.db; \"truckroll doctor --repair\" puts this file aside and begins a new one"
#define OUTBOX_ADVICE  "Nothing was deleted: keep the file, tell the office, and put back a copy of it if there is one"

static void check_all(struct doctor *doctor)
{
	struct local_device *device = NULL;
	struct keystore keys = { 0 };
	bool known;
	bool sound;
	int64_t server_ms = 0;

	check_directory(doctor);
	check_owner(doctor);
	known = check_keys(doctor, &keys);
	if (known && local_device_open_for(doctor->context, true, 0, &device) == STATUS_OK)
		local_device_close(device); /* files of an older version are brought up to date */
	if (known) {
		sound = check_file(doctor, "outbox.db", STORAGE_OUTBOX, OUTBOX_ADVICE) == STATUS_OK;
		if (check_file(doctor, "replica.db", STORAGE_REPLICA, REPLICA_ADVICE) == STATUS_OK && sound)
			check_store(doctor);
	}
	if (known && !arguments_flag(doctor->context->arguments, "offline"))
		check_server(doctor, &keys, &server_ms);
	else if (known)
		check_standing(doctor, &keys, &(struct welcome){ 0 });
	check_clock(doctor, server_ms);
	keystore_wipe(&keys);
}

/* ---- repair ---- */

/* The owner makes a missing replica anew and shows what the outbox has; the rest comes with the next sync. */
static enum status repair_replica(struct context *context)
{
	struct local_device *device = NULL;
	struct text name = { 0 };
	enum status status = replica_aside_put(context, &name);

	if (status == STATUS_OK)
		status = local_device_open_for(context, false, 0, &device);
	local_device_close(device);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "put_aside", "put aside as", cell_text(name));
	output_line(
		context->output, "A new replica is begun; \"truckroll sync\" fetches everything again. What you did is kept in outbox.db.");
	return STATUS_OK;
}

/* STATUS_CORRUPT: the outbox lacks operations that the replica knows of. */
static enum status look_for_loss(struct context *context)
{
	struct local_device *device = NULL;
	enum status status = local_device_open_for(context, true, 0, &device);

	if (status == STATUS_OK)
		status = local_device_check_loss(device);
	if (status == STATUS_CORRUPT)
		output_warning(context->output, "Going on without what outbox.db has lost; what had been sent before is at the office.");
	local_device_close(device);
	return status;
}

/* What is damaged goes; the next sync fetches it. */
static enum status repair_files(struct context *context)
{
	struct local_device *device = NULL;
	struct file_check check = { 0 };
	enum status status = local_device_open_for(context, true, 0, &device);

	if (status == STATUS_OK)
		status = file_check_run(device_store_replica_storage(device->store), device->blobs, FILE_CHECK_DROP, &check);
	local_device_close(device);
	if (status == STATUS_OK && check.dropped > 0) {
		output_value(context->output, "files_dropped", "damaged files taken away", cell_integer(check.dropped));
		output_line(context->output, "The next sync fetches them again.");
	}
	return status;
}

/* Only what is really damaged is touched, and only what can be fetched again. */
static enum status repair(struct context *context)
{
	struct lock lock = { .descriptor = -1 };
	enum status status = lock_take(context->dir.data, "truckroll doctor", REPAIR_LOCK_MS, &lock);

	if (status != STATUS_OK)
		return status;
	status = replica_aside_verify(context, "outbox.db", STORAGE_OUTBOX);
	if (status == STATUS_OK) {
		status = replica_aside_verify(context, "replica.db", STORAGE_REPLICA);
		if (status == STATUS_OK)
			status = look_for_loss(context);
		if (status == STATUS_OK)
			output_line(context->output, "replica.db is sound: there is nothing to repair.");
		else if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND)
			status = repair_replica(context);
		if (status == STATUS_OK)
			status = repair_files(context);
	}
	lock_release(&lock);
	return status;
}

enum status command_doctor(struct context *context)
{
	static const struct column columns[] = { { "result", "", false }, { "check", NULL, false }, { "found", NULL, false },
		{ "status", NULL, true } };
	struct doctor doctor = { .context = context };
	enum status status;

	if (arguments_flag(context->arguments, "repair")) {
		status = repair(context);
		if (status != STATUS_OK)
			return status;
	}
	doctor.table = output_table(context->output, "checks", columns, LENGTH(columns));
	check_all(&doctor);
	if (doctor.worst != STATUS_OK)
		return fail(doctor.worst, "not everything is well: see the lines with !!");
	return STATUS_OK;
}
