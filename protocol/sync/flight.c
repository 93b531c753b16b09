#include "protocol/sync/flight.h"

#include <string.h>

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
	case DEVICE_EVENT_CREATE:
	case DEVICE_EVENT_CHECK:
	case DEVICE_EVENT_LOST:
	case DEVICE_EVENT_FILES:
	case DEVICE_EVENT_TICK:
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
	case DEVICE_EVENT_CREATE:
	case DEVICE_EVENT_CHECK:
	case DEVICE_EVENT_LOST:
	case DEVICE_EVENT_FILES:
	case DEVICE_EVENT_TICK:
		break;
	case DEVICE_EVENT_KIND_COUNT:
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

void flight_encode(struct writer *writer, const struct flight_entry *entry)
{
	write_u8(writer, (uint8_t)entry->kind);
	switch (entry->kind) {
	case FLIGHT_HEAD:
		write_head(writer, &entry->head);
		break;
	case FLIGHT_FILE:
		write_text(writer, entry->file.name);
		pack_write(writer, entry->file.piece, PACK_LEVEL);
		break;
	case FLIGHT_EVENT:
		write_signed(writer, entry->event.now_ms);
		write_signed(writer, entry->event.monotonic_ms);
		write_flag(writer, entry->event.beside);
		write_event(writer, &entry->event.event);
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

static void read_timed_event(struct reader *reader, struct arena *arena, struct flight_entry *entry)
{
	entry->event.now_ms = read_signed(reader);
	entry->event.monotonic_ms = read_signed(reader);
	entry->event.beside = read_flag(reader);
	read_event(reader, arena, &entry->event.event);
}

static void read_effect(struct reader *reader, struct device_effect *effect)
{
	effect->kind = (enum device_effect_kind)read_varint_max(reader, DEVICE_EFFECT_COMMIT);
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
		read_timed_event(&reader, arena, &entry);
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
