/* What must hold at every moment: what was promised is there after any crash, no device sees half an operation, and no digest
 * ever fails. */
#include <sqlite3.h>
#include <string.h>

#include "device_agent/store.h"
#include "protocol/domain/balance.h"
#include "protocol/domain/decide.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/technician.h"
#include "protocol/wire/operation_codec.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/mule.h"
#include "tests/simulation/snapshot.h"

/* ---- promises ---- */

struct outbox_look {
	struct simulation *simulation;
	struct device_node *device;
	const struct id *wanted; /* NULL: all of it */
	enum promise_state state;
	int64_t acknowledged_seq;
	struct id *present; /* when not NULL: filled with the ids that are there */
	size_t present_count;
	size_t present_max;
};

/* What a server said before it was put back is under way for a while: that it had decided what it lacks now is no word of this one. */
static bool is_word_from_before(struct simulation *simulation, const struct id *id)
{
	struct server_store *store = simulation->server.store;
	struct logged_operation logged;

	return simulation->server.swapped && (store == NULL || server_store_logged(store, id, &simulation->arena, &logged) != STATUS_OK);
}

static enum status look_at_entry(void *context, const struct outbox_entry *entry)
{
	struct outbox_look *look = context;
	struct operation operation;
	struct promise *promise;
	uint8_t content[16];
	enum status status;

	if (look->wanted != NULL && !id_equal(look->wanted, &entry->id))
		return STATUS_OK;
	status = operation_decode(&look->simulation->arena, arena_copy_bytes(&look->simulation->arena, entry->canonical), &operation);
	if (status != STATUS_OK)
		return status;
	promise = oracle_note(&look->simulation->oracle, &entry->id, look->device->number, look->state, &operation, entry->canonical);
	oracle_content(entry->canonical, content);
	if (memcmp(content, promise->content, sizeof(content)) != 0)
		violate(look->simulation, "I1", "device %u: operation %s changed in the outbox", look->device->number,
			id_to_text(&entry->id).characters);
	if (promise->state != PROMISE_SAVED) {
		promise->state = look->state;
		promise->device = look->device->number; /* lost by a restore, perhaps, and kept by the copy */
	}
	if (entry->seq <= look->acknowledged_seq && !is_word_from_before(look->simulation, &entry->id))
		promise->acknowledged = true;
	if (look->present != NULL && look->present_count < look->present_max)
		look->present[look->present_count++] = entry->id;
	return STATUS_OK;
}

void checks_note_saved(struct simulation *simulation, struct device_node *device, const struct id *id, enum promise_state state)
{
	struct outbox_look look = { .simulation = simulation, .device = device, .wanted = id, .state = state };
	struct outbox_state outbox;

	if (device_store_outbox(device->store, &outbox) != STATUS_OK ||
		device_store_outbox_each(device->store, outbox.last_seq - 1, look_at_entry, &look) != STATUS_OK)
		violate(simulation, "I1", "device %u: the outbox cannot be read: %s", device->number, fail_reason());
	else if (oracle_find(&simulation->oracle, id) == NULL)
		violate(simulation, "I1", "device %u: operation %s was called saved and is not in the outbox", device->number,
			id_to_text(id).characters);
}

void checks_after_restore(struct simulation *simulation, struct device_node *device)
{
	for (size_t i = 0; i < simulation->oracle.count; i++) {
		struct promise *promise = &simulation->oracle.promises[i];
		if (promise->device == device->number && !promise->acknowledged)
			promise->state = PROMISE_LOST; /* unless the copy has it, see below */
	}
}

static bool is_among(const struct id *ids, size_t count, const struct id *id)
{
	for (size_t i = 0; i < count; i++)
		if (id_equal(&ids[i], id))
			return true;
	return false;
}

/* Asks the outbox's file itself, of an id or (NULL) of the whole: whether there is a row. `out_id` is what that begins with. */
static bool ask_outbox(
	struct simulation *simulation, const struct device_node *device, const char *sql, const struct id *about, struct id *out_id)
{
	const char *path = arena_print(&simulation->arena, "%s/outbox.db", device->dir).data;
	sqlite3 *connection = NULL;
	sqlite3_stmt *row = NULL;
	bool found = false;

