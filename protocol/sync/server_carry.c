/* Bundles that devices carry for others: their envelopes come piece by piece in a session, each is taken in as one out of a file is, and
 * the answer goes back through whoever brought them. */
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/sync/sender.h"
#include "protocol/sync/server_core_inner.h"
#include "protocol/wire/blob.h"

#define HELD_MS 2000 /* what is decided one by one is asked for again after so long */

static struct carry_reply say(enum carry_state state, int64_t value)
{
	return (struct carry_reply){ .state = (uint8_t)state, .value = value };
}

/* A device that may not take part carries nothing either: nobody knows who holds it. */
static enum status may_carry(struct server_core *core, const struct id *device, bool *out_may)
{
	struct device_entry entry;
	enum status status = server_store_device(core->options.store, device, &entry);

	*out_may = status == STATUS_OK && (entry.state == DEVICE_STATE_ACTIVE || entry.state == DEVICE_STATE_DRAINING);
	return status;
}

/* ---- up ---- */

static struct carry_reply outcome_of(const struct inquiry *carried)
{
	if (carried->fault.code == WIRE_ERROR_BUSY)
		return say(CARRY_BUSY, carried->fault.value > 0 ? carried->fault.value : HELD_MS);
	return carried->fault.code == 0 ? say(CARRY_TAKEN, 0) : say(CARRY_FAULT, (int64_t)carried->fault.code);
}

/* What the store cannot do now is no fault of what is carried. */
static bool is_final(enum status status)
{
	return status == STATUS_CORRUPT || status == STATUS_REFUSED || status == STATUS_NOT_FOUND || status == STATUS_NEWER ||
	       status == STATUS_INVALID;
}

/* It waits for the same commit as the frame that brought its last piece, and is answered to nobody. */
static enum status take_envelope(struct server_core *core, struct carrier *carrier, struct carry_reply *out_reply)
{
	struct inquiry *carried = inquiry_create(NO_CONNECTION);
	enum status status = server_core_take_bundled(core, carried, (struct bytes){ carrier->bytes, carrier->size });

	carrier->carried = carried->device;
	carrier->got = 0; /* when it is not taken for good it comes once more */
	if (status == STATUS_OK) {
		bool held = carried->batch.body.size > 0;
		*out_reply = held ? say(CARRY_BUSY, HELD_MS) : outcome_of(carried);
		if (held)
			carried->envelope = carrier->envelope;
		server_core_wait_for_commit(core, carried);
		return STATUS_OK;
	}
	*out_reply = is_final(status) ? say(CARRY_REFUSED, 0) : say(CARRY_BUSY, HELD_MS);
	inquiry_free(carried);
	return core->failed;
}

static enum status take_piece(struct server_core *core, struct carrier *carrier, const struct carried_piece *piece,
	struct carry_reply *out_reply)
{
	struct hash found;

	if (carrier->decided && hash_equal(&carrier->envelope, &piece->envelope)) {
		carrier->decided = false;
		*out_reply = carrier->outcome;
		return STATUS_OK;
	}
	if (carrier->down || !hash_equal(&carrier->envelope, &piece->envelope) || carrier->size != piece->size)
		carrier_begin(carrier, false, &piece->envelope, piece->size);
	if (piece->offset == carrier->got) {
		memcpy(carrier->bytes + piece->offset, piece->bytes.data, piece->bytes.size);
		carrier->got += piece->bytes.size;
	}
	*out_reply = say(CARRY_MORE, (int64_t)carrier->got);
	if (carrier->got < carrier->size)
		return STATUS_OK;
	found = blob_chunk_hash((struct bytes){ carrier->bytes, carrier->size });
	if (hash_equal(&found, &carrier->envelope))
		return take_envelope(core, carrier, out_reply);
	carrier->got = 0;
	*out_reply = say(CARRY_REFUSED, 0);
	return STATUS_OK;
}

void server_core_tell_carriers(struct server_core *core, const struct inquiry *carried)
{
	static const struct hash none;

	if (carried->in_part || hash_equal(&carried->envelope, &none))
		return;
	for (size_t i = 0; i < CARRIERS_MAX; i++) {
		struct carrier *carrier = &core->carriers.carriers[i];
		if (carrier->down || !hash_equal(&carrier->envelope, &carried->envelope))
			continue;
		carrier->decided = true;
		carrier->outcome = outcome_of(carried);
	}
}

enum status server_core_take_carried(struct server_core *core, struct inquiry *waiting)
{
	struct carried_piece piece;
	bool may;
	enum status status = may_carry(core, &waiting->device, &may);

