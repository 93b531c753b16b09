#include "protocol/sync/flight.h"

#include <string.h>

#include "protocol/wire/body.h"
#include "protocol/wire/operation_codec.h"
#include "protocol/wire/pack.h"

#define TEXT_MAX    1024
#define PACK_LEVEL  1
#define STATUS_LAST STATUS_AMBIGUOUS

static void write_flag(struct writer *writer, bool flag)
{
	write_u8(writer, flag ? 1 : 0);
}

static bool read_flag(struct reader *reader)
{
	uint8_t flag = read_u8(reader);

	if (flag > 1)
		reader->bad = true;
	return flag == 1;
}

static void write_text(struct writer *writer, struct text text)
{
	write_bytes(writer, (struct bytes){ (const uint8_t *)text.data, text.size });
}

/* NUL-terminated, in the arena. */
static struct text read_text(struct reader *reader, struct arena *arena, size_t size_max)
{
	struct bytes bytes = read_bytes(reader, size_max);
	struct text text = { (const char *)bytes.data, bytes.size };

	if (!text_valid(text))
		reader->bad = true;
	return arena_copy_text(arena, reader->bad ? text_of("") : text);
}

static enum status read_status(struct reader *reader)
{
	return (enum status)read_varint_max(reader, STATUS_LAST);
}

/* ---- the head ---- */

static void write_suspect(struct writer *writer, const struct suspect *suspect)
{
	write_u8(writer, (uint8_t)suspect->work);
	write_raw(writer, suspect->device.bytes, ID_SIZE);
	write_raw(writer, suspect->incarnation.bytes, ID_SIZE);
	write_signed(writer, suspect->first_seq);
	write_signed(writer, suspect->last_seq);
	write_raw(writer, suspect->hash.bytes, HASH_SIZE);
	write_signed(writer, suspect->since_ms);
}

static void read_suspect(struct reader *reader, struct suspect *suspect)
{
	suspect->work = (enum suspect_work)read_varint_max(reader, SUSPECT_WORK_COUNT - 1);
	read_raw(reader, suspect->device.bytes, ID_SIZE);
	read_raw(reader, suspect->incarnation.bytes, ID_SIZE);
	suspect->first_seq = read_signed(reader);
	suspect->last_seq = read_signed(reader);
	read_raw(reader, suspect->hash.bytes, HASH_SIZE);
	suspect->since_ms = read_signed(reader);
}

static void write_server(struct writer *writer, const struct flight_head *head)
{
	write_raw(writer, head->incarnation.bytes, ID_SIZE);
	write_signed(writer, head->retention_ms);
	if (head->schema_revision >= ARCHIVED_SINCE)
		write_signed(writer, head->window_ms);
	write_signed(writer, head->held_max);
	write_signed(writer, head->page_raw_max);
	write_varint(writer, head->suspect_count);
	for (size_t i = 0; i < head->suspect_count; i++)
		write_suspect(writer, &head->suspects[i]);
}

static void read_server(struct reader *reader, struct arena *arena, struct flight_head *head)
{
	struct suspect *suspects;

	read_raw(reader, head->incarnation.bytes, ID_SIZE);
	head->retention_ms = read_signed(reader);
	head->window_ms = head->schema_revision >= ARCHIVED_SINCE ? read_signed(reader) : 0;
	head->held_max = read_signed(reader);
	head->page_raw_max = read_signed(reader);
	head->suspect_count = (size_t)read_varint_max(reader, SUSPECTS_MAX);
	if (head->suspect_count > reader_left(reader) / (1 + 2 * ID_SIZE + HASH_SIZE))
		reader->bad = true;
	if (reader->bad)
		head->suspect_count = 0;
	suspects = arena_allocate_array(arena, head->suspect_count, sizeof(*suspects));
	for (size_t i = 0; i < head->suspect_count; i++)
		read_suspect(reader, &suspects[i]);
	head->suspects = suspects;
}