	if (sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, CRASH_VFS) == SQLITE_OK &&
		sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(connection, sql, -1, &row, NULL) == SQLITE_OK) {
		if (about != NULL)
			(void)sqlite3_bind_blob(row, 1, about->bytes, sizeof(about->bytes), SQLITE_STATIC);
		found = sqlite3_step(row) == SQLITE_ROW;
		if (found && sqlite3_column_bytes(row, 0) == sizeof(*out_id))
			memcpy(out_id->bytes, sqlite3_column_blob(row, 0), sizeof(*out_id));
	} else {
		violate(simulation, "I1", "device %u: the outbox cannot be read: %s", device->number, sqlite3_errmsg(connection));
	}
	sqlite3_finalize(row);
	sqlite3_close(connection);
	return found;
}

/* Is it in the outbox, of whichever incarnation? */
static bool is_kept(struct simulation *simulation, const struct device_node *device, const struct id *id)
{
	struct id same;

	return ask_outbox(simulation, device, "SELECT id FROM operation WHERE id = ?", id, &same);
}

/* What the server said before it was put back is under way for a while. It may say that a backup holds what the older one that was taken
 * lacks: a device that hears of it before it meets the server as it is now lets go of that, and has every right to. Once it has met it, or
 * goes on under another incarnation, it does not listen to the like any more. */
static void note_let_go(struct simulation *simulation, struct device_node *device)
{
	struct oracle *oracle = &simulation->oracle;
	struct outbox_state outbox;
	struct kept_state kept;

	if (id_is_nil(&simulation->server.epoch))
		return;
	if (device_store_outbox(device->store, &outbox) != STATUS_OK || device_store_kept(device->store, &kept) != STATUS_OK) {
		violate(simulation, "I1", "device %u: the outbox cannot be read: %s", device->number, fail_reason());
		return;
	}
	for (size_t i = 0; i < oracle->count && !id_equal(&kept.epoch, &simulation->server.epoch); i++) {
		struct promise *promise = &oracle->promises[i];
		if (promise->device != device->number || promise->state != PROMISE_SAVED || id_is_nil(&promise->told_under))
			continue;
		if ((device->swapped || id_equal(&promise->told_under, &outbox.incarnation)) && !is_kept(simulation, device, &promise->id))
			promise->state = PROMISE_LOST;
	}
}

/* I1, and what of a restored device is still there. */
void checks_of_device_start(struct simulation *simulation, struct device_node *device)
{
	struct oracle *oracle = &simulation->oracle;
	struct outbox_look look = { .simulation = simulation, .device = device, .state = PROMISE_SAVED };

	look.present_max = oracle->count + 64;
	look.present = arena_allocate_array(&simulation->arena, look.present_max, sizeof(*look.present));
	if (device_store_outbox_each(device->store, 0, look_at_entry, &look) != STATUS_OK) {
		violate(simulation, "I1", "device %u: the outbox cannot be read: %s", device->number, fail_reason());
		return;
	}
	note_let_go(simulation, device);
	for (size_t i = 0; i < oracle->count; i++) {
		const struct promise *promise = &oracle->promises[i];
		if (promise->device != device->number || promise->state != PROMISE_SAVED ||
			(promise->acknowledged && (promise->backed_up || device->swapped)))
			continue;
		if (!is_among(look.present, look.present_count, &promise->id) && !is_kept(simulation, device, &promise->id))
			violate(simulation, "I1", "device %u: saved operation %s is not in the outbox after a crash", device->number,
				id_to_text(&promise->id).characters);
	}
}

void checks_after_backup(struct simulation *simulation, int64_t gseq)
{
	struct oracle *oracle = &simulation->oracle;

	for (size_t i = 0; i < oracle->count; i++) {
		struct logged_operation logged;
		oracle->promises[i].backed_up = server_store_logged(simulation->server.store, &oracle->promises[i].id,
							&simulation->arena, &logged) == STATUS_OK &&
						logged.gseq <= gseq;
	}
}

/* What was acknowledged, and is gone at the server. Who was itself put back from an older copy may have lost it, too; and of what a newer
 * backup holds, nobody need keep it. */
static void check_lost(struct simulation *simulation, struct promise *promise, bool newest)
{
	const struct device_node *device = &simulation->devices[promise->device - 1];

	bool kept;

	promise->acknowledged = false;
	crash_disk_hold(device->disk, true);
	kept = is_kept(simulation, device, &promise->id);
	crash_disk_hold(device->disk, false);
	if (kept)
		return;
	promise->state = PROMISE_LOST;
	if (!device->swapped && (newest || !promise->backed_up))
		violate(simulation, "I1", "device %u: operation %s was acknowledged, is not in the backup, and is not kept",
			device->number, id_to_text(&promise->id).characters);
}

