#include "server/commands.h"

#include "protocol/domain/task.h"
#include "protocol/wire/bundle.h"
#include "server/office.h"
#include "shell/file_listing.h"
#include "shell/flight_folder.h"

#define SERVER_VERSION "0.1.0"

/* clang-format off */
static const struct option init_options[] = {
	{ .name = "name", .value = "TEXT", .kind = OPTION_TEXT, .help = "the organisation's name" },
	{ .name = "root-passphrase-file", .value = "FILE", .kind = OPTION_TEXT, .help = "seal the root key under the passphrase in FILE" },
	{ .name = "bench", .kind = OPTION_FLAG, .help = "also the record that ./bench measures with" },
	{ 0 },
};
static const struct option init_positionals[] = { { .name = "DIR", .kind = OPTION_TEXT, .required = true,
	  .help = "directory to make" }, { 0 } };
static const struct option bundle_positionals[] = { { .name = "FILE", .kind = OPTION_TEXT, .required = true, .repeated = true,
	  .help = "bundles, as devices made them" }, { 0 } };
static const struct option bundle_take_positionals[] = { { .name = "FILE", .kind = OPTION_TEXT, .required = true,
	  .help = "a bundle of a device" }, { 0 } };
static const struct option bundle_take_options[] = {
	{ .name = "from", .value = "BYTE", .kind = OPTION_INTEGER, .required = true, .min = 0, .max = BUNDLE_SIZE_MAX,
	  .help = "where the first of the envelopes begins in the file, its size before it" },
	{ .name = "size", .value = "BYTES", .kind = OPTION_INTEGER, .required = true, .min = 1, .max = 1024 * 1024,
	  .help = "of all of them" },
	{ 0 } };
static const struct option bundle_for_positionals[] = {
	{ .name = "DEVICE", .kind = OPTION_TEXT, .required = true, .help = "whom it is for: the device's name, or first digits of its id" },
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .help = "the file to write" }, { 0 } };
static const struct option bundle_for_options[] = {
	{ .name = "files", .value = "MIB", .kind = OPTION_INTEGER, .min = 0, .max = 192,
	  .help = "photos and documents of its work go along, up to so many MiB (default 64)" },
	{ 0 } };
static const struct option serve_options[] = {
	{ .name = "listen", .value = "URL", .kind = OPTION_TEXT, .help = "where devices connect (default tcp://*:7450, all addresses)" },
	{ .name = "http", .value = "URL", .kind = OPTION_TEXT,
	  .help = "also over HTTP, such as http://127.0.0.1:7480 behind a terminator of TLS" },
	{ .name = "certificate", .value = "FILE", .kind = OPTION_TEXT, .help = "for https: the server's certificate and its chain, PEM" },
	{ .name = "certificate-key", .value = "FILE", .kind = OPTION_TEXT, .help = "for https: the certificate's secret key, PEM" },
	{ .name = "front", .value = "URL", .kind = OPTION_TEXT,
	  .help = "where devices reach it over HTTP, to be told when nobody answers there any more" },
	{ .name = "ready-file", .value = "FILE", .kind = OPTION_TEXT,
	  .help = "write the port, and below it that of HTTP, to FILE once devices can connect" },
	{ .name = "flight-bytes", .value = "N", .kind = OPTION_INTEGER, .min = 100000, .max = FLIGHT_SIZE_MAX,
	  .help = "record what goes in and out, in so many bytes of the disk (default: nothing is recorded)" },
	{ .name = "accept-loss", .kind = OPTION_FLAG,
	  .help = "once, after a restore or a loss: every device starts over and sends again what it has" },
	{ 0 },
};
static const struct option status_options[] = {
	{ .name = "digests", .kind = OPTION_FLAG, .help = "also what each scope's rows sum up to" }, { 0 } };
static const struct option import_positionals[] = {
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "CSV, JSONL or JSONL.gz" }, { 0 } };
static const struct option import_options[] = {
	{ .name = "apply", .kind = OPTION_FLAG, .help = "take the records in; without it the files are only checked" },
	{ .name = "territory", .value = "NAME", .kind = OPTION_TEXT, .help = "territory of records whose file names none" },
	{ .name = "source", .value = "NAME", .kind = OPTION_TEXT, .help = "whose keys the file uses (default \"imported\")" },
	{ 0 },
};
static const struct option list_positionals[] = { { .name = "KIND", .kind = OPTION_TEXT,
	  .help = "kind of record: work_order, visit, asset, site, part, …" }, { 0 } };
static const struct option list_options[] = {
	{ .name = "limit", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000,
	  .help = "at most so many (default 50)" }, { 0 } };
static const struct option show_positionals[] = {
	{ .name = "KIND", .kind = OPTION_TEXT, .required = true, .help = "kind of record: work_order, visit, asset, site, part, …" },
	{ .name = "WHICH", .kind = OPTION_TEXT, .required = true, .help = "first digits of its id, its number or its name" }, { 0 } };
