#include "device_agent/link_report.h"

#include <assert.h>
#include <jansson.h>

#include "protocol/domain/device.h"
#include "protocol/sync/blob_store.h"
#include "shell/control.h"
#include "shell/time_text.h"

enum report_kind {
	FLAG,
	COUNT,
	BYTES,
	MOMENT,
	WORDS,
};

/* A member of the report, as `link` says it. */
struct report_field {
	struct column column;
	enum report_kind kind;
	size_t offset;
};

#define AT(member) offsetof(struct link_report, member)

/* clang-format off */
static const struct report_field fields[] = {
	{ { "connected",             NULL,                   false }, FLAG,   AT(connected) },
	{ { "unanswered",            NULL,                   true  }, FLAG,   AT(unanswered) },
	{ { "outdated",              NULL,                   true  }, FLAG,   AT(outdated) },
	{ { "synced",                NULL,                   false }, FLAG,   AT(synced) },
	{ { "rounds",                NULL,                   false }, COUNT,  AT(rounds) },
	{ { "rows_received",         "rows received",        false }, COUNT,  AT(rows) },
	{ { "rows_expected",         NULL,                   true  }, COUNT,  AT(rows_expected) },
	{ { "repairs",               NULL,                   true  }, COUNT,  AT(repairs) },
	{ { "repaired_rows",         "rows put right",       false }, COUNT,  AT(repaired) },
	{ { "files_waiting",         "files under way",      false }, COUNT,  AT(files_waiting) },
	{ { "file_bytes_waiting",    NULL,                   true  }, COUNT,  AT(file_bytes_waiting) },
	{ { "file_bytes_sent",       NULL,                   true  }, COUNT,  AT(file_bytes_sent) },
	{ { "file_bytes_received",   NULL,                   true  }, COUNT,  AT(file_bytes_received) },
	{ { "rows_held",             NULL,                   true  }, FLAG,   AT(rows_held) },
	{ { "files_held",            NULL,                   true  }, FLAG,   AT(files_held) },
	{ { "files_stuck",           NULL,                   true  }, COUNT,  AT(files_stuck) },
	{ { "files_sent",            "files sent",           false }, COUNT,  AT(files_sent) },
	{ { "files_received",        "files received",       false }, COUNT,  AT(files_received) },
	{ { "carried_waiting",       NULL,                   true  }, COUNT,  AT(carried_waiting) },
	{ { "carried_answers",       NULL,                   true  }, COUNT,  AT(carried_answers) },
	{ { "file_trouble",          "trouble with files",   false }, WORDS,  AT(file_trouble) },
	{ { "bytes_sent",            "sent",                 false }, BYTES,  AT(sent) },
	{ { "bytes_received",        "received",             false }, BYTES,  AT(received) },
	{ { "last_contact_at",       "last contact",         false }, MOMENT, AT(last_contact_at_ms) },
	{ { "failures",              "failed tries",         false }, COUNT,  AT(failures) },
	{ { "failure",               "latest failure",       false }, WORDS,  AT(failure) },
	{ { "refusal",               NULL,                   false }, WORDS,  AT(refusal) },
	{ { "revoked",               NULL,                   false }, FLAG,   AT(revoked) },
	{ { "stolen",                NULL,                   true  }, FLAG,   AT(stolen) },
};
/* clang-format on */

/* Why files are not moved, in English. */
static struct text file_trouble(const struct context *context, const struct device_core_state *state)
{
	switch ((enum blob_trouble)state->file_trouble) {
	case BLOB_TROUBLE_SERVER_ROOM:
		return text_of("the server has no room for files: it keeps the rest for work; the office is to free some space");
	case BLOB_TROUBLE_SERVER_REFUSES:
		return text_of("the server takes no files from this device");
	case BLOB_TROUBLE_SERVER_FINDS:
		return text_of("the server finds a file damaged that is sound here");
	case BLOB_TROUBLE_DAMAGED:
		return text_of("what the server sends of a file is not what it says");
	case BLOB_TROUBLE_HERE:
		return arena_print(context->arena, "%s", state->file_reason);
	case BLOB_TROUBLE_NONE:
		break;
	}
	return text_of("");
}

