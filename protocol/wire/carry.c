#include "protocol/wire/carry.h"

#include "protocol/wire/body.h"

#define FLAG_LAST 1

/* ---- pieces ---- */

static void write_piece(struct writer *writer, const struct carried_piece *piece)
{
	write_hash(writer, &piece->envelope);
	write_varint(writer, piece->size);
	write_varint(writer, piece->offset);
	write_bytes(writer, piece->bytes);
}

static void read_piece(struct reader *reader, struct carried_piece *out_piece)
{
	out_piece->envelope = read_hash(reader);
	out_piece->size = (size_t)read_varint_max(reader, ENVELOPE_SIZE_MAX);
	out_piece->offset = (size_t)read_varint_max(reader, ENVELOPE_SIZE_MAX);
	out_piece->bytes = read_bytes(reader, CARRY_PIECE_MAX);
	if (out_piece->bytes.size == 0 || out_piece->offset + out_piece->bytes.size > out_piece->size)
		reader->bad = true;
}

void carried_piece_encode(struct writer *writer, const struct carried_piece *piece)
{
	write_piece(writer, piece);
}

enum status carried_piece_decode(struct bytes body, struct carried_piece *out_piece)
{
	struct reader reader = reader_of(body);

	read_piece(&reader, out_piece);
	return reader_end(&reader, "carry");
}

/* ---- asking for the answer ---- */

void carry_wish_encode(struct writer *writer, const struct carry_wish *wish)
{
	write_id(writer, &wish->device);
	write_id(writer, &wish->bundle);
	write_count(writer, wish->number);
	write_varint(writer, wish->offset);
	write_varint(writer, wish->piece_max);
}

enum status carry_wish_decode(struct bytes body, struct carry_wish *out_wish)
{
	struct reader reader = reader_of(body);

	out_wish->device = read_id(&reader);
	out_wish->bundle = read_id(&reader);
	out_wish->number = read_count(&reader);
	out_wish->offset = (size_t)read_varint_max(&reader, ENVELOPE_SIZE_MAX);
	out_wish->piece_max = (size_t)read_varint_max(&reader, ENVELOPE_SIZE_MAX);
	return reader_end(&reader, "carry wish");
}

/* ---- answers ---- */

void carry_reply_encode(struct writer *writer, const struct carry_reply *reply)
{
	write_u8(writer, reply->state);
	write_signed(writer, reply->value);
	if (reply->state != CARRY_PIECE)
		return;
	write_id(writer, &reply->bundle);
	write_count(writer, reply->number);
	write_u8(writer, reply->last ? FLAG_LAST : 0);
	write_piece(writer, &reply->piece);
}

enum status carry_reply_decode(struct bytes body, struct carry_reply *out_reply)
{
	struct reader reader = reader_of(body);
	struct carry_reply reply = { .state = read_u8(&reader) };
	enum status status;

	reply.value = read_signed(&reader);
	if (reply.state == CARRY_PIECE) {
		reply.bundle = read_id(&reader);
		reply.number = read_count(&reader);
		reply.last = read_flags(&reader, FLAG_LAST) != 0;
		read_piece(&reader, &reply.piece);
	}
	status = reader_end(&reader, "carry reply");
	if (status == STATUS_OK)
		*out_reply = reply;
	return status;
}