static void write_head(struct writer *writer, const struct flight_head *head)
{
	write_text(writer, head->program);
	write_signed(writer, head->schema_revision);
	write_signed(writer, head->begins_at_ms);
	write_flag(writer, head->copied);
	write_flag(writer, head->bench);
	write_flag(writer, head->files);
	write_raw(writer, head->device.bytes, ID_SIZE);
	write_varint(writer, head->key_number);
	write_raw(writer, head->keys.sign, SIGN_PUBLIC_SIZE);
	write_raw(writer, head->keys.box, BOX_PUBLIC_SIZE);
	write_raw(writer, head->server.id.bytes, ID_SIZE);
	write_raw(writer, head->server.keys.sign, SIGN_PUBLIC_SIZE);
	write_raw(writer, head->server.keys.box, BOX_PUBLIC_SIZE);
	write_raw(writer, head->organisation.bytes, ID_SIZE);
	write_raw(writer, head->technician.bytes, ID_SIZE);
	write_raw(writer, head->standing.incarnation.bytes, ID_SIZE);
	write_signed(writer, head->standing.seq);
	write_raw(writer, head->standing.head.bytes, HASH_SIZE);
	write_flag(writer, head->moved);
	write_signed(writer, head->poll_wait_ms);
	write_signed(writer, head->check_every_ms);
	write_signed(writer, head->batch_raw_max);
	write_varint(writer, head->bug);
	write_flag(writer, head->of_server);
	if (head->of_server)
		write_server(writer, head);
}

static void read_head(struct reader *reader, struct arena *arena, struct flight_head *head)
{
	head->program = read_text(reader, arena, TEXT_MAX);
	head->schema_revision = read_signed(reader);
	head->begins_at_ms = read_signed(reader);
	head->copied = read_flag(reader);
	head->bench = read_flag(reader);
	head->files = read_flag(reader);
	read_raw(reader, head->device.bytes, ID_SIZE);
	head->key_number = (uint32_t)read_varint_max(reader, UINT32_MAX);
	read_raw(reader, head->keys.sign, SIGN_PUBLIC_SIZE);
	read_raw(reader, head->keys.box, BOX_PUBLIC_SIZE);
	read_raw(reader, head->server.id.bytes, ID_SIZE);
	read_raw(reader, head->server.keys.sign, SIGN_PUBLIC_SIZE);
	read_raw(reader, head->server.keys.box, BOX_PUBLIC_SIZE);
	read_raw(reader, head->organisation.bytes, ID_SIZE);
	read_raw(reader, head->technician.bytes, ID_SIZE);
	read_raw(reader, head->standing.incarnation.bytes, ID_SIZE);
	head->standing.seq = read_signed(reader);
	read_raw(reader, head->standing.head.bytes, HASH_SIZE);
	head->moved = read_flag(reader);
	head->poll_wait_ms = read_signed(reader);
	head->check_every_ms = read_signed(reader);
	head->batch_raw_max = read_signed(reader);
	head->bug = (uint32_t)read_varint_max(reader, BUG_COUNT - 1);
	head->of_server = read_flag(reader);
	if (head->of_server)
		read_server(reader, arena, head);
}

/* ---- events ---- */

static void write_operation(struct writer *writer, const struct operation *operation)
{
	struct writer canonical = writer_in(writer->arena, OPERATION_SIZE_MAX);

	operation_encode(&canonical, operation);
	if (canonical.overflow) /* too large to be taken; so is this */
		writer->overflow = true;
	else
		write_bytes(writer, writer_bytes(&canonical));
}

static const struct operation *read_operation(struct reader *reader, struct arena *arena)
{
	struct operation *operation = arena_allocate(arena, sizeof(*operation));
	struct bytes canonical = read_bytes(reader, OPERATION_SIZE_MAX);

	if (reader->bad || operation_decode(arena, canonical, operation) != STATUS_OK)
		reader->bad = true;
	return operation;
}

