#include "device_agent/standing_note.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/buffer.h"
#include "protocol/domain/device.h"
#include "protocol/wire/message.h"
#include "shell/file.h"

#define NOTE_FILE     "standing"
#define NOTE_FORM     1
#define CHECK_SIZE    16
#define MACHINE_FILE  "/etc/machine-id"
#define MACHINE_BYTES ((size_t)4096)

void machine_hash(struct arena *arena, const struct id *device, uint8_t out_machine[static MACHINE_SIZE])
{
	const char *path = getenv("TRUCKROLL_MACHINE_ID"); /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */
	struct bytes content;

	memset(out_machine, 0, MACHINE_SIZE);
	if (file_read(arena, path == NULL ? MACHINE_FILE : path, MACHINE_BYTES, &content) == STATUS_OK && content.size > 0)
		(void)crypto_generichash(out_machine, MACHINE_SIZE, content.data, content.size, device->bytes, ID_SIZE);
}

/* Always of the same length, so that it is written over the last one in one go. */
static void encode(struct writer *writer, const struct standing_note *note)
{
	uint8_t check[CHECK_SIZE];

	write_u8(writer, NOTE_FORM);
	write_raw(writer, note->device.bytes, ID_SIZE);
	write_raw(writer, note->standing.incarnation.bytes, ID_SIZE);
	write_u64(writer, (uint64_t)note->standing.seq);
	write_raw(writer, note->standing.head.bytes, HASH_SIZE);
	write_raw(writer, note->machine, MACHINE_SIZE);
	/* The upper half had been zeros. */
	write_u64(writer, note->device_state | (uint64_t)note->refused << 32 | (uint64_t)note->server_revision << 48);
	write_u64(writer, (uint64_t)note->lease_until_ms);
	(void)crypto_generichash(check, sizeof(check), writer->data, writer->size, NULL, 0);
	write_raw(writer, check, sizeof(check));
}

static struct bytes encoded(struct arena *arena, const struct standing_note *note)
{
	struct writer writer = writer_in(arena, 256);

	encode(&writer, note);
	return writer_bytes(&writer);
}

struct standing_note standing_note_read(struct arena *arena, struct text directory, const struct id *device)
{
	const struct standing_note none = { .device = *device };
	struct standing_note note = { 0 };
	struct bytes content;
	struct reader reader;
	uint64_t state;

	if (file_read(arena, path_join(arena, directory, text_of(NOTE_FILE)).data, 256, &content) != STATUS_OK)
		return none;
	reader = reader_of(content);
	if (read_u8(&reader) != NOTE_FORM)
		return none;
	read_raw(&reader, note.device.bytes, ID_SIZE);
	read_raw(&reader, note.standing.incarnation.bytes, ID_SIZE);
	note.standing.seq = (int64_t)read_u64(&reader);
	read_raw(&reader, note.standing.head.bytes, HASH_SIZE);
	read_raw(&reader, note.machine, MACHINE_SIZE);
	state = read_u64(&reader);
	note.device_state = (uint32_t)state;
	note.refused = (uint16_t)(state >> 32);
	note.server_revision = (uint16_t)(state >> 48);
	note.lease_until_ms = (int64_t)read_u64(&reader);
	/* What was written as we write it is what we wrote. */
	if (reader.bad || !id_equal(&note.device, device))
		return none;
	return note.standing.seq >= 0 && bytes_equal(encoded(arena, &note), content) ? note : none;
}

void standing_note_write(struct arena *arena, struct text directory, const struct standing_note *note)
{
	struct bytes content = encoded(arena, note);
	int descriptor =
		open(path_join(arena, directory, text_of(NOTE_FILE)).data, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (descriptor < 0)
		return;
	(void)(pwrite(descriptor, content.data, content.size, 0) == (ssize_t)content.size);
	(void)close(descriptor);
}

bool standing_note_equal(const struct standing_note *left, const struct standing_note *right)
{
	return id_equal(&left->standing.incarnation, &right->standing.incarnation) && left->standing.seq == right->standing.seq &&
	       hash_equal(&left->standing.head, &right->standing.head) && memcmp(left->machine, right->machine, MACHINE_SIZE) == 0 &&
	       left->device_state == right->device_state && left->lease_until_ms == right->lease_until_ms &&
	       left->refused == right->refused && left->server_revision == right->server_revision;
}

bool machine_differs(const uint8_t left[static MACHINE_SIZE], const uint8_t right[static MACHINE_SIZE])
{
	return !sodium_is_zero(left, MACHINE_SIZE) && !sodium_is_zero(right, MACHINE_SIZE) && memcmp(left, right, MACHINE_SIZE) != 0;
}

const char *standing_note_warning(const struct standing_note *note, int64_t now_ms)
{
	if (note->device_state == DEVICE_STATE_STOLEN)
		return "The office says that this device is stolen: nothing is taken from it, and nothing is sent to it. Ask the office.";
	if (note->device_state == DEVICE_STATE_DRAINING)
		return "This device is revoked: it may still send what was done before, and gets nothing more. Ask the office.";
	if (note->lease_until_ms != 0 && note->lease_until_ms < now_ms)
		return "This device has not reached the office for longer than it is granted: sync, or ask the office.";
	return NULL;
}

const char *standing_note_refusal(uint32_t refused)
{
	static const char too_often[] = "this device was put back from a copy 24 times within a day: what is pending is kept, "
					"and taken when 24 hours are over; find out what puts it back, then sync again";
	static const char *const reasons[] = {
		[WIRE_ERROR_SEND_WHOLE] = "the server does not know what the operations name: tell the office, and keep this device",
		[WIRE_ERROR_FORK] = "the server knows another history of this device: tell the office, and keep this device",
		[WIRE_ERROR_REVOKED] = "this device is revoked: nothing more is taken from it",
		[WIRE_ERROR_MALFORMED] = "the server cannot read what is pending: tell the office, and keep this device",
		[WIRE_ERROR_TOO_OFTEN] = too_often,
		[WIRE_ERROR_NEWER] = "the server is older than this program and cannot read what is pending: update the server",
	};

	return refused < LENGTH(reasons) && reasons[refused] != NULL ? reasons[refused] : "";
}
