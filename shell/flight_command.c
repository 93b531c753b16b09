#include "shell/flight_command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/sync/flight.h"
#include "shell/file.h"
#include "shell/flight_folder.h"
#include "shell/leg_file.h"

/* ---- reading a leg ---- */

typedef enum status (*entry_visit)(void *context, struct bytes bytes, const struct flight_entry *entry);

static enum status visit_entries(struct leg_reader *reader, entry_visit visit, void *context)
{
	struct arena arena = { 0 };
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		struct flight_entry entry;
		struct bytes bytes;
		arena_reset(&arena);
		status = leg_read(reader, &arena, &bytes);
		if (status == STATUS_OK)
			status = flight_decode(bytes, &arena, &entry);
		if (status == STATUS_OK)
			status = visit(context, bytes, &entry);
	}
	arena_finish(&arena);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The one that is being recorded ends where it ends. */
static enum status read_leg(const struct flight_leg *leg, const struct identity *identity, entry_visit visit, void *context)
{
	struct arena arena = { 0 };
	struct leg_reader reader = { 0 };
	struct bytes file;
	enum status status = file_read(&arena, leg->path, FLIGHT_FILE_MAX, &file);

	if (status == STATUS_OK)
		status = leg_open_for(&reader, file, identity);
	if (status == STATUS_OK)
		status = visit_entries(&reader, visit, context);
	leg_reader_finish(&reader);
	arena_finish(&arena);
	return status;
}

/* ---- list ---- */

struct tally {
	int64_t begins_at_ms, ends_at_ms;
	int64_t events, frames_in, frames_out;
	bool copied;
};

static enum status count_entry(void *context, struct bytes bytes, const struct flight_entry *entry)
{
	struct tally *tally = context;

	(void)bytes;
	switch (entry->kind) {
	case FLIGHT_HEAD:
		tally->begins_at_ms = tally->ends_at_ms = entry->head.begins_at_ms;
		tally->copied = entry->head.copied;
		break;
	case FLIGHT_EVENT:
	case FLIGHT_SERVER_EVENT:
		tally->ends_at_ms = entry->event.now_ms;
		tally->events++;
		tally->frames_in += entry->event.event.kind == DEVICE_EVENT_REPLY || entry->event.server.kind == SERVER_EVENT_FRAME;
		break;
	case FLIGHT_EFFECT:
		tally->frames_out += entry->effect.kind == DEVICE_EFFECT_SEND;
		break;
	case FLIGHT_SERVER_EFFECT:
		tally->frames_out += entry->server_effect.kind == SERVER_EFFECT_SEND;
		break;
	case FLIGHT_FILE:
	case FLIGHT_GIVEN:
	case FLIGHT_DONE:
		break;
	}
	return STATUS_OK;
}

static void list_leg(struct context *context, struct table *table, const struct flight_leg *leg, const struct identity *identity)
{
	struct tally tally = { 0 };
	enum status status = read_leg(leg, identity, count_entry, &tally);

	table_row(table, (const struct cell[]){ cell_integer(leg->number), cell_time(tally.begins_at_ms), cell_time(tally.ends_at_ms),
				 cell_integer(tally.events), cell_integer(tally.frames_in), cell_integer(tally.frames_out),
				 cell_size(leg->size), cell_boolean(status == STATUS_OK && tally.copied),
				 status == STATUS_OK ? cell_none() : cell_text(arena_print(context->arena, "%s", fail_reason())) });
}

enum status flight_list(struct context *context, const struct identity *identity)
{
	static const struct column columns[] = { { "leg", NULL, false }, { "begins_at", "begins", false }, { "ends_at", "ends", false },
		{ "events", NULL, false }, { "frames_in", "frames in", false }, { "frames_out", "frames out", false },
		{ "size", NULL, false }, { "replays", NULL, false }, { "trouble", NULL, false } };
	struct table *table = output_table(context->output, "legs", columns, LENGTH(columns));
	struct flight_leg *legs;
	size_t count;

	flight_legs(context->arena, context->dir, &legs, &count);
	for (size_t i = 0; i < count; i++)
		list_leg(context, table, &legs[i], identity);
	if (count == 0)
		output_line(context->output, "Nothing was recorded.");
	return STATUS_OK;
}

/* ---- show ---- */

struct showing {
	struct table *table;
	int64_t number;
	int64_t at_ms; /* of the event under way, as all below */
	const char *what;
	size_t size;
};

static void show_row(struct showing *showing, const char *what, size_t size, const char *result)
{
	table_row(showing->table, (const struct cell[]){ cell_integer(showing->number), cell_time(showing->at_ms), cell_string(what),
					  size == 0 ? cell_none() : cell_size((int64_t)size), cell_string(result) });
}

static const char *effect_to_text(const struct flight_entry *entry)
{
	static const char *const of_server[] = {
		[SERVER_EFFECT_SEND] = "send", [SERVER_EFFECT_DROP] = "drop", [SERVER_EFFECT_COMMIT] = "commit"
	};

	if (entry->kind == FLIGHT_SERVER_EFFECT)
		return of_server[entry->server_effect.kind];
	return entry->effect.kind == DEVICE_EFFECT_SEND ? "send" : "commit";
}

static void show_event(struct showing *showing, const struct flight_entry *entry, const char *what, size_t size)
{
	showing->at_ms = entry->event.now_ms;
	showing->number++;
	showing->what = what;
	showing->size = size;
}