static void write_event(struct writer *writer, const struct device_event *event)
{
	write_u8(writer, (uint8_t)event->kind);
	switch (event->kind) {
	case DEVICE_EVENT_OPERATION:
		write_operation(writer, event->operation);
		break;
	case DEVICE_EVENT_GO:
		write_flag(writer, event->now);
		break;
	case DEVICE_EVENT_ALLOW:
		write_u8(writer, (uint8_t)event->carrier);
		write_u8(writer, (uint8_t)event->class_max);
		break;
	case DEVICE_EVENT_LEISURE:
	case DEVICE_EVENT_WRITE_BUNDLE:
		write_signed(writer, event->most);
		break;
	case DEVICE_EVENT_REPLY:
	case DEVICE_EVENT_READ_BUNDLE:
		write_bytes(writer, event->frame);
		break;
	case DEVICE_EVENT_INCIDENT:
		write_text(writer, event->what);
		write_text(writer, text_cut(event->detail, TEXT_MAX));
		break;
	case DEVICE_EVENT_COMMITTED:
		write_varint(writer, event->result);
		break;
	case DEVICE_EVENT_BUNDLE_KEPT:
		write_signed(writer, event->told_at_ms);
		write_cursor(writer, &event->stands);
		break;
	case DEVICE_EVENT_CREATE:
	case DEVICE_EVENT_CHECK:
	case DEVICE_EVENT_LOST:
	case DEVICE_EVENT_FILES:
	case DEVICE_EVENT_TICK:
	case DEVICE_EVENT_CUT:
	case DEVICE_EVENT_KIND_COUNT:
		break;
	}
}

static void read_event(struct reader *reader, struct arena *arena, struct device_event *event)
{
	event->kind = read_u8(reader);
	switch (event->kind) {
	case DEVICE_EVENT_OPERATION:
		event->operation = read_operation(reader, arena);
		break;
	case DEVICE_EVENT_GO:
		event->now = read_flag(reader);
		break;
	case DEVICE_EVENT_ALLOW:
		event->carrier = (enum carrier_class)read_varint_max(reader, CARRIER_BUNDLE);
		event->class_max = (enum delivery_class)read_varint_max(reader, CLASS_FILES);
		break;
	case DEVICE_EVENT_LEISURE:
	case DEVICE_EVENT_WRITE_BUNDLE:
		event->most = read_signed(reader);
		break;
	case DEVICE_EVENT_REPLY:
	case DEVICE_EVENT_READ_BUNDLE:
		event->frame = read_bytes(reader, FLIGHT_ENTRY_MAX);
		break;
	case DEVICE_EVENT_INCIDENT:
		event->what = read_text(reader, arena, TEXT_MAX);
		event->detail = read_text(reader, arena, TEXT_MAX);
		break;
	case DEVICE_EVENT_COMMITTED:
		event->result = read_status(reader);
		break;
	case DEVICE_EVENT_BUNDLE_KEPT:
		event->told_at_ms = read_signed(reader);
		event->stands = read_cursor(reader);
		break;
	case DEVICE_EVENT_CREATE:
	case DEVICE_EVENT_CHECK:
	case DEVICE_EVENT_LOST:
	case DEVICE_EVENT_FILES:
	case DEVICE_EVENT_TICK:
	case DEVICE_EVENT_CUT:
		break;
	case DEVICE_EVENT_KIND_COUNT:
	default: /* from outside */
		reader->bad = true;
	}
}

/* ---- events of a server ---- */

static void write_order(struct writer *writer, const struct parked_order *order)
{
	write_raw(writer, order->operation.bytes, ID_SIZE);
	write_u8(writer, (uint8_t)order->decision);
	if (order->decision == PARKED_CORRECTED)
		write_operation(writer, order->corrected);
	write_text(writer, text_cut(order->reason, TEXT_MAX));
}

static void read_order(struct reader *reader, struct arena *arena, struct parked_order *order)
{
	read_raw(reader, order->operation.bytes, ID_SIZE);
	order->decision = (enum parked_decision)read_varint_max(reader, PARKED_DISCARDED);
	if (order->decision == PARKED_CORRECTED)
		order->corrected = read_operation(reader, arena);
	order->reason = read_text(reader, arena, TEXT_MAX);
}

static void write_incident(struct writer *writer, const struct incident *incident)
{
	write_u8(writer, (uint8_t)incident->kind);
	write_raw(writer, incident->device.bytes, ID_SIZE);
	write_raw(writer, incident->subject.bytes, ID_SIZE);
	write_text(writer, text_cut(incident->detail, TEXT_MAX));
}

