#include "tests/simulation/rot.h"

#include "device_agent/store.h"
#include "protocol/domain/site.h"
#include "protocol/sync/repair.h"
#include "tests/simulation/device_node.h"

/* Rows of kinds that nothing is derived from. */
static const enum record_kind kinds[] = { RECORD_SITE, RECORD_ASSET, RECORD_ACCOUNT, RECORD_CONTACT, RECORD_METER };

struct candidates {
	struct arena *arena;
	struct candidate {
		enum record_kind kind;
		void *row;
		struct device_row meta;
	} * rows;
	size_t count;
	size_t capacity;
};

static enum status consider(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct candidates *candidates = context;

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		if (kinds[i] != kind)
			continue;
		candidates->rows = arena_grow(
			candidates->arena, candidates->rows, candidates->count, &candidates->capacity, sizeof(*candidates->rows));
		candidates->rows[candidates->count++] =
			(struct candidate){ kind, row_copy(candidates->arena, schema_find(kind), row), *meta };
	}
	return STATUS_OK;
}

/* The first text of the row is another one; nothing noted of the row says so. */
static enum status change(struct device_store *store, const struct candidate *candidate)
{
	const struct schema *schema = schema_find(candidate->kind);

	for (size_t i = 0; i < schema->field_count; i++) {
		if (schema->fields[i].kind != FIELD_TEXT)
			continue;
		*(struct text *)field_at_mutable(&schema->fields[i], candidate->row) = text_of("rotten");
		break;
	}
	return device_store_put_row(store, candidate->kind, candidate->row, &candidate->meta);
}

/* A row that looks like its neighbour. */
static enum status invent(struct simulation *simulation, struct device_store *store, const struct candidate *candidate)
{
	struct id *id = field_at_mutable(&schema_find(candidate->kind)->fields[0], candidate->row);
	struct device_row meta = candidate->meta;

	id->bytes[1] = (uint8_t)stream_below(&simulation->rot, 256);
	id->bytes[2] ^= 0x55;
	meta.hash = row_hash(schema_find(candidate->kind), candidate->row);
	return device_store_put_row(store, candidate->kind, candidate->row, &meta);
}

static enum status miscount(struct device_store *store, const struct scope *scope)
{
	struct digest digest;
	enum status status = device_store_scope(store, scope, &digest);

	if (status != STATUS_OK || digest.count < 0)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	digest.sum.low++;
	return device_store_put_scope(store, scope, &digest);
}

static enum status damage(struct simulation *simulation, struct device_store *store, const struct candidate *candidate)
{
	note(simulation, "%s %s of scope %d %s", schema_find(candidate->kind)->name, id_to_text(row_id(candidate->row)).characters,
		(int)candidate->meta.home.kind, id_to_text(&candidate->meta.home.id).characters);
	switch (stream_below(&simulation->rot, 4)) {
	case 0:
		return change(store, candidate);
	case 1:
		return device_store_remove_row(store, candidate->kind, row_id(candidate->row));
	case 2:
		return invent(simulation, store, candidate);
	default:
		return miscount(store, &candidate->meta.home);
	}
}

/* What has been compared already is not compared once more: the cut at its end does not fit, and everything is fetched. */
static void note_repair(struct device_node *device)
{
	struct arena arena = { 0 };
	struct repair repair = { 0 };

	if (repair_load(device->store, &arena, &repair) != STATUS_OK || repair.under_way)
		device->rotted_in_repair = true;
	arena_finish(&arena);
}

void rot_strike(struct simulation *simulation, struct device_node *device)
{
	struct arena arena = { 0 };
	struct candidates candidates = { .arena = &arena };
	struct replica_state state;
	enum status status = STATUS_OK;

	if (device->core == NULL || crash_disk_state(device->disk) != DISK_WELL || device_store_seeding(device->store) ||
		device_store_replica(device->store, &state) != STATUS_OK || state.cursor.gseq == 0)
		return;
	device->damaged = true;
	note_repair(device);
	status = device_store_begin(device->store, true);
	if (status == STATUS_OK)
		status = device_store_rows_each(device->store, consider, &candidates);
	if (status == STATUS_OK && candidates.count > 0)
		status = damage(simulation, device->store, &candidates.rows[stream_below(&simulation->rot, candidates.count)]);
	if (status == STATUS_OK)
		status = device_store_commit(device->store);
	else
		device_store_rollback(device->store);
	device_store_reset_rows(device->store);
	arena_finish(&arena);
	if (crash_disk_state(device->disk) == DISK_DEAD) {
		device_node_kill(simulation, device);
		return;
	}
	if (status != STATUS_OK)
		violate(simulation, "failure", "device %u does not rot: %s", device->number, fail_reason());
	note(simulation, "device %u rots", device->number);
}