struct link_report link_report_of(struct context *context, const struct link *link)
{
	struct device_core_state state = device_core_state(link->device->core);
	struct link_report report = { .synced = state.synced,
		.connected = state.connected,
		.unanswered = link_unanswered(link),
		.outdated = state.outdated,
		.failures = link->failures,
		.rounds = state.rounds,
		.rows = state.rows_received,
		.rows_expected = state.rows_expected,
		.files_waiting = state.files_waiting,
		.file_bytes_waiting = state.file_bytes_waiting,
		.file_bytes_sent = state.file_bytes_sent,
		.file_bytes_received = state.file_bytes_received,
		.rows_held = state.rows_held,
		.files_held = state.files_held,
		.files_stuck = state.files_stuck,
		.files_sent = state.files_sent,
		.files_received = state.files_received,
		.file_trouble = file_trouble(context, &state),
		.carried_waiting = state.carried_waiting,
		.carried_answers = state.carried_answers,
		.repairs = state.repairs,
		.repaired = state.repaired_rows,
		.revoked = state.rounds > 0 && state.device_state != DEVICE_STATE_ACTIVE,
		.stolen = state.rounds > 0 && state.device_state == DEVICE_STATE_STOLEN,
		.last_contact_at_ms = state.last_contact_at_ms,
		.failure = arena_print(context->arena, "%s", state.connected ? "" : link->failure), /* an old one is over */
		.refusal = text_of(standing_note_refusal(state.refused)) };
	uint64_t sent, received;

	link_count(link, &sent, &received);
	report.sent = (int64_t)sent;
	report.received = (int64_t)received;
	return report;
}

static struct cell cell_of(const struct report_field *field, const struct link_report *report)
{
	const void *at = (const char *)report + field->offset;

	switch (field->kind) {
	case FLAG:
		return cell_boolean(*(const bool *)at);
	case COUNT:
		return cell_integer(*(const int64_t *)at);
	case BYTES:
		return cell_size(*(const int64_t *)at);
	case MOMENT:
		return cell_time(*(const int64_t *)at);
	case WORDS:
		return cell_text(*(const struct text *)at);
	}
	return cell_none();
}

void link_report_tell(struct output *output, const struct link_report *report)
{
	for (size_t i = 0; i < LENGTH(fields); i++) {
		const struct report_field *field = &fields[i];
		struct cell cell = cell_of(field, report);
		if (field->column.json_only)
			output_json(output, field->column.name,
				field->kind == FLAG ? json_boolean(cell.integer != 0) : json_integer(cell.integer));
		else
			output_value(output, field->column.name, field->column.title, cell);
	}
}

static struct text text_in(struct context *context, const json_t *value)
{
	const char *found = json_string_value(value);

	return arena_print(context->arena, "%s", found == NULL ? "" : found);
}

static int64_t moment_in(struct context *context, const json_t *value)
{
	struct text said = text_in(context, value);
	int64_t at_ms;

	return said.size > 0 && time_parse(said, context->now_ms, NULL, &at_ms) == STATUS_OK ? at_ms : 0;
}

static void read_field(struct context *context, const struct report_field *field, const json_t *value, struct link_report *report)
{
	void *at = (char *)report + field->offset;

	switch (field->kind) {
	case FLAG:
		*(bool *)at = json_is_true(value);
		break;
	case COUNT:
	case BYTES:
		*(int64_t *)at = json_integer_value(value);
		break;
	case MOMENT:
		*(int64_t *)at = moment_in(context, value);
		break;
	case WORDS:
		*(struct text *)at = text_in(context, value);
		break;
	}
}

static enum status read_report(struct context *context, struct text said, struct link_report *out_report)
{
	json_t *object = json_loadb(said.data, said.size, 0, NULL);
	bool runs = json_is_true(json_object_get(object, "running"));

	*out_report = (struct link_report){ .connected = false };
	for (size_t i = 0; runs && i < LENGTH(fields); i++)
		read_field(context, &fields[i], json_object_get(object, fields[i].column.name), out_report);
	json_decref(object);
	return runs ? STATUS_OK
		    : fail(STATUS_OFFLINE, "the agent is there but does not say how far it is: is it of another version?");
}

enum status link_report_ask(struct context *context, enum link_asking asking, int timeout_ms, struct link_report *out_report)
{
	static const size_t word_counts[] = { [ASK_ONLY] = 2, [ASK_GO] = 3, [ASK_CHECK] = 4 };
	const struct text words[] = { text_of("link"), text_of("--json"), text_of("--now"), text_of("--check") };
	const struct control_request request = { .words = words,
		.word_count = word_counts[asking],
		.working_dir = context->working_dir,
		.language = text_of("en"),
		.now_ms = context->now_ms };
	struct control_reply reply;
	enum status status;

	assert(!context->forwarded);
	status = control_call(context->dir.data, context->arena, &request, timeout_ms, timeout_ms, &reply);
	return status == STATUS_OK ? read_report(context, reply.out, out_report) : status;
}