static void read_incident(struct reader *reader, struct arena *arena, struct incident *incident)
{
	incident->kind = (enum incident_kind)read_varint_max(reader, INCIDENT_KIND_COUNT - 1);
	read_raw(reader, incident->device.bytes, ID_SIZE);
	read_raw(reader, incident->subject.bytes, ID_SIZE);
	incident->detail = read_text(reader, arena, TEXT_MAX);
}

static void write_server_event(struct writer *writer, const struct server_event *event)
{
	write_u8(writer, (uint8_t)event->kind);
	switch (event->kind) {
	case SERVER_EVENT_FRAME:
	case SERVER_EVENT_BUNDLE:
		write_u64(writer, event->connection);
		write_bytes(writer, event->frame);
		break;
	case SERVER_EVENT_BUNDLE_FOR:
		write_raw(writer, event->device.bytes, ID_SIZE);
		write_count(writer, event->file_bytes_max);
		break;
	case SERVER_EVENT_OPERATION:
		write_operation(writer, event->operation);
		break;
	case SERVER_EVENT_PARKED:
		write_order(writer, &event->order);
		break;
	case SERVER_EVENT_REVOKE:
		write_raw(writer, event->device.bytes, ID_SIZE);
		write_varint(writer, event->state);
		break;
	case SERVER_EVENT_QUEUE:
		write_flag(writer, event->waiting);
		break;
	case SERVER_EVENT_COMMITTED:
		write_varint(writer, event->result);
		break;
	case SERVER_EVENT_INCIDENT:
		write_incident(writer, &event->incident);
		break;
	case SERVER_EVENT_CREATE:
	case SERVER_EVENT_ABANDON:
	case SERVER_EVENT_OPEN_COMMIT:
	case SERVER_EVENT_FLUSH:
	case SERVER_EVENT_PREPARE:
	case SERVER_EVENT_TICK:
	case SERVER_EVENT_KIND_COUNT:
		break;
	}
}

static void read_server_event(struct reader *reader, struct arena *arena, struct server_event *event)
{
	event->kind = read_u8(reader);
	switch (event->kind) {
	case SERVER_EVENT_FRAME:
	case SERVER_EVENT_BUNDLE:
		event->connection = read_u64(reader);
		event->frame = read_bytes(reader, FLIGHT_ENTRY_MAX);
		break;
	case SERVER_EVENT_BUNDLE_FOR:
		read_raw(reader, event->device.bytes, ID_SIZE);
		event->file_bytes_max = read_count(reader);
		break;
	case SERVER_EVENT_OPERATION:
		event->operation = read_operation(reader, arena);
		break;
	case SERVER_EVENT_PARKED:
		read_order(reader, arena, &event->order);
		break;
	case SERVER_EVENT_REVOKE:
		read_raw(reader, event->device.bytes, ID_SIZE);
		event->state = (uint32_t)read_varint_max(reader, UINT32_MAX);
		break;
	case SERVER_EVENT_QUEUE:
		event->waiting = read_flag(reader);
		break;
	case SERVER_EVENT_COMMITTED:
		event->result = read_status(reader);
		break;
	case SERVER_EVENT_INCIDENT:
		read_incident(reader, arena, &event->incident);
		break;
	case SERVER_EVENT_CREATE:
	case SERVER_EVENT_ABANDON:
	case SERVER_EVENT_OPEN_COMMIT:
	case SERVER_EVENT_FLUSH:
	case SERVER_EVENT_PREPARE:
	case SERVER_EVENT_TICK:
		break;
	case SERVER_EVENT_KIND_COUNT:
	default: /* from outside */
		reader->bad = true;
	}
}

/* ---- entries ---- */

static void write_given(struct writer *writer, const struct flight_given *given)
{
	write_u8(writer, (uint8_t)given->gift);
	write_varint(writer, given->status);
	write_signed(writer, given->number);
	write_bytes(writer, given->bytes);
}

static void read_given(struct reader *reader, struct flight_given *given)
{
	given->gift = (enum flight_gift)read_varint_max(reader, FLIGHT_GIFT_COUNT - 1);
	given->status = read_status(reader);
	given->number = read_signed(reader);
	given->bytes = read_bytes(reader, FLIGHT_ENTRY_MAX);
	if (given->gift == 0)
		reader->bad = true;
}