	waiting->carried = say(CARRY_NOT_YOU, 0);
	if (status != STATUS_OK || !may)
		return status;
	status = carried_piece_decode((struct bytes){ waiting->blob, waiting->blob_size }, &piece);
	if (status != STATUS_OK)
		return status;
	return take_piece(core, carrier_table_take(&core->carriers, &waiting->device), &piece, &waiting->carried);
}

/* ---- down ---- */

/* The latest part once more, the next one, or the first of a new answer. */
static enum status find_part(struct server_core *core, struct carrier *carrier, const struct carry_wish *wish)
{
	struct answer_pass *answer = &carrier->answer;
	bool same = !id_is_nil(&wish->bundle) && id_equal(&answer->device, &wish->device) &&
		    id_equal(&answer->part.bundle, &wish->bundle);
	struct bytes sealed;
	struct hash envelope;
	enum status status = STATUS_OK;

	if (same && carrier->down && wish->number == answer->part.number)
		return STATUS_OK;
	if (!same || wish->number != answer->part.number + 1 || answer->part.last)
		status = server_core_begin_pass(core, &wish->device, answer);
	carrier->down = false; /* what it holds is another part, or none, should this one fail */
	if (status == STATUS_OK)
		status = server_core_next_part(core, answer, &sealed);
	if (status != STATUS_OK)
		return status;
	envelope = blob_chunk_hash(sealed);
	carrier_begin(carrier, true, &envelope, sealed.size);
	memcpy(carrier->bytes, sealed.data, sealed.size);
	carrier->got = sealed.size;
	return STATUS_OK;
}

/* Another part than was asked for begins at its start. */
static struct carry_reply piece_of(const struct carrier *carrier, const struct carry_wish *wish)
{
	const struct bundle_part *part = &carrier->answer.part;
	bool asked = id_equal(&part->bundle, &wish->bundle) && part->number == wish->number;
	size_t offset = asked && wish->offset < carrier->size ? wish->offset : 0;
	size_t most = wish->piece_max == 0 || wish->piece_max > BLOB_ANSWER_MAX ? BLOB_ANSWER_MAX : wish->piece_max;
	size_t size = carrier->size - offset < most ? carrier->size - offset : most;
	struct carry_reply reply = say(CARRY_PIECE, 0);

	reply.bundle = part->bundle;
	reply.number = part->number;
	reply.last = part->last;
	reply.piece = (struct carried_piece){ carrier->envelope, carrier->size, offset, { carrier->bytes + offset, size } };
	return reply;
}

/* Only who brought an envelope of a device is given what is for it: else anybody could have the server seal for anybody. */
static enum status answer_wish(struct server_core *core, const struct inquiry *waiting, struct carry_reply *out_reply)
{
	struct carrier *carrier;
	struct carry_wish wish;
	bool may;
	enum status status = may_carry(core, &waiting->device, &may);

	*out_reply = say(CARRY_NOT_YOU, 0);
	if (status != STATUS_OK || !may)
		return status;
	status = carry_wish_decode((struct bytes){ waiting->blob, waiting->blob_size }, &wish);
	if (status != STATUS_OK)
		return status;
	carrier = carrier_table_take(&core->carriers, &waiting->device);
	*out_reply = say(CARRY_UNPROVED, 0);
	if (id_is_nil(&wish.device) || !id_equal(&carrier->carried, &wish.device))
		return STATUS_OK;
	status = find_part(core, carrier, &wish);
	if (status == STATUS_OK)
		*out_reply = piece_of(carrier, &wish);
	else
		*out_reply = is_final(status) && status != STATUS_CORRUPT ? say(CARRY_NOTHING, 0) : say(CARRY_BUSY, HELD_MS);
	return STATUS_OK; /* the carrier's own request has nothing to do with it */
}

enum status server_core_answer_carry(struct server_core *core, const struct inquiry *waiting, struct reply *reply)
{
	struct writer body = writer_in(reply->arena, FRAME_SIZE_MAX);
	struct carry_reply said = waiting->carried;
	enum status status = STATUS_OK;

	if (waiting->blob_section == SECTION_CARRY_WISH)
		status = answer_wish(core, waiting, &said);
	if (status != STATUS_OK)
		return status;
	carry_reply_encode(&body, &said);
	section_write(&reply->writer, SECTION_CARRY_REPLY, writer_bytes(&body));
	return STATUS_OK;
}