/* The copy lacks it, and a newer backup held it: of that the device may still be told, under the incarnation that it has now. */
static void note_told(struct simulation *simulation, struct promise *promise)
{
	const struct device_node *device = &simulation->devices[promise->device - 1];

	crash_disk_hold(device->disk, true);
	(void)ask_outbox(
		simulation, device, "SELECT id FROM incarnation WHERE number = (SELECT incarnation FROM meta)", NULL, &promise->told_under);
	crash_disk_hold(device->disk, false);
}

/* What the copy lacks is sent again by who has it; what nobody has any more is lost. */
void checks_after_server_restore(struct simulation *simulation, struct server_store *store, bool newest)
{
	struct oracle *oracle = &simulation->oracle;
	size_t kept = 0;

	for (size_t i = 0; i < oracle->count; i++) {
		struct promise *promise = &oracle->promises[i];
		struct logged_operation logged;
		bool there = server_store_logged(store, &promise->id, &simulation->arena, &logged) == STATUS_OK;
		if (there || promise->acknowledged)
			promise->told_under = (struct id){ 0 };
		if (promise->acknowledged && !there)
			check_lost(simulation, promise, newest);
		if (promise->backed_up && !there && !newest)
			note_told(simulation, promise);
		promise->backed_up = there; /* from here on */
	}
	for (size_t i = 0; i < oracle->order_count; i++) {
		const void *row;
		if (records_get(server_store_records(store), RECORD_WORK_ORDER, &oracle->orders[i], &row) == STATUS_OK)
			oracle->orders[kept++] = oracle->orders[i];
	}
	oracle->order_count = kept;
}

/* I11: a commit that was carried out is there; one that was under way may be, too. */
static void check_last_commit(struct simulation *simulation)
{
	struct server_state state;

	if (server_store_state(simulation->server.store, &state) != STATUS_OK)
		violate(simulation, "failure", "the server cannot be read: %s", fail_reason());
	else if (state.gseq < simulation->last_gseq && !simulation->server.swapped)
		violate(simulation, "I11", "the server is at commit %lld, %lld was carried out", (long long)state.gseq,
			(long long)simulation->last_gseq);
	simulation->last_gseq = state.gseq;
}

/* I2: whatever a device was told is decided, is in the log. */
void checks_of_server_start(struct simulation *simulation)
{
	check_last_commit(simulation);
	for (size_t i = 0; i < simulation->oracle.count && !simulation->violated && !simulation->server.swapped; i++) {
		const struct promise *promise = &simulation->oracle.promises[i];
		struct logged_operation logged;
		uint8_t content[16];
		enum status status;
		if (!promise->acknowledged)
			continue;
		status = server_store_logged(simulation->server.store, &promise->id, &simulation->arena, &logged);
		if (status != STATUS_OK) {
			violate(simulation, "I2", "operation %s of device %u was acknowledged and is not in the server's log",
				id_to_text(&promise->id).characters, promise->device);
			return;
		}
		oracle_content(logged.canonical, content);
		if (memcmp(content, promise->content, sizeof(content)) != 0)
			violate(simulation, "I2", "operation %s is another one in the server's log", id_to_text(&promise->id).characters);
	}
}

static void look_at_acknowledged(struct simulation *simulation, struct device_node *device, int64_t acknowledged_seq)
{
	struct outbox_look look = {
		.simulation = simulation, .device = device, .state = PROMISE_SAVED, .acknowledged_seq = acknowledged_seq
	};
	int64_t after = acknowledged_seq > device->acknowledged_seq ? device->acknowledged_seq : 0;

	if (acknowledged_seq == device->acknowledged_seq)
		return;
	device->acknowledged_seq = acknowledged_seq;
	if (device_store_outbox_each(device->store, after, look_at_entry, &look) != STATUS_OK)
		violate(simulation, "I1", "device %u: the outbox cannot be read: %s", device->number, fail_reason());
}

/* ---- incidents ---- */

struct incident_look {
	struct simulation *simulation;
	struct device_node *device;
	int64_t new_ones;
};

static enum status look_at_incident(void *context, int64_t at_ms, struct text what, struct text detail)
{
	const struct incident_look *look = context;

	(void)at_ms;
	if (look->device->damaged && (text_equals(what, "digest") || text_equals(what, "repair") || text_equals(what, "repaired") ||
						 text_equals(what, "rot")))
		return STATUS_OK;
	if (text_equals(what, "absent") && look->simulation->retention_ms != 0)
		return STATUS_OK;
	if (text_equals(what, "repaired") &&
		(look->simulation->server.swapped || look->simulation->retention_ms != 0 || look->device->swapped))
		return STATUS_OK;
	if (text_equals(what, "gap") && look->simulation->server.swapped)
		return STATUS_OK;
	if (text_equals(what, "unbacked") && look->device->swapped)
		return STATUS_OK;
	if (!(text_equals(what, "restored") && look->device->swapped) && !(text_equals(what, "epoch") && look->simulation->server.swapped))
		violate(look->simulation, "digest", "device %u: incident \"%.*s\": %.*s", look->device->number, TEXT_ARGUMENTS(what),
			TEXT_ARGUMENTS(detail));
	return STATUS_OK;
}