static void write_when(struct writer *writer, const struct flight_entry *entry)
{
	write_signed(writer, entry->event.now_ms);
	write_signed(writer, entry->event.monotonic_ms);
	write_flag(writer, entry->event.beside);
}

void flight_encode(struct writer *writer, const struct flight_entry *entry)
{
	write_u8(writer, (uint8_t)entry->kind);
	switch (entry->kind) {
	case FLIGHT_HEAD:
		write_head(writer, &entry->head);
		break;
	case FLIGHT_FILE:
		write_text(writer, entry->file.name);
		pack_write(writer, entry->file.piece, PACK_LEVEL, DICTIONARY_NONE);
		break;
	case FLIGHT_EVENT:
		write_when(writer, entry);
		write_event(writer, &entry->event.event);
		break;
	case FLIGHT_SERVER_EVENT:
		write_when(writer, entry);
		write_server_event(writer, &entry->event.server);
		break;
	case FLIGHT_SERVER_EFFECT:
		write_u8(writer, (uint8_t)entry->server_effect.kind);
		write_u64(writer, entry->server_effect.connection);
		write_bytes(writer, entry->server_effect.bytes);
		break;
	case FLIGHT_GIVEN:
		write_given(writer, &entry->given);
		break;
	case FLIGHT_DONE:
		write_varint(writer, entry->status);
		break;
	case FLIGHT_EFFECT:
		write_u8(writer, (uint8_t)entry->effect.kind);
		write_bytes(writer, entry->effect.bytes);
		break;
	}
}

static void read_file(struct reader *reader, struct arena *arena, struct flight_entry *entry)
{
	entry->file.name = read_text(reader, arena, FLIGHT_NAME_MAX);
	if (pack_read(reader, arena, &entry->file.piece) != STATUS_OK || entry->file.piece.size > FLIGHT_PIECE_MAX)
		reader->bad = true;
}

static void read_when(struct reader *reader, struct flight_entry *entry)
{
	entry->event.now_ms = read_signed(reader);
	entry->event.monotonic_ms = read_signed(reader);
	entry->event.beside = read_flag(reader);
}

static void read_effect(struct reader *reader, struct device_effect *effect)
{
	effect->kind = (enum device_effect_kind)read_varint_max(reader, DEVICE_EFFECT_COMMIT);
	effect->bytes = read_bytes(reader, FLIGHT_ENTRY_MAX);
}

static void read_server_effect(struct reader *reader, struct server_effect *effect)
{
	effect->kind = (enum server_effect_kind)read_varint_max(reader, SERVER_EFFECT_COMMIT);
	effect->connection = read_u64(reader);
	effect->bytes = read_bytes(reader, FLIGHT_ENTRY_MAX);
}

enum status flight_decode(struct bytes bytes, struct arena *arena, struct flight_entry *out_entry)
{
	struct reader reader = reader_of(bytes);
	struct flight_entry entry = { .kind = read_u8(&reader) };
	enum status status;

	switch (entry.kind) {
	case FLIGHT_HEAD:
		read_head(&reader, arena, &entry.head);
		break;
	case FLIGHT_FILE:
		read_file(&reader, arena, &entry);
		break;
	case FLIGHT_EVENT:
		read_when(&reader, &entry);
		read_event(&reader, arena, &entry.event.event);
		break;
	case FLIGHT_SERVER_EVENT:
		read_when(&reader, &entry);
		read_server_event(&reader, arena, &entry.event.server);
		break;
	case FLIGHT_SERVER_EFFECT:
		read_server_effect(&reader, &entry.server_effect);
		break;
	case FLIGHT_GIVEN:
		read_given(&reader, &entry.given);
		break;
	case FLIGHT_DONE:
		entry.status = read_status(&reader);
		break;
	case FLIGHT_EFFECT:
		read_effect(&reader, &entry.effect);
		break;
	default: /* from outside */
		return fail(STATUS_NEWER, "flight: an entry of kind %u, which this program does not know", (unsigned int)entry.kind);
	}
	status = reader_end(&reader, "flight");
	if (status == STATUS_OK)
		*out_entry = entry;
	return status;
}
