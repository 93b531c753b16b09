#include "protocol/sync/request.h"

#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/wire/operation_codec.h"

#define BATCH_RAW_MIN   ((size_t)4 * 1024)
#define BATCH_RAW_MAX   ((size_t)900 * 1024)
#define BATCH_COUNT_MAX ((size_t)16384)
#define PULL_ROOM       160 /* kept free for the pull behind the batch */

void request_init(struct request *request, struct arena *arena, size_t size_max)
{
	*request = (struct request){ .arena = arena, .writer = writer_in(arena, size_max), .size_max = size_max };
}

struct bytes request_bytes(const struct request *request)
{
	return writer_bytes(&request->writer);
}

void request_hello(struct request *request, const struct outbox_state *outbox, const struct replica_state *replica, int64_t now_ms,
	int64_t free_disk_bytes, enum carrier_class carrier)
{
	struct hello hello = {
		.incarnation = outbox->incarnation,
		.next_seq = outbox->last_seq + 1,
		.chain_hash = outbox->last_hash,
		.cursor = replica->cursor,
		.settled_seq = replica->settled_seq,
		.schema_revision = schema_revision(),
		.handler_revision = HANDLER_REVISION,
		.queue_depth = outbox->last_seq - replica->settled_seq,
		.free_disk_bytes = free_disk_bytes,
		.clock_ms = now_ms,
		.carrier = (uint32_t)carrier,
	};
	struct writer body = writer_in(request->arena, FRAME_SIZE_MAX);

	hello_encode(&body, &hello);
	section_write(&request->writer, SECTION_HELLO, writer_bytes(&body));
}

void request_recon(struct request *request, const struct recon_request *recon)
{
	struct writer body = writer_in(request->arena, FRAME_SIZE_MAX);

	recon_request_encode(&body, recon);
	section_write(&request->writer, SECTION_RECON, writer_bytes(&body));
}

enum status request_origin(struct request *request, struct device_store *store)
{
	struct origin origin;
	struct writer body = writer_in(request->arena, 64);
	enum status status = device_store_previous(store, &origin.previous, &origin.shared_seq);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	origin_encode(&body, &origin);
	section_write(&request->writer, SECTION_ORIGIN, writer_bytes(&body));
	return STATUS_OK;
}

void request_incident(struct request *request, const struct told_incident *told)
{
	struct writer body = writer_in(request->arena, 2 * (TOLD_WHAT_MAX + TOLD_DETAIL_MAX));

	told_incident_encode(&body, told);
	section_write(&request->writer, SECTION_INCIDENT, writer_bytes(&body));
}

void request_pull(struct request *request, const struct pull *pull)
{
	struct writer body = writer_in(request->arena, FRAME_SIZE_MAX);
	bool brief = pull_encode_within(&body, pull, request->ground);

	section_put(&request->writer, &(struct section){ SECTION_PULL, brief, writer_bytes(&body) });
}

/* Outbox entries on their way into a batch. */
struct packing {
	struct arena *arena;
	struct operation *operations;
	struct id *first_ids;
	struct hash *heads;
	size_t count;
	size_t raw_size;
	size_t raw_max;
	size_t count_max;
	bool re_sent;
	bool creates; /* names records that the server does not have yet */
};

static enum status pack_entry(void *context, const struct outbox_entry *entry)
{
	struct packing *packing = context;
	struct bytes canonical;
	enum status status;

	if (packing->count == packing->count_max || (packing->count > 0 && packing->raw_size + entry->canonical.size > packing->raw_max))
		return STATUS_BUSY;
	canonical = arena_copy_bytes(packing->arena, entry->canonical);
	status = operation_decode(packing->arena, canonical, &packing->operations[packing->count]);
	if (status != STATUS_OK)
		return status;
	if (entry->re_sent) {
		packing->first_ids[packing->count] = entry->id;
		packing->re_sent = true;
	}
	if (packing->operations[packing->count].head.kind == OPERATION_CREATE)
		packing->creates = true;
	packing->heads[packing->count++] = entry->head;
	packing->raw_size += canonical.size;
	return STATUS_OK;
}

static enum status gather_entries(struct packing *packing, struct device_store *store, int64_t after)
{
	enum status status;

	packing->operations = arena_allocate_array(packing->arena, packing->count_max, sizeof(*packing->operations));
	packing->first_ids = arena_allocate_array(packing->arena, packing->count_max, sizeof(*packing->first_ids));
	packing->heads = arena_allocate_array(packing->arena, packing->count_max, sizeof(*packing->heads));
	status = device_store_outbox_each(store, after, pack_entry, packing);
	return status == STATUS_BUSY ? STATUS_OK : status;
}

/* The salts of every window that the batch touches. */
static enum status gather_secrets(struct arena *arena, struct device_store *store, struct batch *batch)
{
	int64_t first = batch->first_seq / WINDOW_LENGTH;
	int64_t last = (batch->first_seq + (int64_t)batch->count - 1) / WINDOW_LENGTH;
	uint8_t(*secrets)[WINDOW_SECRET_SIZE] = arena_allocate_array(arena, (size_t)(last - first + 1), WINDOW_SECRET_SIZE);

