#include "device_agent/commands.h"

#include "device_agent/device.h"
#include "device_agent/link.h"
#include "protocol/domain/device.h"
#include "shell/file_listing.h"

#define DEVICE_VERSION "0.1.0"

/* clang-format off */
#define KEYS_OPTION                                          \
	{ .name = "keys", .value = "DIR", .kind = OPTION_TEXT, \
	  .help = "where the device's keys are (default: beside --dir, with .keys behind its name)" }
#define LIMIT_OPTION { .name = "limit", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000, .help = "at most so many" }

static const struct option enroll_positionals[] = {
	{ .name = "CODE", .kind = OPTION_TEXT, .required = true, .help = "the code from the office" },
	{ 0 },
};
static const struct option enroll_options[] = {
	{ .name = "server", .value = "URL[,URL]", .kind = OPTION_TEXT, .required = true,
	  .help = "where the server is, such as tcp://office.example:7450,https://office.example; the first that can be reached is used" },
	{ .name = "name", .value = "TEXT", .kind = OPTION_TEXT, .help = "what to call this device (default: the machine's name)" },
	{ .name = "wait", .value = "SECONDS", .kind = OPTION_INTEGER, .min = 0, .max = 86400,
	  .help = "how long to wait for the approval (default 600)" },
	{ .name = "bench", .kind = OPTION_FLAG, .help = "also the record that ./bench measures with" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option agent_options[] = {
	{ .name = "ready-file", .value = "FILE", .kind = OPTION_TEXT, .help = "write the process id to FILE once commands are answered" },
	{ .name = "cut-times", .value = "FILE", .kind = OPTION_TEXT,
	  .help = "add a line to FILE whenever news is on disk: the monotonic clock in ns" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option sync_options[] = {
	{ .name = "wait", .value = "SECONDS", .kind = OPTION_INTEGER, .min = 0, .max = 86400,
	  .help = "keep trying for so long (default: one try)" },
	{ .name = "check", .kind = OPTION_FLAG, .help = "also compare every row held with the office's, and put right what differs" },
	{ .name = "forecast", .kind = OPTION_FLAG,
	  .help = "exchange nothing: say which jobs are complete for work off line, and what is still to come" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option link_options[] = {
	{ .name = "now", .kind = OPTION_FLAG, .help = "go on line at once" },
	{ .name = "check", .kind = OPTION_FLAG, .help = "also compare every row held with the office's, and put right what differs" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option keys_options[] = {
	KEYS_OPTION,
	{ 0 },
};
static const struct option status_options[] = {
	{ .name = "digests", .kind = OPTION_FLAG, .help = "also what each scope's rows sum up to" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option today_options[] = {
	{ .name = "all", .kind = OPTION_FLAG, .help = "also visits of other days that are over" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option show_positionals[] = {
	{ .name = "WHICH", .kind = OPTION_TEXT, .required = true, .help = "a number, a name or the first digits of an id" },
	{ 0 },
};
static const struct option show_options[] = {
	{ .name = "kind", .value = "KIND", .kind = OPTION_TEXT,
	  .help = "work_order, visit, asset, site, part, … (default: the first that fits)" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option van_options[] = {
	{ .name = "location", .value = "NAME", .kind = OPTION_TEXT, .help = "another place than the own van" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option visit_positionals[] = {
	{ .name = "VISIT", .kind = OPTION_TEXT, .help = "visit, or its work order; may be left out when only one comes into question" },
	{ 0 },
};
static const struct option reason_options[] = {
	{ .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .required = true, .help = "why" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option pause_options[] = {
	{ .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .help = "why" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option finish_options[] = {
	{ .name = "outcome", .value = "OUTCOME", .kind = OPTION_TEXT,
	  .help = "fixed (default), partial, cannot_complete, no_access, wrong_asset or safety_stop" },
	{ .name = "cause", .value = "CODE", .kind = OPTION_TEXT, .help = "cause code", .field = "cause_code" },
	{ .name = "action", .value = "CODE", .kind = OPTION_TEXT, .help = "action code", .field = "action_code" },
	{ .name = "text", .value = "TEXT", .kind = OPTION_TEXT, .help = "what was done" },
	{ .name = "signer", .value = "NAME", .kind = OPTION_TEXT, .help = "who signed for it", .field = "signer_name" },
	{ .name = "refused", .value = "TEXT", .kind = OPTION_TEXT, .help = "why nobody signed", .field = "signature_refused_reason" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option part_positionals[] = {
	{ .name = "PART", .kind = OPTION_TEXT, .required = true, .help = "part number or digits of its id" },
	{ 0 },
};
#define PART_OPTIONS                                                                                                             \
	{ .name = "quantity", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 100000, .help = "how many (default 1)" }, \
	{ .name = "visit", .value = "VISIT", .kind = OPTION_TEXT,                                                               \
	  .help = "visit, or its work order (default: the one that is under way)" }, KEYS_OPTION, { 0 }
static const struct option use_options[] = {
	{ .name = "from", .value = "LOCATION", .kind = OPTION_TEXT, .help = "where it was taken from (default: the own van)" },
	PART_OPTIONS,
};
static const struct option return_options[] = {
	{ .name = "to", .value = "LOCATION", .kind = OPTION_TEXT, .help = "where it goes (default: the own van)" },
	PART_OPTIONS,
};
#define OF_VISIT                                                  \
	{ .name = "visit", .value = "VISIT", .kind = OPTION_TEXT, \
	  .help = "visit, or its work order (default: the one that is under way)" }
static const struct option delay_positionals[] = {
	{ .name = "TIME", .kind = OPTION_TIME, .required = true, .help = "when you will be there", .field = "expected_at_ms" },
	{ 0 },
};
static const struct option delay_options[] = {
	{ .name = "visit", .value = "VISIT", .kind = OPTION_TEXT,
	  .help = "visit, or its work order; may be left out when only one comes into question" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option task_positionals[] = {
	{ .name = "TASK", .kind = OPTION_TEXT,
	  .help = "its number in the list, its title, or digits of its id; without it all are listed" },
	{ .name = "ANSWER", .kind = OPTION_TEXT, .repeated = true,
	  .help = "yes, no, a number, a text, an option, or the photo; nothing for what is only confirmed" },
	{ 0 },
};
static const struct option task_options[] = {
	{ .name = "skip", .value = "TEXT", .kind = OPTION_TEXT, .help = "it cannot be answered, and why" },
	OF_VISIT,
	KEYS_OPTION,
	{ 0 },
};
static const struct option read_positionals[] = {
	{ .name = "METER", .kind = OPTION_TEXT, .required = true, .help = "meter: its name, or first digits of its id" },
	{ .name = "VALUE", .kind = OPTION_TEXT, .required = true, .help = "what it shows" },
	{ 0 },
};
static const struct option read_options[] = {
	{ .name = "corrects", .value = "READING", .kind = OPTION_TEXT, .help = "the reading that was wrong: first digits of its id" },
	OF_VISIT,
	KEYS_OPTION,
	{ 0 },
};
static const struct option photo_positionals[] = {
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .help = "the picture, at most 64 MiB" },
	{ 0 },
};
static const struct option photo_options[] = {
	{ .name = "caption", .value = "TEXT", .kind = OPTION_TEXT, .help = "what is to be seen" },
	{ .name = "asset", .value = "ASSET", .kind = OPTION_TEXT, .help = "it shows this piece of equipment" },
	{ .name = "document", .kind = OPTION_FLAG, .help = "it is a document, not a photo" },
	OF_VISIT,
	KEYS_OPTION,
	{ 0 },
};
static const struct option time_positionals[] = {
	{ .name = "WHAT", .kind = OPTION_TEXT, .required = true, .help = "travel, work, wait, break or admin" },
	{ .name = "START", .kind = OPTION_PAST, .required = true, .help = "from when", .field = "start_at_ms" },
	{ .name = "END", .kind = OPTION_PAST, .required = true, .help = "until when", .field = "end_at_ms" },
	{ 0 },
};
static const struct option time_options[] = {
	{ .name = "text", .value = "TEXT", .kind = OPTION_TEXT, .help = "what for" },
	OF_VISIT,
	KEYS_OPTION,
	{ 0 },
};
static const struct option sign_positionals[] = {
	{ .name = "NAME", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "who signed" },
	{ 0 },
};
static const struct option sign_options[] = {
	{ .name = "role", .value = "TEXT", .kind = OPTION_TEXT, .help = "as what, such as caretaker" },
	{ .name = "file", .value = "FILE", .kind = OPTION_TEXT, .help = "the picture of the signature" },
	OF_VISIT,
	KEYS_OPTION,
	{ 0 },
};
static const struct option note_positionals[] = {
	{ .name = "ORDER", .kind = OPTION_TEXT, .required = true, .help = "work order: its number, or first digits of its id" },
	{ .name = "TEXT", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "the note" },
	{ 0 },
};
static const struct option edit_positionals[] = {
	{ .name = "KIND", .kind = OPTION_TEXT, .required = true, .help = "kind of record: work_order, asset, site or kb_article" },
	{ .name = "WHICH", .kind = OPTION_TEXT, .required = true, .help = "first digits of its id, its number or its name" },
	{ .name = "FIELD=VALUE", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "new values" },
	{ 0 },
};
static const struct option create_positionals[] = {
	{ .name = "KIND", .kind = OPTION_TEXT, .required = true, .help = "service_request, work_order, contact or kb_article" },
	{ .name = "FIELD=VALUE", .kind = OPTION_TEXT, .required = true, .repeated = true,
	  .help = "fields; references by id, number or name" },
	{ 0 },
};
static const struct option limit_options[] = {
	LIMIT_OPTION,
	KEYS_OPTION,
	{ 0 },
};
static const struct option article_positionals[] = {
	{ .name = "ARTICLE", .kind = OPTION_TEXT, .required = true, .help = "its number or digits of its id" },
	{ 0 },
};
static const struct option search_positionals[] = {
	{ .name = "WORD", .kind = OPTION_TEXT, .repeated = true, .help = "what to look for" },
	{ 0 },
};
static const struct option search_options[] = {
	{ .name = "stdin", .kind = OPTION_FLAG, .help = "questions from standard input, one a line" },
	LIMIT_OPTION,
	KEYS_OPTION,
	{ 0 },
};
static const struct option outbox_options[] = {
	{ .name = "all", .kind = OPTION_FLAG, .help = "also what is settled" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option trace_positionals[] = {
	{ .name = "OPERATION", .kind = OPTION_TEXT, .required = true, .help = "digits of its id, '#' and its number, or \"last\"" },
	{ 0 },
};
static const struct option issues_options[] = {
	{ .name = "all", .kind = OPTION_FLAG, .help = "also resolved ones" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option bundle_positionals[] = {
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .help = "the file to write" },
	{ 0 },
};
static const struct option bundle_options[] = {
	{ .name = "files", .value = "MIB", .kind = OPTION_INTEGER, .min = 0, .max = 192,
	  .help = "photos and documents that wait to be sent go along, up to so many MiB (default 64)" },
	{ .name = "for", .value = "DEVICE", .kind = OPTION_TEXT,
	  .help = "instead, the office's answer for another device, whose bundle this one carried: the\n"
		  "name of that bundle, or first digits of the id" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option bundle_tell_options[] = {
	{ .name = "incident", .value = "MS", .kind = OPTION_INTEGER, .min = 1, .max = INT64_MAX,
	  .help = "a bundle is written that tells the office of the incident of then" },
	{ .name = "epoch", .value = "ID", .kind = OPTION_TEXT, .help = "where the device stands by it: the epoch" },
	{ .name = "commit", .value = "N", .kind = OPTION_INTEGER, .min = 0, .max = INT64_MAX, .help = "and the commit" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option bundles_positionals[] = {
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .repeated = true, .help = "bundles for this device" },
	{ 0 },
};
static const struct option carry_positionals[] = {
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .repeated = true,
	  .help = "bundles that other devices made for the office" },
	{ 0 },
};
static const struct option server_positionals[] = {
	{ .name = "URL[,URL]", .kind = OPTION_TEXT, .help = "the new addresses" },
	{ 0 },
};
static const struct option config_positionals[] = {
	{ .name = "SETTING", .kind = OPTION_TEXT, .help = "which one is changed" },
	{ .name = "VALUE", .kind = OPTION_TEXT, .help = "to what" },
	{ 0 },
};
#define LEG "which one: its number in \"flight list\""
static const struct option flight_leg_positionals[] = {
	{ .name = "LEG", .kind = OPTION_INTEGER, .required = true, .min = 1, .max = 1000000000, .help = LEG },
	{ 0 },
};
static const struct option flight_file_positionals[] = {
	{ .name = "FILE", .kind = OPTION_TEXT, .required = true, .help = "where to write it" },
	{ 0 },
};
static const struct option flight_export_options[] = {
	{ .name = "leg", .value = "N", .kind = OPTION_INTEGER, .min = 1, .max = 1000000000, .help = "this one alone (default: all)" },
	KEYS_OPTION,
	{ 0 },
};
static const struct option doctor_options[] = {
	{ .name = "repair", .kind = OPTION_FLAG, .help = "put a damaged replica aside and begin a new one; the outbox is kept" },
	{ .name = "offline", .kind = OPTION_FLAG, .help = "do not ask whether the server can be reached" },
	KEYS_OPTION,
	{ 0 },
};

static const struct option file_get_options[] = {
	{ .name = "thumbnail", .kind = OPTION_FLAG, .help = "the small picture, which comes before the file itself" },
	{ .name = "out", .value = "FILE", .kind = OPTION_TEXT, .help = "where to put it (default: here, named by digits of its id)" },
	KEYS_OPTION,
	{ 0 },
};

static const struct command commands[] = {
	{ .group = "The day", .name = "today", .summary = "your visits", .example = "truckroll today", .options = today_options,
	  .place = PLACE_READER, .run = command_today },
	{ .group = "The day", .name = "show", .summary = "one work order with all that belongs to it, or any other record",
	  .example = "truckroll show HH-5008", .positionals = show_positionals, .options = show_options, .place = PLACE_READER,
	  .run = command_show },
	{ .group = "The day", .name = "van", .summary = "what is in your van", .example = "truckroll van", .options = van_options,
	  .place = PLACE_READER, .run = command_van },
	{ .group = "Work", .name = "accept", .summary = "take a visit that was sent to you", .example = "truckroll accept HH-5008",
	  .positionals = visit_positionals, .options = keys_options, .place = PLACE_OWNER, .beside = true, .run = command_accept },
	{ .group = "Work", .name = "decline", .summary = "give a visit back",
	  .example = "truckroll decline HH-5008 --reason \"van is in the workshop\"", .positionals = visit_positionals,
	  .options = reason_options, .place = PLACE_OWNER, .beside = true, .run = command_decline },
	{ .group = "Work", .name = "delay", .summary = "tell the office when you will be there",
	  .details = "It stands beside the plan, which stays the office's.", .example = "truckroll delay 10:30 --visit HH-5001",
	  .positionals = delay_positionals, .options = delay_options, .place = PLACE_OWNER, .beside = true, .run = command_delay },
	{ .group = "Work", .name = "travel", .summary = "you are on your way", .example = "truckroll travel",
	  .positionals = visit_positionals, .options = keys_options, .place = PLACE_OWNER, .beside = true, .run = command_travel },
	{ .group = "Work", .name = "arrive", .summary = "you are there", .example = "truckroll arrive --at 09:40",
	  .positionals = visit_positionals, .options = keys_options, .place = PLACE_OWNER, .beside = true, .run = command_arrive },
	{ .group = "Work", .name = "pause", .summary = "you interrupt the work",
	  .example = "truckroll pause --reason \"waiting for the key\"", .positionals = visit_positionals, .options = pause_options,
	  .place = PLACE_OWNER, .beside = true, .run = command_pause },
	{ .group = "Work", .name = "resume", .summary = "you go on", .example = "truckroll resume", .positionals = visit_positionals,
	  .options = keys_options, .place = PLACE_OWNER, .beside = true, .run = command_resume },
	{ .group = "Work", .name = "finish", .summary = "the visit is done",
	  .details = "Say who signed for it, or why nobody did, unless it was signed already.\n"
		     "What is fixed needs a cause, an action, and an answer to every mandatory task.",
	  .example = "truckroll finish --cause worn_part --action replaced --text \"new seal\" --signer \"B. Harper\"",
	  .positionals = visit_positionals, .options = finish_options, .place = PLACE_OWNER, .beside = true, .run = command_finish },
	{ .group = "Work", .name = "abort", .summary = "you leave without a result",
	  .example = "truckroll abort --reason \"site is closed\"", .positionals = visit_positionals, .options = reason_options,
	  .place = PLACE_OWNER, .beside = true, .run = command_abort },
	{ .group = "Work", .name = "use", .summary = "put a part in", .example = "truckroll use HH-1021 --quantity 2",
	  .positionals = part_positionals, .options = use_options, .place = PLACE_OWNER, .beside = true, .run = command_use },
	{ .group = "Work", .name = "return", .summary = "take a part back that was not needed", .example = "truckroll return HH-1021",
	  .positionals = part_positionals, .options = return_options, .place = PLACE_OWNER, .beside = true, .run = command_return },
	{ .group = "Work", .name = "task", .summary = "the checklist of a visit; with an answer, answer one task",
	  .example = "truckroll task\ntruckroll task 2 1.8", .positionals = task_positionals, .options = task_options,
	  .place = PLACE_OWNER, .beside = true, .run = command_task },
	{ .group = "Work", .name = "read", .summary = "read a meter", .example = "truckroll read \"hours run\" 4711",
	  .positionals = read_positionals, .options = read_options, .place = PLACE_OWNER, .beside = true, .run = command_read },
	{ .group = "Work", .name = "photo", .summary = "record a photo or a document of the visit",
	  .example = "truckroll photo leak.jpg --caption \"seal before\"", .positionals = photo_positionals, .options = photo_options,
	  .place = PLACE_OWNER, .beside = true, .run = command_photo },
	{ .group = "Work", .name = "time", .summary = "log time that no other command tells of",
	  .example = "truckroll time admin 16:00 16:20 --text \"called the supplier\"", .positionals = time_positionals,
	  .options = time_options, .place = PLACE_OWNER, .beside = true, .run = command_time },
	{ .group = "Work", .name = "sign", .summary = "the customer signs", .example = "truckroll sign B. Harper --role caretaker",
	  .positionals = sign_positionals, .options = sign_options, .place = PLACE_OWNER, .beside = true, .run = command_sign },
	{ .group = "Work", .name = "reopen", .summary = "go on with a visit that you finished, within a day",
	  .example = "truckroll reopen HH-5008 --reason \"leaks again\"", .positionals = visit_positionals,
	  .options = reason_options, .place = PLACE_OWNER, .beside = true, .run = command_reopen },
	{ .group = "Records", .name = "note", .summary = "add a note to a work order",
	  .example = "truckroll note HH-5008 gate code has changed", .positionals = note_positionals, .options = keys_options,
	  .place = PLACE_OWNER, .beside = true, .run = command_note },
	{ .group = "Records", .name = "edit", .summary = "change fields of a record",
	  .example = "truckroll edit asset LI1662002 status=down", .positionals = edit_positionals, .options = keys_options,
	  .place = PLACE_OWNER, .beside = true, .run = command_edit },
	{ .group = "Records", .name = "create", .summary = "make a record, such as a request that you met on the road",
	  .example = "truckroll create service_request text=\"second pump leaks, too\" site_id=\"Cairn Hotel\"",
	  .positionals = create_positionals, .options = keys_options, .place = PLACE_OWNER, .beside = true, .run = command_create },
	{ .group = "Records", .name = "file list", .summary = "photos, signatures and documents, and whether they are here",
	  .example = "truckroll file list HH-5008", .positionals = file_list_positionals, .options = keys_options,
	  .place = PLACE_READER, .run = command_file_list },
	{ .group = "Records", .name = "file get", .summary = "the file of an attachment",
	  .details = "When it is not here it is asked for, and comes with the next exchange. The files of work that is not over come\n"
		     "by themselves.",
	  .example = "truckroll file get 09f2c1 --out before.jpg", .positionals = file_get_positionals, .options = file_get_options,
	  .place = PLACE_OWNER, .run = command_file_get },
	{ .group = "Knowledge", .name = "kb search", .summary = "articles about words", .example = "truckroll kb search pump leaks",
	  .positionals = search_positionals, .options = search_options, .place = PLACE_READER, .run = command_kb_search },
	{ .group = "Knowledge", .name = "kb list", .summary = "knowledge articles", .example = "truckroll kb list --limit 10",
	  .options = limit_options, .place = PLACE_READER, .run = command_kb_list },
	{ .group = "Knowledge", .name = "kb show", .summary = "one article", .example = "truckroll kb show HH-KB-016",
	  .positionals = article_positionals, .options = keys_options, .place = PLACE_READER, .run = command_kb_show },
	{ .group = "What became of it", .name = "outbox", .summary = "your operations that are not settled yet",
	  .example = "truckroll outbox", .options = outbox_options, .place = PLACE_READER, .run = command_outbox },
	{ .group = "What became of it", .name = "trace", .summary = "one operation: what it said and what became of it",
	  .example = "truckroll trace 09f2c1", .positionals = trace_positionals, .options = keys_options, .place = PLACE_READER,
	  .run = command_trace },
	{ .group = "What became of it", .name = "issues", .summary = "what waits for a person's decision",
	  .example = "truckroll issues", .options = issues_options, .place = PLACE_READER, .run = command_issues },
	{ .group = "The device", .name = "sync", .summary = "exchange with the server now",
	  .details = "Prints what went and came, and every operation that was not simply applied.\n"
		     "Before you leave the network, --forecast counts the rows and hashes the files of each job that is before you;\n"
		     "it exits with 0 when all of them are complete here, and with 3 when something is missing.",
	  .example = "truckroll sync --wait 60\ntruckroll sync --forecast", .options = sync_options,
	  .place = PLACE_HERE, .run = command_sync },
	{ .group = "The device", .name = "bundle export",
	  .summary = "write what the office does not have yet into a file: sync without a network",
	  .details = "Only the office can read it. Send it by mail or on a stick; it may be written again at any time.",
	  .example = "truckroll bundle export /media/stick/ada.bundle", .positionals = bundle_positionals, .options = bundle_options,
	  .place = PLACE_READER, .run = command_bundle_export },
	{ .group = "The device", .name = "bundle tell",
	  .summary = "what \"bundle export\" asks the running agent, and tells it when it is done",
	  .details = "That command gives this one itself. A bundle that was lost needs nothing: the next one says all of it again.",
	  .example = "truckroll bundle tell --json", .options = bundle_tell_options, .place = PLACE_OWNER, .run = command_bundle_tell },
	{ .group = "The device", .name = "bundle import", .summary = "take in bundles that the office made for this device",
	  .details = "In any order and again, before, after or between syncs over a network: what is older than what is here\n"
		     "changes nothing.",
	  .example = "truckroll bundle import /media/stick/for-tablet.bundle", .positionals = bundles_positionals, .options = keys_options,
	  .place = PLACE_OWNER, .long_running = true, .run = command_bundle_import },
	{ .group = "The device", .name = "bundle carry", .summary = "take bundles of other devices along to the office",
	  .details = "This device cannot read them. They go over its link after its own work, at most 16 of them and 256 MiB in all;\n"
		     "the answer comes back here: see \"truckroll bundle list\". What is not brought within 30 days is dropped.",
	  .example = "truckroll bundle carry /media/stick/ben.bundle", .positionals = carry_positionals, .options = keys_options,
	  .place = PLACE_OWNER, .run = command_bundle_carry },
	{ .group = "The device", .name = "bundle list", .summary = "the bundles that this device carries for others, and the answers",
	  .example = "truckroll bundle list\ntruckroll bundle export /media/stick/for-ben.bundle --for ben", .options = keys_options,
	  .place = PLACE_OWNER, .run = command_bundle_list },
	{ .group = "The device", .name = "agent", .summary = "stay on line until told to stop",
	  .example = "truckroll agent --ready-file /run/user/1000/truckroll.ready", .options = agent_options, .place = PLACE_HERE,
	  .run = command_agent },
	{ .group = "The device", .name = "link", .summary = "what the running agent's connection does",
	  .example = "truckroll link --now", .options = link_options, .place = PLACE_OWNER, .beside = true, .run = command_link },
	{ .group = "The device", .name = "server", .summary = "where the server is: shows it, or says it anew",
	  .details = "Several addresses stand in the order in which they are liked: the first one\n"
		     "that can be reached is used, a better one is tried again after some minutes.\n"
		     "tcp:// is the fastest, https:// goes through proxies. A server without a\n"
		     "certificate that this machine trusts is known by its key, written behind its\n"
		     "address: \";pin=sha256//BASE64\".",
	  .example = "truckroll server tcp://office.example:7450,https://office.example", .positionals = server_positionals,
	  .options = keys_options, .place = PLACE_OWNER, .run = command_server },
	{ .group = "The device", .name = "config",
	  .summary = "settings of this device, such as what its links may carry: shows them, or changes one",
	  .details = "On a metered link operations always go, rows while any of the day's bytes are left,\n"
		     "files while more than a quarter is. What waits comes over an unmetered link, or tomorrow.",
	  .example = "truckroll config metered_bytes_a_day 20MB\ntruckroll config metered_carries rows",
	  .positionals = config_positionals, .options = keys_options, .place = PLACE_OWNER, .run = command_config },
	{ .group = "The device", .name = "status", .summary = "who you are and how things stand", .example = "truckroll status --json",
	  .options = status_options, .place = PLACE_READER, .run = command_status },
	{ .group = "The device", .name = "doctor", .summary = "check everything, and say what to do", .example = "truckroll doctor",
	  .options = doctor_options, .place = PLACE_HERE, .run = command_doctor },
	{ .group = "The device", .name = "flight list", .summary = "what the flight recorder has kept of the agent and of syncs",
	  .details = "A leg begins with a copy of the device's data and holds whatever went in and came out since.\n"
		     "The setting flight_bytes bounds them all; the oldest go.",
	  .example = "truckroll flight list", .options = keys_options, .place = PLACE_HERE, .run = command_flight_list },
	{ .group = "The device", .name = "flight show", .summary = "what went in and came out in one leg, event by event",
	  .example = "truckroll flight show 3", .positionals = flight_leg_positionals, .options = keys_options, .place = PLACE_HERE,
	  .run = command_flight_show },
	{ .group = "The device", .name = "flight export", .summary = "write the flight to a file, for whoever looks into what went wrong",
	  .details = "They can replay it: the same happens again, byte by byte. The device's keys are not in it, but its data is;\n"
		     "twelve words open it, which are said once.",
	  .example = "truckroll flight export /tmp/ada.flight", .positionals = flight_file_positionals, .options = flight_export_options,
	  .place = PLACE_HERE, .run = command_flight_export },
	{ .group = "The device", .name = "enroll", .summary = "join an organisation",
	  .details = "Shows six words and waits until the office has compared them with its own and lets the device in.\n"
		     "With --json the words come first, as an object on a line of its own.",
	  .example = "truckroll enroll 7K2M-9QXR-4D1TB --server tcp://office.example:7450", .positionals = enroll_positionals,
	  .options = enroll_options, .place = PLACE_HERE, .run = command_enroll },
};
/* clang-format on */

static enum status open_device(struct context *context, enum place place)
{
	struct local_device *device;
	enum status status = local_device_open_for(context, place == PLACE_READER, 0, &device);

	if (status == STATUS_OK)
		context->state = device;
	return status;
}

static enum status check_device(struct context *context)
{
	struct device_store *store = local_device_of(context)->store;
	enum status status = storage_trouble(device_store_replica_storage(store));

	return status == STATUS_OK ? storage_trouble(device_store_outbox_storage(store)) : status;
}

/* Who looks for what is gone with a device's rights learns that they are. */
static void explain_standing(struct context *context, enum status status)
{
	const struct standing_note *note = &local_device_of(context)->note;
	bool revoked = note->device_state == DEVICE_STATE_DRAINING || note->device_state == DEVICE_STATE_STOLEN;

	if (status == STATUS_NOT_FOUND && revoked)
		output_warning(context->output, "%s",
			catalogue_translate(context->language, standing_note_warning(note, context->now_ms)));
}

static void close_device(struct context *context)
{
	local_device_close(context->state);
}

const struct program device_program = {
	.name = "truckroll",
	.summary = "a technician's work, with or without a network",
	.version = DEVICE_VERSION,
	.dir_variable = "TRUCKROLL_DIR",
	.dir_default = "~/.local/share/truckroll",
	.commands = commands,
	.command_count = LENGTH(commands),
	.open = open_device,
	.enter = link_enter,
	.leave = link_leave,
	.check = check_device,
	.explain = explain_standing,
	.close = close_device,
};