static enum status show_entry(void *context, struct bytes bytes, const struct flight_entry *entry)
{
	struct showing *showing = context;

	(void)bytes;
	switch (entry->kind) {
	case FLIGHT_EVENT:
		show_event(showing, entry, device_event_to_text(entry->event.event.kind), entry->event.event.frame.size);
		break;
	case FLIGHT_SERVER_EVENT:
		show_event(showing, entry, server_event_to_text(entry->event.server.kind), entry->event.server.frame.size);
		break;
	case FLIGHT_DONE:
		show_row(showing, showing->what, showing->size, status_to_text(entry->status));
		break;
	case FLIGHT_EFFECT:
		show_row(showing, effect_to_text(entry), entry->effect.bytes.size, "");
		break;
	case FLIGHT_SERVER_EFFECT:
		show_row(showing, effect_to_text(entry), entry->server_effect.bytes.size, "");
		break;
	case FLIGHT_HEAD:
	case FLIGHT_FILE:
	case FLIGHT_GIVEN:
		break;
	}
	return STATUS_OK;
}

static enum status find_leg(struct context *context, int64_t number, struct flight_leg *out_leg)
{
	struct flight_leg *legs;
	size_t count;

	flight_legs(context->arena, context->dir, &legs, &count);
	for (size_t i = 0; i < count; i++)
		if (legs[i].number == number) {
			*out_leg = legs[i];
			return STATUS_OK;
		}
	return fail(STATUS_NOT_FOUND, "there is no leg %lld: \"%s flight list\" says which there are", (long long)number,
		context->program->name);
}

enum status flight_show(struct context *context, const struct identity *identity)
{
	static const struct column columns[] = { { "event", NULL, false }, { "at", NULL, false }, { "what", NULL, false },
		{ "size", NULL, false }, { "result", NULL, false } };
	struct showing showing = { .table = output_table(context->output, "events", columns, LENGTH(columns)) };
	struct flight_leg leg;
	enum status status = find_leg(context, arguments_integer(context->arguments, "LEG", 0), &leg);

	return status == STATUS_OK ? read_leg(&leg, identity, show_entry, &showing) : status;
}

/* ---- export ---- */

struct export
{
	struct leg_writer writer;
	struct bytes held; /* the latest entry: whether it is the last is not known before there is another, or none */
	struct arena *arena, *other;
	struct tally tally;
	int64_t legs;
};

/* Two arenas in turn: the entry that is held lives in one of them. */
static enum status write_entry(void *context, struct bytes bytes, const struct flight_entry *entry)
{
	struct export *export = context;
	struct arena *spare = export->other;
	enum status status = export->held.data == NULL ? STATUS_OK : leg_write(&export->writer, export->held, false);

	arena_reset(spare);
	export->held = arena_copy_bytes(spare, bytes);
	export->other = export->arena;
	export->arena = spare;
	export->legs += entry->kind == FLIGHT_HEAD;
	return status == STATUS_OK ? count_entry(&export->tally, bytes, entry) : status;
}

static enum status write_legs(struct export *export, const struct flight_leg *legs, size_t count, const struct identity *identity)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = read_leg(&legs[i], identity, write_entry, export);
	if (status == STATUS_OK && export->held.data == NULL)
		status = fail(STATUS_NOT_FOUND, "nothing was recorded: there is no flight to export");
	return status == STATUS_OK ? leg_write(&export->writer, export->held, true) : status;
}

static void tell_export(struct context *context, struct text path, const struct export *export, const struct leg_words *words)
{
	output_value(context->output, "file", NULL, cell_text(path));
	output_value(context->output, "legs", NULL, cell_integer(export->legs));
	output_value(context->output, "events", NULL, cell_integer(export->tally.events));
	output_value(context->output, "size", NULL, cell_size(export->writer.size));
	output_value(context->output, "opening_words", "opening words", cell_string(words->characters));
	output_line(context->output, "These words open the file, and are kept nowhere: send them by another way than the file.");
	output_line(context->output, "It holds what the store held and what was sent: whoever opens it reads all of that.");
}

static enum status export_legs(struct context *context, const struct flight_leg *legs, size_t count, const struct identity *identity)
{
	struct text path = path_join(context->arena, context->working_dir, arguments_text(context->arguments, "FILE"));
	struct arena arenas[2] = { { 0 } };
	struct export export = { .arena = &arenas[0], .other = &arenas[1] };
	struct leg_words words;
	enum status status;

	if (file_exists(path.data))
		return fail(STATUS_REFUSED, "%s is there already: give another name", path.data);
	leg_words_draw(&words);
	status = leg_create_with(&export.writer, path.data, &words);
	if (status == STATUS_OK)
		status = write_legs(&export, legs, count, identity);
	if (status == STATUS_OK)
		tell_export(context, path, &export, &words);
	else
		(void)unlink(path.data);
	leg_finish(&export.writer);
	arena_finish(&arenas[0]);
	arena_finish(&arenas[1]);
	return status;
}

enum status flight_export(struct context *context, const struct identity *identity)
{
	struct flight_leg *legs, one;
	size_t count;
	enum status status;

	if (!arguments_has(context->arguments, "leg")) {
		flight_legs(context->arena, context->dir, &legs, &count);
		return export_legs(context, legs, count, identity);
	}
	status = find_leg(context, arguments_integer(context->arguments, "leg", 0), &one);
	return status == STATUS_OK ? export_legs(context, &one, 1, identity) : status;
}