	for (int64_t window = first; window <= last; window++) {
		enum status status = device_store_window(store, window, secrets[window - first]);
		if (status != STATUS_OK)
			return status;
	}
	batch->secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])secrets;
	batch->secret_count = (size_t)(last - first + 1);
	return STATUS_OK;
}

/* The batch of the first `count` packed operations, signed. */
static enum status encode_batch(struct request *request, const struct outgoing *outgoing, const struct packing *packing, size_t count,
	struct section *out_section, bool *out_whole)
{
	struct batch batch = { .incarnation = outgoing->outbox->incarnation,
		.first_seq = outgoing->acknowledged_seq + 1,
		.operations = packing->operations,
		.count = count,
		.first_ids = packing->re_sent ? packing->first_ids : NULL,
		.last_hash = packing->heads[count - 1] };
	struct writer body = writer_in(request->arena, 32 * FRAME_SIZE_MAX);
	struct bytes statement = head_statement(request->arena, outgoing->organisation, &outgoing->outbox->device, &batch.incarnation,
		outgoing->acknowledged_seq + (int64_t)count, &batch.last_hash);
	enum status status = gather_secrets(request->arena, outgoing->store, &batch);
	bool held;

	if (status != STATUS_OK)
		return status;
	keys_sign(outgoing->identity, statement, batch.signature);
	*out_section = (struct section){ .number = SECTION_BATCH };
	held = device_store_hold(outgoing->store);
	out_section->brief = batch_encode_within(&body, &batch,
		outgoing->whole_ids || packing->creates ? NULL : device_store_references(outgoing->store),
		outgoing->whole_ids ? NULL : request->ground);
	device_store_release(outgoing->store, held);
	out_section->body = writer_bytes(&body);
	*out_whole = !body.overflow;
	return STATUS_OK;
}

static void adapt(size_t *raw_max, size_t raw_size, size_t body_size, size_t room)
{
	size_t fitting;

	if (*raw_max < BATCH_RAW_MIN || body_size == 0) /* a test wants them that small; there is no batch */
		return;
	fitting = raw_size * (room - room / 16) / body_size;
	if (fitting > *raw_max + *raw_max / 2)
		fitting = *raw_max + *raw_max / 2;
	*raw_max = fitting < BATCH_RAW_MIN ? BATCH_RAW_MIN : fitting > BATCH_RAW_MAX ? BATCH_RAW_MAX : fitting;
}

/* So many operations are tried after `count` of them took `size` bytes, more than there is room; 0: it is not known how many. */
static size_t fewer(size_t count, size_t size, size_t room)
{
	size_t fitting = size == 0 ? 0 : count * (room - room / 16) / size;

	return fitting == 0 || fitting >= count ? count / 2 : fitting;
}

enum status request_batch(struct request *request, const struct outgoing *outgoing, size_t *raw_max, int64_t *out_last_seq)
{
	size_t waiting = (size_t)(outgoing->outbox->last_seq - outgoing->acknowledged_seq);
	struct packing packing = {
		.arena = request->arena, .raw_max = *raw_max, .count_max = waiting < BATCH_COUNT_MAX ? waiting : BATCH_COUNT_MAX
	};
	size_t frame = request->size_max - request->writer.size - PULL_ROOM;
	size_t room = outgoing->batch_max < frame ? outgoing->batch_max : frame;
	struct section batch;
	bool whole = false;
	enum status status = gather_entries(&packing, outgoing->store, outgoing->acknowledged_seq);

	for (size_t count = packing.count; status == STATUS_OK && count > 0; count = fewer(count, whole ? batch.body.size : 0, room)) {
		status = encode_batch(request, outgoing, &packing, count, &batch, &whole);
		if (status != STATUS_OK || !whole || batch.body.size > (count > 1 ? room : frame))
			continue;
		adapt(raw_max, packing.raw_size * count / packing.count, batch.body.size, room);
		section_put(&request->writer, &batch);
		*out_last_seq = outgoing->acknowledged_seq + (int64_t)count;
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = fail(
			STATUS_CORRUPT, "outbox: operation %lld is missing or passes a frame", (long long)outgoing->acknowledged_seq + 1);
	return status;
}

enum status request_seal_hello(const struct request *request, const struct identity *identity, const struct id *organisation,
	const struct party *server, const struct opening *opening, struct bytes *out_sealed)
{
	struct envelope envelope = { .type = ENVELOPE_HELLO,
		.sender = identity->id,
		.key_number = identity->key_number,
		.incarnation = opening->incarnation,
		.server_epoch = opening->server_epoch,
		.has_ephemeral = true,
		.sections = request_bytes(request) };

	memcpy(envelope.ephemeral, opening->ephemeral->public_key, sizeof(envelope.ephemeral));
	return envelope_seal(request->arena, identity, organisation, server, &envelope, out_sealed);
}