static void print_differences(struct simulation *simulation, struct device_node *device)
{
	struct snapshot here, server;

	if (simulation->server.store == NULL)
		return;
	snapshot_open(&here, device_store_replica_storage(device->store));
	snapshot_open(&server, server_store_storage(simulation->server.store));
	snapshot_print_differences(&here, "device", &server, "server");
	snapshot_print_differences(&server, "server", &here, "device");
	snapshot_finish(&server);
	snapshot_finish(&here);
}

static void look_at_incidents(struct simulation *simulation, struct device_node *device, int64_t incidents)
{
	struct incident_look look = { simulation, device, incidents - device->incidents };

	if (look.new_ones == 0)
		return;
	device->incidents = incidents;
	if (device_core_state(device->core).fetches > 0 && !device->rotted_in_repair)
		violate(simulation, "repair", "device %u fetches everything again, what differs would have done", device->number);
	if (device_store_incidents_each(device->store, 2 * look.new_ones, look_at_incident, &look) != STATUS_OK)
		violate(simulation, "digest", "device %u: its incidents cannot be read: %s", device->number, fail_reason());
	if (simulation->violated && simulation->trace)
		print_differences(simulation, device);
}

/* ---- I4: nobody sees a part of an operation ---- */

static bool holds(struct device_node *device, enum scope_kind kind, const struct id *id)
{
	const struct scope scope = { kind, *id };
	struct digest digest;

	return device_store_scope(device->store, &scope, &digest) == STATUS_OK && digest.count >= 0;
}

/* A visit and its order, a reassigned visit and its replacement: one operation wrote both. */
static void check_jobs(struct simulation *simulation, struct device_node *device, const struct snapshot *view)
{
	const struct snapshot_table *orders = snapshot_table(view, RECORD_WORK_ORDER);
	const struct snapshot_table *visits = snapshot_table(view, RECORD_VISIT);

	for (size_t i = 0; i < orders->count; i++) {
		const struct work_order *order = orders->rows[i].row;
		if (holds(device, SCOPE_JOB, &order->id) && snapshot_order_state(view, order) != order->state)
			violate(simulation, "I4", "device %u sees order %s in state %d, its visits make it %d", device->number,
				id_to_text(&order->id).characters, (int)order->state, (int)snapshot_order_state(view, order));
	}
	for (size_t i = 0; i < visits->count; i++) {
		const struct visit *visit = visits->rows[i].row;
		if (!id_is_nil(&visit->replaced_by_id) && holds(device, SCOPE_JOB, &visit->work_order_id) &&
			snapshot_find(view, RECORD_VISIT, &visit->replaced_by_id) == NULL)
			violate(simulation, "I4", "device %u sees visit %s reassigned, but not the one in its place", device->number,
				id_to_text(&visit->id).characters);
	}
}

/* What a movement, if it is one of the part, brought into the van. */
static int64_t brought(const struct movement *movement, const struct id *van, const struct id *part)
{
	int64_t quantity = id_equal(&movement->part_id, part) ? movement->quantity : 0;

	return (id_equal(&movement->to_location_id, van) ? quantity : 0) - (id_equal(&movement->from_location_id, van) ? quantity : 0);
}

/* What the device had, as of commit `gseq`, and has no more: it is archived. What the office loaded it never had. `server` NULL: nothing
 * is archived in this run. */
static int64_t brought_long_ago(
	const struct snapshot *server, const struct snapshot *view, int64_t gseq, const struct id *van, const struct id *part)
{
	const struct snapshot_table *movements = server == NULL ? NULL : snapshot_table(server, RECORD_MOVEMENT);
	int64_t sum = 0;

	for (size_t i = 0; movements != NULL && i < movements->count; i++) {
		const struct movement *movement = movements->rows[i].row;
		if (movement->archived && !id_is_nil(&movement->technician_id) && movements->rows[i].meta.gseq <= gseq &&
			snapshot_find(view, RECORD_MOVEMENT, &movement->id) == NULL)
			sum += brought(movement, van, part);
	}
	return sum;
}