static const struct option create_positionals[] = {
	{ .name = "KIND", .kind = OPTION_TEXT, .required = true, .help = "kind of record: work_order, visit, asset, site, part, …" },
	{ .name = "FIELD=VALUE", .kind = OPTION_TEXT, .required = true, .repeated = true,
	  .help = "fields; references by id, number or name" }, { 0 } };
static const struct option edit_positionals[] = {
	{ .name = "KIND", .kind = OPTION_TEXT, .required = true, .help = "kind of record: work_order, visit, asset, site, part, …" },
	{ .name = "WHICH", .kind = OPTION_TEXT, .required = true, .help = "first digits of its id, its number or its name" },
	{ .name = "FIELD=VALUE", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "new values" }, { 0 } };
static const struct option book_positionals[] = {
	{ .name = "ORDER", .kind = OPTION_TEXT, .required = true, .help = "work order: its number, or first digits of its id" },
	{ .name = "TECHNICIAN", .kind = OPTION_TEXT, .required = true, .help = "who goes: the name, or first digits of the id" }, { 0 } };
static const struct option book_options[] = {
	{ .name = "start", .value = "TIME", .kind = OPTION_TIME, .help = "planned start", .field = "planned_start_at_ms" },
	{ .name = "end", .value = "TIME", .kind = OPTION_TIME, .help = "planned end", .field = "planned_end_at_ms" },
	{ .name = "dispatch", .kind = OPTION_FLAG, .help = "send it to the technician at once" },
	{ 0 },
};
static const struct option visit_positionals[] = {
	{ .name = "VISIT", .kind = OPTION_TEXT, .required = true, .help = "visit: first digits of its id, see \"visit list\"" }, { 0 } };
static const struct option assign_positionals[] = {
	{ .name = "VISIT", .kind = OPTION_TEXT, .required = true,
	  .help = "visit that is taken away: first digits of its id, see \"visit list\"" },
	{ .name = "TECHNICIAN", .kind = OPTION_TEXT, .required = true,
	  .help = "who goes instead: the name, or first digits of the id" }, { 0 } };
static const struct option assign_options[] = {
	{ .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .help = "why" },
	{ .name = "start", .value = "TIME", .kind = OPTION_TIME, .help = "planned start", .field = "planned_start_at_ms" },
	{ .name = "end", .value = "TIME", .kind = OPTION_TIME, .help = "planned end", .field = "planned_end_at_ms" }, { 0 } };
static const struct option reason_options[] = {
	{ .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .required = true, .help = "why" }, { 0 } };
static const struct option order_positionals[] = { { .name = "ORDER", .kind = OPTION_TEXT, .required = true,
	  .help = "work order: its number, or first digits of its id" }, { 0 } };
static const struct option hold_positionals[] = {
	{ .name = "ORDER", .kind = OPTION_TEXT, .required = true, .help = "work order: its number, or first digits of its id" },
	{ .name = "WHY", .kind = OPTION_TEXT, .required = true, .help = "parts, customer, approval, safety or weather" }, { 0 } };
static const struct option hold_options[] = {
	{ .name = "text", .value = "TEXT", .kind = OPTION_TEXT, .help = "more about it" }, { 0 } };
static const struct option close_options[] = {
	{ .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .help = "why" }, { 0 } };
static const struct option propose_options[] = {
	{ .name = "start", .value = "TIME", .kind = OPTION_TIME, .help = "planned start", .field = "planned_start_at_ms" },
	{ .name = "end", .value = "TIME", .kind = OPTION_TIME, .help = "planned end", .field = "planned_end_at_ms" },
	{ 0 },
};
static const struct option delay_positionals[] = {
	{ .name = "VISIT", .kind = OPTION_TEXT, .required = true, .help = "first digits of its id" },
	{ .name = "TIME", .kind = OPTION_TIME, .required = true, .help = "when the technician will be there", .field = "expected_at_ms" },
	{ 0 },
};
static const struct option reschedule_options[] = {
	{ .name = "start", .value = "TIME", .kind = OPTION_TIME, .required = true, .help = "new start", .field = "planned_start_at_ms" },
	{ .name = "end", .value = "TIME", .kind = OPTION_TIME, .help = "new end", .field = "planned_end_at_ms" },
	{ .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .help = "why" },
	{ 0 },
};
static const struct option task_positionals[] = {
	{ .name = "ORDER", .kind = OPTION_TEXT, .required = true, .help = "work order: its number, or first digits of its id" },
	{ .name = "TITLE", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "what is to be checked or done" }, { 0 } };
static const struct option task_options[] = {
	{ .name = "kind", .value = "KIND", .kind = OPTION_TEXT,
	  .help = "confirm (default), yes_no, number, text, choice, reading or photo" },
	{ .name = "mandatory", .kind = OPTION_FLAG, .help = "no visit is fixed before it is answered" },
	{ .name = "min", .value = "NUMBER", .kind = OPTION_TEXT, .help = "less than this failed" },
	{ .name = "max", .value = "NUMBER", .kind = OPTION_TEXT, .help = "more than this failed" },
	{ .name = "decimals", .value = "N", .kind = OPTION_INTEGER, .min = 0, .max = SCALE_MAX,
	  .help = "decimal places of the answer (default: those of the limits)" },
	{ .name = "unit", .value = "UNIT", .kind = OPTION_TEXT, .help = "unit of the answer, such as bar" },
	{ .name = "options", .value = "LIST", .kind = OPTION_TEXT,
	  .help = "what can be chosen, joined by \";\"; \"!\" before what means failed" },
	{ .name = "meter", .value = "METER", .kind = OPTION_TEXT, .help = "the answer is a reading of this meter" },
	{ .name = "asset", .value = "ASSET", .kind = OPTION_TEXT, .help = "what it is about, if not the order's equipment" },
	{ .name = "instruction", .value = "TEXT", .kind = OPTION_TEXT, .help = "how to do it" },
	{ .name = "position", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = TASK_POSITION_MAX,
	  .help = "its place in the list (default: the last)" },
	{ 0 },
};
static const struct option contact_positionals[] = {
	{ .name = "ACCOUNT", .kind = OPTION_TEXT, .required = true, .help = "customer: the name, or first digits of its id" },
	{ .name = "NAME", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "the person's name" }, { 0 } };
static const struct option contact_options[] = {
	{ .name = "role", .value = "TEXT", .kind = OPTION_TEXT, .help = "what for to call them, such as caretaker" },
	{ .name = "phone", .value = "NUMBER", .kind = OPTION_TEXT, .help = "telephone" },
	{ .name = "email", .value = "ADDRESS", .kind = OPTION_TEXT, .help = "mail address" },
	{ .name = "prefers", .value = "HOW", .kind = OPTION_TEXT, .help = "phone, email or message" }, { 0 } };
static const struct option access_positionals[] = {
	{ .name = "SITE", .kind = OPTION_TEXT, .required = true, .help = "site: its name, or first digits of its id" },
	{ .name = "NAME", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "which door or place" }, { 0 } };
static const struct option access_options[] = {
	{ .name = "code", .value = "TEXT", .kind = OPTION_TEXT, .help = "code of the door, the key box or the alarm" },
	{ .name = "hazards", .value = "TEXT", .kind = OPTION_TEXT, .help = "dangers that only who goes there should know of" }, { 0 } };
static const struct option meter_positionals[] = {
	{ .name = "ASSET", .kind = OPTION_TEXT, .required = true, .help = "equipment: serial, name, or first digits of its id" },
	{ .name = "NAME", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "what is read" }, { 0 } };
static const struct option meter_options[] = {
	{ .name = "unit", .value = "UNIT", .kind = OPTION_TEXT, .help = "unit, such as h" },
	{ .name = "kind", .value = "KIND", .kind = OPTION_TEXT, .help = "counter (default) or gauge" },
	{ .name = "decimals", .value = "N", .kind = OPTION_INTEGER, .min = 0, .max = SCALE_MAX, .help = "decimal places (default 0)" },
	{ .name = "rollover", .value = "NUMBER", .kind = OPTION_TEXT, .help = "a counter begins again at 0 after this" }, { 0 } };
static const struct option grant_positionals[] = {
	{ .name = "TECHNICIAN", .kind = OPTION_TEXT, .required = true, .help = "who: the name, or first digits of the id" },
	{ .name = "TERRITORY", .kind = OPTION_TEXT, .required = true, .help = "the territory to be served beside the home one" }, { 0 } };
static const struct option visit_list_options[] = {
	{ .name = "technician", .value = "NAME", .kind = OPTION_TEXT, .help = "only this technician's" },
	{ .name = "order", .value = "ORDER", .kind = OPTION_TEXT, .help = "only this work order's" },
	{ .name = "limit", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000,
	  .help = "at most so many (default 50)" }, { 0 } };
static const struct option note_positionals[] = {
	{ .name = "ORDER", .kind = OPTION_TEXT, .required = true, .help = "work order: its number, or first digits of its id" },
	{ .name = "TEXT", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "the note" }, { 0 } };
static const struct option invite_options[] = {
	{ .name = "technician", .value = "NAME", .kind = OPTION_TEXT, .required = true, .help = "whose device it will be" },
	{ .name = "minutes", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1440,
	  .help = "how long the code is good for (default 10)" }, { 0 } };
static const struct option device_positionals[] = { { .name = "DEVICE", .kind = OPTION_TEXT, .required = true,
	  .help = "device: first digits of its id, or its name" }, { 0 } };
static const struct option revoke_options[] = { { .name = "stolen", .kind = OPTION_FLAG,
	  .help = "take nothing more from it, not even what it did before" }, { 0 } };
static const struct option issues_options[] = { { .name = "all", .kind = OPTION_FLAG, .help = "also resolved ones" }, { 0 } };
static const struct option resolve_positionals[] = {
	{ .name = "ISSUE", .kind = OPTION_TEXT, .required = true, .help = "issue: first digits of its id, see \"issues\"" }, { 0 } };