/* What is in the technician's van is what was loaded, less what the technician used: nobody else takes from it in these runs. */
static void check_van(struct simulation *simulation, struct device_node *device, const struct snapshot *view,
	const struct snapshot *server, int64_t gseq)
{
	const struct id van = organisation_id(RECORD_STOCK_LOCATION, device->who - 1);
	const struct id home = organisation_id(RECORD_TERRITORY, organisation_territory_of(device->who - 1));
	const struct snapshot_table *balances = snapshot_table(view, RECORD_BALANCE);
	const struct snapshot_table *movements = snapshot_table(view, RECORD_MOVEMENT);

	for (unsigned part = 0; part < PARTS && holds(device, SCOPE_TERRITORY, &home); part++) {
		const struct id part_id = organisation_id(RECORD_PART, part);
		int64_t there = 0, expected = part + 1 < PARTS ? (int64_t)part + 1 : 0;
		expected += brought_long_ago(server, view, gseq, &van, &part_id);
		for (size_t i = 0; i < movements->count; i++)
			expected += brought(movements->rows[i].row, &van, &part_id);
		for (size_t i = 0; i < balances->count; i++) {
			const struct balance *balance = balances->rows[i].row;
			if (id_equal(&balance->location_id, &van) && id_equal(&balance->part_id, &part_id))
				there = balance->quantity;
		}
		if (there != expected)
			violate(simulation, "I4", "device %u sees %lld of part %u in its van, its movements make it %lld", device->number,
				(long long)there, part, (long long)expected);
	}
}

/* ---- I5: no effect without its cause ---- */

static bool was_decided_by(struct simulation *simulation, const struct id *id, int64_t gseq)
{
	struct logged_operation logged;

	return server_store_logged(simulation->server.store, id, &simulation->arena, &logged) == STATUS_OK && logged.gseq <= gseq &&
	       logged.outcome != OUTCOME_PARKED;
}

/* Whoever sees a remark sees every remark on the same order that its author had seen. */
static void check_causes(struct simulation *simulation, struct device_node *device, const struct snapshot *view)
{
	const struct snapshot_table *notes = snapshot_table(view, RECORD_NOTE);
	const struct oracle *oracle = &simulation->oracle;

	for (size_t i = 0; i < notes->count && simulation->server.store != NULL && !simulation->server.swapped; i++) {
		const struct promise *later = oracle_find(&simulation->oracle, row_id(notes->rows[i].row));
		if (later == NULL || !holds(device, SCOPE_JOB, &later->subject))
			continue;
		for (size_t k = 0; k < oracle->count; k++) {
			const struct promise *earlier = &oracle->promises[k];
			if (earlier->kind == OPERATION_ADD_NOTE && id_equal(&earlier->subject, &later->subject) &&
				snapshot_find(view, RECORD_NOTE, &earlier->id) == NULL &&
				was_decided_by(simulation, &earlier->id, later->base_gseq))
				violate(simulation, "I5", "device %u sees remark %s, but not %s, which its author had seen",
					device->number, id_to_text(&later->id).characters, id_to_text(&earlier->id).characters);
		}
	}
}

static void check_view(struct simulation *simulation, struct device_node *device)
{
	struct snapshot view, server;
	struct replica_state state;

	if (device_store_seeding(device->store) || device_store_replica(device->store, &state) != STATUS_OK || state.cursor.gseq == 0)
		return; /* nothing to see yet */
	snapshot_open(&view, device_store_replica_storage(device->store));
	check_jobs(simulation, device, &view);
	if (simulation->window_ms == 0) {
		check_van(simulation, device, &view, NULL, 0);
	} else if (simulation->server.store != NULL && !simulation->server.swapped) {
		snapshot_open(&server, server_store_storage(simulation->server.store));
		check_van(simulation, device, &view, &server, state.cursor.gseq);
		snapshot_finish(&server);
	}
	check_causes(simulation, device, &view);
	if (snapshot_status(&view) != STATUS_OK)
		violate(simulation, "I4", "device %u cannot be read: %s", device->number, fail_reason());
	if (simulation->violated && simulation->trace)
		print_differences(simulation, device);
	snapshot_finish(&view);
}

void checks_of_device(struct simulation *simulation, struct device_node *device, const struct device_core_state *state)
{
	look_at_incidents(simulation, device, state->incidents);
	look_at_acknowledged(simulation, device, state->acknowledged_seq);
	note_let_go(simulation, device);
	mule_check(simulation, device);
	if (stream_chance(&simulation->chance, 6))
		check_view(simulation, device);
}