static const struct option resolve_options[] = {
	{ .name = "how", .value = "HOW", .kind = OPTION_TEXT,
	  .help = "noted (default), corrected; of an edit that collided: took_mine puts the author's value in, kept_theirs the other one; "
		  "of work that was not expected: bill, do_not_bill, keep_other_visit, cancel_other_visit; of late facts: accept_late; "
		  "of two answers: take_other_answer" },
	{ .name = "text", .value = "TEXT", .kind = OPTION_TEXT, .help = "what was decided" }, { 0 } };
static const struct option trace_positionals[] = { { .name = "OPERATION", .kind = OPTION_TEXT, .required = true,
	  .help = "operation: first digits of its id, at least four, or \"last\"" }, { 0 } };
static const struct option outcomes_options[] = {
	{ .name = "parked", .kind = OPTION_FLAG, .help = "only those that wait for a record or for a person" },
	{ .name = "device", .value = "DEVICE", .kind = OPTION_TEXT, .help = "only this device's" },
	{ .name = "limit", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000,
	  .help = "the latest so many (default 50)" }, { 0 } };
static const struct option parked_options[] = {
	{ .name = "device", .value = "DEVICE", .kind = OPTION_TEXT, .help = "only this device's" },
	{ .name = "limit", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000,
	  .help = "the latest so many (default 50)" }, { 0 } };
static const struct option release_positionals[] = { { .name = "OPERATION", .kind = OPTION_TEXT, .repeated = true,
	  .help = "operation: first digits of its id, at least four" }, { 0 } };
static const struct option release_options[] = {
	{ .name = "device", .value = "DEVICE", .kind = OPTION_TEXT, .help = "all that is parked of this device" },
	{ .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .help = "why" }, { 0 } };
static const struct option correct_positionals[] = {
	{ .name = "OPERATION", .kind = OPTION_TEXT, .required = true, .help = "operation: first digits of its id, at least four" },
	{ .name = "FIELD=VALUE", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "new values" }, { 0 } };
static const struct option discard_positionals[] = { { .name = "OPERATION", .kind = OPTION_TEXT, .required = true, .repeated = true,
	  .help = "operation: first digits of its id, at least four" }, { 0 } };
static const struct option incidents_options[] = {
	{ .name = "all", .kind = OPTION_FLAG, .help = "also acknowledged ones" },
	{ .name = "limit", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000,
	  .help = "the latest so many (default 50)" }, { 0 } };
static const struct option incident_positionals[] = { { .name = "NUMBER", .kind = OPTION_INTEGER, .required = true, .min = 1,
	  .max = INT32_MAX, .help = "incident: its number, see \"incidents\"" }, { 0 } };
static const struct option acknowledge_options[] = {
	{ .name = "text", .value = "TEXT", .kind = OPTION_TEXT, .help = "what was found out or done" }, { 0 } };
static const struct option kb_list_options[] = {
	{ .name = "limit", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000,
	  .help = "at most so many (default 50)" }, { 0 } };
static const struct option kb_show_positionals[] = { { .name = "ARTICLE", .kind = OPTION_TEXT, .required = true,
	  .help = "its number or digits of its id" }, { 0 } };

static const struct option backup_positionals[] = { { .name = "FOLDER", .kind = OPTION_TEXT, .required = true,
	  .help = "folder of backups, best on another disk; it must be there" }, { 0 } };
static const struct option backup_one_positionals[] = { { .name = "BACKUP", .kind = OPTION_TEXT, .required = true,
	  .help = "backup: its file that ends with .backup" }, { 0 } };
static const struct option backup_tell_positionals[] = { { .name = "MANIFEST", .kind = OPTION_TEXT, .required = true,
	  .help = "what the backup's file that ends with .backup says, whole" }, { 0 } };
static const struct option restore_options[] = {
	{ .name = "into", .value = "DIR", .kind = OPTION_TEXT, .required = true, .help = "directory of the organisation that is made" },
	{ .name = "keys", .value = "FOLDER", .kind = OPTION_TEXT,
	  .help = "where the copies of server.keys and root.key are (default: in the directory already)" },
	{ .name = "dry-run", .kind = OPTION_FLAG, .help = "only look whether it could be done" },
	{ 0 },
};

static const struct option file_add_positionals[] = {
	{ .name = "KIND", .kind = OPTION_TEXT, .required = true,
	  .help = "work_order, visit, service_request, account, site or asset" },
	{ .name = "WHICH", .kind = OPTION_TEXT, .required = true, .help = "first digits of its id, its number or its name" },
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .help = "the file, at most 64 MiB" },
	{ 0 },
};
static const struct option file_add_options[] = {
	{ .name = "caption", .value = "TEXT", .kind = OPTION_TEXT, .help = "what is to be seen" },
	{ 0 },
};
static const struct option file_get_options[] = {
	{ .name = "thumbnail", .kind = OPTION_FLAG, .help = "the small picture, which comes before the file itself" },
	{ .name = "out", .value = "FILE", .kind = OPTION_TEXT, .help = "where to put it (default: here, named by digits of its id)" },
	{ 0 },
};

static const struct option flight_leg_positionals[] = { { .name = "LEG", .kind = OPTION_INTEGER, .required = true, .min = 1,
	  .max = 1000000000, .help = "which one: its number in \"flight list\"" }, { 0 } };
static const struct option flight_file_positionals[] = {
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .help = "where to write it" }, { 0 } };
static const struct option flight_export_options[] = {
	{ .name = "leg", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000000, .help = "this one alone (default: all)" },
	{ 0 },
};

static const struct command commands[] = {
	{ .group = "The server", .name = "init", .summary = "make an organisation",
	  .example = "truckrolld init /var/lib/truckroll --name \"Harbour & Hill Service\"",
	  .positionals = init_positionals, .options = init_options, .place = PLACE_HERE, .run = command_init },
	{ .group = "The server", .name = "serve", .summary = "serve devices until told to stop",
	  .example = "truckrolld serve --listen tcp://192.0.2.5:7450",
	  .options = serve_options, .place = PLACE_HERE, .run = command_serve },
	{ .group = "The server", .name = "status", .summary = "what the server holds and does",
	  .example = "truckrolld status --json", .options = status_options, .place = PLACE_OWNER, .run = command_status },
	{ .group = "The server", .name = "metrics", .summary = "numbers for a monitoring system, as Prometheus reads them",
	  .example = "truckrolld metrics >/var/lib/node_exporter/truckroll.prom", .place = PLACE_OWNER, .run = command_metrics },
	{ .group = "The server", .name = "verify", .summary = "check the store, the ledger and the chains",
	  .example = "truckrolld verify", .place = PLACE_OWNER, .long_running = true, .run = command_verify },
	{ .group = "The server", .name = "flight list", .summary = "what the flight recorder has kept of the serving process",
	  .details = "It records when \"serve\" has --flight-bytes, which bounds all legs; the oldest go.\n"
		     "A leg that begins with the server has a copy of the store, if that fits, and can be replayed.",
	  .example = "truckrolld flight list", .place = PLACE_HERE, .run = command_flight_list },
	{ .group = "The server", .name = "flight show", .summary = "what went in and came out in one leg, event by event",
	  .example = "truckrolld flight show 3", .positionals = flight_leg_positionals, .place = PLACE_HERE,
	  .run = command_flight_show },
	{ .group = "The server", .name = "flight export",
	  .summary = "write the flight to a file, for whoever looks into what went wrong",
	  .details = "They can replay it: the same happens again, byte by byte. The server's keys are not in it, but its data is;\n"
		     "twelve words open it, which are said once.",
	  .example = "truckrolld flight export /tmp/office.flight --leg 3", .positionals = flight_file_positionals,
	  .options = flight_export_options, .place = PLACE_HERE, .run = command_flight_export },
	{ .group = "The server", .name = "backup", .summary = "copy the organisation as it is now into a folder of backups",
	  .details = "The server goes on meanwhile. Files that the folder has already are not copied again.\n"
		     "Devices keep what they did until a backup holds it.",
	  .example = "truckrolld backup /mnt/backup/truckroll",
	  .positionals = backup_positionals, .place = PLACE_READER, .run = command_backup },
	{ .group = "The server", .name = "backup list", .summary = "backups in a folder",
	  .example = "truckrolld backup list /mnt/backup/truckroll",
	  .positionals = backup_positionals, .place = PLACE_HERE, .run = command_backup_list },
	{ .group = "The server", .name = "backup check", .summary = "see whether a backup is whole, byte for byte",
	  .example = "truckrolld backup check /mnt/backup/truckroll/20261128T020000Z-1.backup",
	  .positionals = backup_one_positionals, .place = PLACE_HERE, .run = command_backup_check },
	{ .group = "The server", .name = "backup tell", .summary = "tell the server of a backup that it was not told of when it was made",
	  .example = "truckrolld backup tell \"$(cat /mnt/backup/truckroll/20261128T020000Z-1.backup)\"",
	  .positionals = backup_tell_positionals, .place = PLACE_OWNER, .run = command_backup_tell },
	{ .group = "The server", .name = "restore", .summary = "put an organisation back from a backup",
	  .details = "Overwrites nothing: the directory must hold no organisation.\n"
		     "Devices notice, and send again what the backup lacks.",
	  .example = "truckrolld restore /mnt/backup/truckroll/20261128T020000Z-1.backup --into /var/lib/truckroll --keys /media/safe",
	  .positionals = backup_one_positionals, .options = restore_options, .place = PLACE_HERE, .run = command_restore },
	{ .group = "The server", .name = "import", .summary = "take records in from files; a dry run unless told to apply",
	  .details = "A file with a fault is refused whole.\n"
		     "Importing the same file twice changes nothing, and completes one that was stopped half way.",
	  .example = "truckrolld import example/*.csv --apply",
	  .positionals = import_positionals, .options = import_options, .place = PLACE_OWNER, .long_running = true,
	  .run = command_import },
	{ .group = "Records", .name = "list", .summary = "records of one kind", .example = "truckrolld list work_order --limit 20",
	  .positionals = list_positionals, .options = list_options, .place = PLACE_READER, .run = command_list },
	{ .group = "Records", .name = "show", .summary = "one record",
	  .example = "truckrolld show work_order HH-5008", .positionals = show_positionals, .place = PLACE_READER, .run = command_show },
	{ .group = "Records", .name = "file list", .summary = "photos, signatures and documents, and whether they are here",
	  .example = "truckrolld file list HH-5008", .positionals = file_list_positionals, .place = PLACE_READER,
	  .run = command_file_list },
	{ .group = "Records", .name = "file add", .summary = "attach a photo or a document to a record",
	  .details = "What belongs to a work order or a visit goes with the job to its devices. What belongs to a request, a customer,\n"
		     "a site or a machine is listed there, and fetched when somebody asks for it (truckroll file get).",
	  .example = "truckrolld file add work_order HH-5008 drawing.pdf --caption \"Wiring of the lift\"",
	  .positionals = file_add_positionals, .options = file_add_options, .place = PLACE_OWNER, .run = command_file_add },
	{ .group = "Records", .name = "file get", .summary = "the file of an attachment",
	  .example = "truckrolld file get 09f2c1 --out before.jpg", .positionals = file_get_positionals, .options = file_get_options,
	  .place = PLACE_READER, .run = command_file_get },
	{ .group = "Records", .name = "create", .summary = "make a record",
	  .example = "truckrolld create work_order title=Leak territory_id=North site_id=\"Cairn Hotel\" released=true",
	  .positionals = create_positionals, .place = PLACE_OWNER, .run = command_create },
	{ .group = "Records", .name = "edit", .summary = "change fields of a record",
	  .example = "truckrolld edit work_order HH-5008 priority=1",
	  .positionals = edit_positionals, .place = PLACE_OWNER, .run = command_edit },
	{ .group = "Records", .name = "contact add", .summary = "add a person to a customer",
	  .example = "truckrolld contact add \"Fellside Schools\" Nora Keane --role caretaker --phone \"+353 20 771 0000\"",
	  .positionals = contact_positionals, .options = contact_options, .place = PLACE_OWNER, .run = command_contact_add },
	{ .group = "Records", .name = "meter add", .summary = "add a meter to a piece of equipment",
	  .example = "truckrolld meter add BO1878704 hours run --unit h",
	  .positionals = meter_positionals, .options = meter_options, .place = PLACE_OWNER, .run = command_meter_add },
	{ .group = "Records", .name = "site access", .summary = "say how to get into a site, for those with a job there",
	  .details = "Kept apart from the site: a device that only serves the territory never receives it.\n"
		     "Said again, it is changed.",
	  .example = "truckrolld site access \"Cairn Hotel\" rear gate --code 4711 --hazards \"dog in the yard\"",
	  .positionals = access_positionals, .options = access_options, .place = PLACE_OWNER, .run = command_site_access },
	{ .group = "Records", .name = "territory grant", .summary = "let a technician serve one more territory",
	  .details = "To end it: truckrolld edit territory_grant ID ended=true",
	  .example = "truckrolld territory grant \"Ada Brannock\" Coast",
	  .positionals = grant_positionals, .place = PLACE_OWNER, .run = command_territory_grant },
	{ .group = "The day", .name = "order release", .summary = "make an order ready to be booked: no draft any more, not on hold",
	  .example = "truckrolld order release HH-5008",
	  .positionals = order_positionals, .place = PLACE_OWNER, .run = command_order_release },
	{ .group = "The day", .name = "order hold", .summary = "let an order wait for something",
	  .example = "truckrolld order hold HH-5008 parts --text \"pump is on its way\"",
	  .positionals = hold_positionals, .options = hold_options, .place = PLACE_OWNER, .run = command_order_hold },
	{ .group = "The day", .name = "order close", .summary = "close an order that is done and looked at",
	  .example = "truckrolld order close HH-5008",
	  .positionals = order_positionals, .options = close_options, .place = PLACE_OWNER, .run = command_order_close },
	{ .group = "The day", .name = "order reopen", .summary = "take the closing or the cancellation of an order back",
	  .example = "truckrolld order reopen HH-5008 --reason \"leaks again\"",
	  .positionals = order_positionals, .options = reason_options, .place = PLACE_OWNER, .run = command_order_reopen },
	{ .group = "The day", .name = "order cancel", .summary = "cancel an order and its visits that have not begun",
	  .example = "truckrolld order cancel HH-5008 --reason \"customer withdrew it\"",
	  .positionals = order_positionals, .options = reason_options, .place = PLACE_OWNER, .run = command_order_cancel },
	{ .group = "The day", .name = "task add", .summary = "put a task on an order's checklist",
	  .example = "truckrolld task add HH-5008 pressure after the start --min 1.5 --max 2.5 --unit bar --mandatory",
	  .positionals = task_positionals, .options = task_options, .place = PLACE_OWNER, .run = command_task_add },
	{ .group = "The day", .name = "visit propose", .summary = "plan a visit that nobody has agreed to yet",
	  .example = "truckrolld visit propose HH-5008 \"Ada Brannock\" --start \"tomorrow 09:00\"",
	  .positionals = book_positionals, .options = propose_options, .place = PLACE_OWNER, .run = command_visit_propose },
	{ .group = "The day", .name = "visit reschedule", .summary = "move a visit that has not begun to another time",
	  .details = "Who has started before hearing of it goes on; an issue then tells so.",
	  .example = "truckrolld visit reschedule 8f31c2aa --start \"tomorrow 13:00\"",
	  .positionals = visit_positionals, .options = reschedule_options, .place = PLACE_OWNER, .run = command_visit_reschedule },
	{ .group = "The day", .name = "visit delay", .summary = "the technician called: note when he will be there",
	  .details = "It stands beside the plan, which does not change.", .example = "truckrolld visit delay 8f31c2aa 10:30",
	  .positionals = delay_positionals, .place = PLACE_OWNER, .run = command_visit_delay },
	{ .group = "The day", .name = "visit reopen", .summary = "let the technician go on with a visit that is done",
	  .example = "truckrolld visit reopen 8f31c2aa --reason \"a task was forgotten\"",
	  .positionals = visit_positionals, .options = reason_options, .place = PLACE_OWNER, .run = command_visit_reopen },
	{ .group = "The day", .name = "visit book", .summary = "plan a visit",
	  .example = "truckrolld visit book HH-5008 \"Ada Brannock\" --start \"tomorrow 09:00\" --dispatch",
	  .positionals = book_positionals, .options = book_options, .place = PLACE_OWNER, .run = command_visit_book },
	{ .group = "The day", .name = "visit dispatch", .summary = "send a booked visit to its technician",
	  .example = "truckrolld visit dispatch 8f31c2aa",
	  .positionals = visit_positionals, .place = PLACE_OWNER, .run = command_visit_dispatch },
	{ .group = "The day", .name = "visit assign", .summary = "give a visit to another technician",
	  .example = "truckrolld visit assign 8f31c2aa \"Tomas Hale\" --reason \"nearer\"",
	  .positionals = assign_positionals, .options = assign_options, .place = PLACE_OWNER, .run = command_visit_assign },
	{ .group = "The day", .name = "visit cancel", .summary = "cancel a visit that has not begun",
	  .example = "truckrolld visit cancel 8f31c2aa --reason \"customer moved it\"",
	  .positionals = visit_positionals, .options = reason_options, .place = PLACE_OWNER, .run = command_visit_cancel },
	{ .group = "The day", .name = "visit list", .summary = "visits",
	  .example = "truckrolld visit list --technician \"Ada Brannock\"",
	  .options = visit_list_options, .place = PLACE_READER, .run = command_visit_list },
	{ .group = "The day", .name = "note", .summary = "add a note to a work order",
	  .example = "truckrolld note HH-5008 gate code has changed",
	  .positionals = note_positionals, .place = PLACE_OWNER, .run = command_note },
	{ .group = "Devices", .name = "device invite", .summary = "make a code for one new device",
	  .example = "truckrolld device invite --technician \"Ada Brannock\"",
	  .options = invite_options, .place = PLACE_OWNER, .run = command_device_invite },
	{ .group = "Devices", .name = "device list", .summary = "devices, and those that wait for approval with their six words",
	  .example = "truckrolld device list", .place = PLACE_OWNER, .run = command_device_list },
	{ .group = "Devices", .name = "device approve",
	  .summary = "let a waiting device in, once the six words are the same on both screens",
	  .example = "truckrolld device approve 51c0",
	  .positionals = device_positionals, .place = PLACE_OWNER, .run = command_device_approve },
	{ .group = "Devices", .name = "device refuse", .summary = "turn a waiting device away",
	  .example = "truckrolld device refuse 51c0",
	  .positionals = device_positionals, .place = PLACE_OWNER, .run = command_device_refuse },
	{ .group = "Devices", .name = "device revoke", .summary = "take a device's rights away",
	  .example = "truckrolld device revoke 51c0 --stolen",
	  .positionals = device_positionals, .options = revoke_options, .place = PLACE_OWNER, .run = command_device_revoke },
	{ .group = "Exceptions", .name = "issues", .summary = "what waits for a person's decision",
	  .example = "truckrolld issues", .options = issues_options, .place = PLACE_READER, .run = command_issues },
	{ .group = "Exceptions", .name = "issue resolve", .summary = "decide an issue",
	  .example = "truckrolld issue resolve 77ab --how took_mine --text \"checked by phone\"",
	  .positionals = resolve_positionals, .options = resolve_options, .place = PLACE_OWNER, .run = command_issue_resolve },
	{ .group = "Exceptions", .name = "trace", .summary = "one operation: what it said, who made it, what became of it",
	  .example = "truckrolld trace 09f2c1", .positionals = trace_positionals, .place = PLACE_READER, .run = command_trace },
	{ .group = "Exceptions", .name = "outcomes", .summary = "the latest operations with their outcomes",
	  .example = "truckrolld outcomes --limit 20", .options = outcomes_options, .place = PLACE_READER, .run = command_outcomes },
	{ .group = "Exceptions", .name = "parked list", .summary = "operations that are kept and not applied, and why",
	  .example = "truckrolld parked list --json",
	  .options = parked_options, .place = PLACE_READER, .run = command_parked_list },
	{ .group = "Exceptions", .name = "parked release", .summary = "decide parked operations again",
	  .details = "What is still in the way is told, and the operation stays parked.\n"
		     "One that was parked because it stopped the server may stop it again.",
	  .example = "truckrolld parked release --device tablet --reason \"put back from a backup\"",
	  .positionals = release_positionals, .options = release_options, .place = PLACE_OWNER, .run = command_parked_release },
	{ .group = "Exceptions", .name = "parked correct", .summary = "decide a parked operation again with other values",
	  .details = "Only what makes or edits a record has values to correct.\n"
		     "Its record keeps the id, so that what refers to it goes on too.",
	  .example = "truckrolld parked correct 09f2c1 site_id=\"Cairn Hotel\"", .positionals = correct_positionals,
	  .options = close_options, .place = PLACE_OWNER, .run = command_parked_correct },
	{ .group = "Exceptions", .name = "parked discard", .summary = "put parked operations away; their author is told why",
	  .example = "truckrolld parked discard 09f2c1 --reason \"made twice\"", .positionals = discard_positionals,
	  .options = reason_options, .place = PLACE_OWNER, .run = command_parked_discard },
	{ .group = "Exceptions", .name = "incidents", .summary = "what went wrong by itself, and what to do about it",
	  .example = "truckrolld incidents --json", .options = incidents_options, .place = PLACE_READER, .run = command_incidents },
	{ .group = "Exceptions", .name = "incident acknowledge", .summary = "say that an incident was seen to",
	  .example = "truckrolld incident acknowledge 7 --text \"the laptop was set up anew from a backup\"",
	  .positionals = incident_positionals, .options = acknowledge_options, .place = PLACE_OWNER,
	  .run = command_incident_acknowledge },
	{ .group = "Bundles", .name = "bundle import", .summary = "take in bundles of devices: sync by a stick or by mail",
	  .details = "A bundle may come before, after or between what its device sends over a network, in any order and again.\n"
		     "What is new in it is decided; nothing is taken twice.",
	  .example = "truckrolld bundle import /media/stick/ada.bundle", .positionals = bundle_positionals, .place = PLACE_READER,
	  .run = command_bundle_import },
	{ .group = "Bundles", .name = "bundle take",
	  .summary = "what \"bundle import\" hands to the running server, some envelopes at a time",
	  .details = "That command gives this one itself, so that the server does other things in between.",
	  .example = "truckrolld bundle take /media/stick/ada.bundle --from 45 --size 68024", .positionals = bundle_take_positionals,
	  .options = bundle_take_options, .place = PLACE_OWNER, .run = command_bundle_take },
	{ .group = "Bundles", .name = "bundle export", .summary = "write what a device misses into a file that only it can read",
	  .details = "It begins where the device said last that it stands: take in its bundle first. Files of work that is not over\n"
		     "go along, those of the next day's jobs first, but for those that the device said it has.",
	  .example = "truckrolld bundle export tablet /media/stick/for-tablet.bundle", .positionals = bundle_for_positionals,
	  .options = bundle_for_options, .place = PLACE_READER, .run = command_bundle_export },
	{ .group = "Knowledge", .name = "kb list", .summary = "knowledge articles",
	  .example = "truckrolld kb list --limit 10", .options = kb_list_options, .place = PLACE_READER, .run = command_kb_list },
	{ .group = "Knowledge", .name = "kb show", .summary = "one article",
	  .example = "truckrolld kb show HH-KB-016", .positionals = kb_show_positionals, .place = PLACE_READER, .run = command_kb_show },
};
/* clang-format on */

static enum status open_office(struct context *context, enum place place)
{
	struct office *office;
	bool looks = place == PLACE_READER || context->command->run == command_status || context->command->run == command_verify;
	enum status status = office_open(context->dir, context->clock, place == PLACE_READER, &office);

	if (status != STATUS_OK)
		return status;
	context->state = office; /* is closed whatever follows */
	return looks ? STATUS_OK : office_check_loss(office);
}

static enum status check_office(struct context *context)
{
	return storage_trouble(server_store_storage(office_of(context)->store));
}

static void close_office(struct context *context)
{
	office_close(context->state);
}

const struct program server_program = {
	.name = "truckrolld",
	.summary = "the sync server of an organisation that repairs things on site",
	.version = SERVER_VERSION,
	.dir_variable = "TRUCKROLL_DIR",
	.dir_default = "/var/lib/truckroll",
	.commands = commands,
	.command_count = LENGTH(commands),
	.open = open_office,
	.check = check_office,
	.close = close_office,
};
