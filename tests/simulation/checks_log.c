/* What must hold of the server's log when all is quiet: it is read from the file itself, and its chains, signatures and rights are worked
 * out again. */
#include <sqlite3.h>
#include <string.h>

#include "protocol/domain/decide.h"
#include "protocol/domain/device.h"
#include "protocol/domain/issue.h"
#include "protocol/sync/careful.h"
#include "protocol/wire/message.h"
#include "protocol/wire/operation_codec.h"
#include "server/store.h"
#include "tests/simulation/checks.h"

#define SERVER_FILE "/server/store.db"

/* Where the reading stands. */
struct log_look {
	struct simulation *simulation;
	const struct snapshot *server;
	int64_t gseq; /* of the organisation */
	int64_t chain;
	int64_t seq;
	int64_t last_seq; /* of the chain */
	int64_t received_at_ms;
	struct edit {
		struct id subject;
		uint64_t tag;
		int64_t chain;
		int64_t gseq;
		struct text value;
	} *edits; /* the latest of each chain */
	size_t edit_count;
	size_t edit_capacity;
};

typedef void (*row_look)(struct log_look *look, sqlite3_stmt *row);

static void each_row(struct log_look *look, const char *sql, row_look visit)
{
	sqlite3 *connection = NULL;
	sqlite3_stmt *row = NULL;

	if (sqlite3_open_v2(SERVER_FILE, &connection, SQLITE_OPEN_READWRITE, CRASH_VFS) == SQLITE_OK &&
		sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(connection, sql, -1, &row, NULL) == SQLITE_OK) {
		while (!look->simulation->violated && sqlite3_step(row) == SQLITE_ROW)
			visit(look, row);
	} else {
		violate(look->simulation, "I11", "the server's file cannot be read: %s", sqlite3_errmsg(connection));
	}
	sqlite3_finalize(row);
	sqlite3_close(connection);
}

static struct bytes column(sqlite3_stmt *row, int number)
{
	return (struct bytes){ sqlite3_column_blob(row, number), (size_t)sqlite3_column_bytes(row, number) };
}

static struct hash hash_column(sqlite3_stmt *row, int number)
{
	struct hash hash = { 0 };

	if (column(row, number).size == sizeof(hash))
		memcpy(&hash, column(row, number).data, sizeof(hash));
	return hash;
}

static struct id id_column(sqlite3_stmt *row, int number)
{
	struct id id = { 0 };

	if (column(row, number).size == sizeof(id))
		memcpy(&id, column(row, number).data, sizeof(id));
	return id;
}

/* In the order of `enum log_column`. */
static const char log_sql[] = "SELECT c.device, c.incarnation, o.chain, o.seq, o.id, o.canonical, o.commitment, o.head, w.secret,"
			      " (SELECT p.head FROM operation_log p WHERE p.chain = o.chain AND p.seq = o.seq - 1), o.outcome, c.last_seq,"
			      " o.gseq, o.received_at_ms"
			      " FROM operation_log o JOIN chain c ON c.number = o.chain"
			      " LEFT JOIN salt_window w ON w.chain = o.chain AND w.number = o.seq / 256 ORDER BY o.chain, o.seq";

enum log_column {
	LOG_DEVICE,
	LOG_INCARNATION,
	LOG_CHAIN,
	LOG_SEQ,
	LOG_ID,
	LOG_CANONICAL,
	LOG_COMMITMENT,
	LOG_HEAD,
	LOG_SECRET,
	LOG_HEAD_BEFORE,
	LOG_OUTCOME,
	LOG_LAST_SEQ,
	LOG_GSEQ,
	LOG_RECEIVED_AT,
};

/* ---- I5, I11: no gap, nothing out of order, and every hash comes from the one before ---- */

static void check_chain_end(struct log_look *look)
{
	if (look->chain != 0 && look->seq != look->last_seq)
		violate(look->simulation, "I11", "chain %lld ends at operation %lld in the log, at %lld by its own word",
			(long long)look->chain, (long long)look->seq, (long long)look->last_seq);
}

static void check_place(struct log_look *look, sqlite3_stmt *row)
{
	int64_t chain = sqlite3_column_int64(row, LOG_CHAIN), seq = sqlite3_column_int64(row, LOG_SEQ);
	int64_t gseq = sqlite3_column_int64(row, LOG_GSEQ), received_at_ms = sqlite3_column_int64(row, LOG_RECEIVED_AT);

	if (chain != look->chain) {
		check_chain_end(look);
		look->chain = chain;
		look->seq = look->received_at_ms = 0;
	}
	if (seq != look->seq + 1)
		violate(look->simulation, "I11", "chain %lld: operation %lld follows on %lld", (long long)chain, (long long)seq,
			(long long)look->seq);
	if (received_at_ms < look->received_at_ms)
		violate(look->simulation, "I5", "chain %lld: operation %lld was decided before the one ahead of it", (long long)chain,
			(long long)seq);
	if (gseq < 1 || gseq > look->gseq)
		violate(look->simulation, "I11", "operation %lld of chain %lld is of commit %lld, the latest is %lld", (long long)seq,
			(long long)chain, (long long)gseq, (long long)look->gseq);
	look->seq = seq;
	look->last_seq = sqlite3_column_int64(row, LOG_LAST_SEQ);
	look->received_at_ms = received_at_ms;
}

static void check_hashes(struct log_look *look, sqlite3_stmt *row)
{
	struct id device = id_column(row, LOG_DEVICE), incarnation = id_column(row, LOG_INCARNATION);
	int64_t seq = sqlite3_column_int64(row, LOG_SEQ);
	struct hash commitment = hash_column(row, LOG_COMMITMENT), head = hash_column(row, LOG_HEAD);
	struct hash previous = seq == 1 ? chain_genesis(&device, &incarnation) : hash_column(row, LOG_HEAD_BEFORE);
	struct hash salt, made;

	if (column(row, LOG_SECRET).size != WINDOW_SECRET_SIZE) {
		violate(look->simulation, "I5", "no salt is kept for operation %lld", (long long)seq);
		return;
	}
	salt = chain_salt(column(row, LOG_SECRET).data, seq);
	made = chain_commitment(&salt, column(row, LOG_CANONICAL));
	if (!hash_equal(&made, &commitment))
		violate(look->simulation, "I5", "the commitment of operation %lld does not fit its bytes", (long long)seq);
	made = chain_next(&previous, &commitment);
	if (!hash_equal(&made, &head))
		violate(look->simulation, "I5", "the chain breaks at operation %lld", (long long)seq);
}

/* Number of the device; 0: the server, or nobody's. */
static unsigned device_number(const struct simulation *simulation, const struct id *device)
{
	for (unsigned who = 1; who <= simulation->device_count; who++) {
		const struct id id = organisation_device_id(who);
		if (id_equal(device, &id))
			return who;
	}
	return 0;
}

static const char signature_sql[] = "SELECT c.device, c.incarnation, s.seq, s.signature, o.head FROM signature s"
				    " JOIN chain c ON c.number = s.chain LEFT JOIN operation_log o ON o.chain = s.chain AND o.seq = s.seq";

/* I11: every head that a device signed is one of the log. */
static void check_signature(struct log_look *look, sqlite3_stmt *row)
{
	struct id device = id_column(row, 0), incarnation = id_column(row, 1);
	int64_t seq = sqlite3_column_int64(row, 2);
	struct hash head = hash_column(row, 4);
	struct bytes statement = head_statement(&look->simulation->arena, &organisation_self, &device, &incarnation, seq, &head);
	unsigned who = device_number(look->simulation, &device);
	struct identity identity;

	if (who == 0)
		return;
	organisation_identity(who, &identity);
	if (column(row, 3).size != SIGNATURE_SIZE || keys_verify(identity.keys.sign, statement, column(row, 3).data) != STATUS_OK)
		violate(look->simulation, "I11", "device %u did not sign the head at operation %lld", who, (long long)seq);
	identity_wipe(&identity);
}

static const char unsigned_sql[] = "SELECT c.device, c.last_seq, max(s.seq) FROM chain c LEFT JOIN signature s ON s.chain = c.number"
				   " WHERE NOT EXISTS (SELECT 1 FROM chain later WHERE later.device = c.device AND later.number > c.number)"
				   " GROUP BY c.number";

/* I10: what a device's chain holds, it signed. Of a chain that ended when its device was put back, the last ones may be of a batch that was
 * taken in one by one (careful.h) as far as it came: they were signed by an operation that is lost. */
static void check_signed_to_the_end(struct log_look *look, sqlite3_stmt *row)
{
	struct id device = id_column(row, 0);
	unsigned who = device_number(look->simulation, &device);

	if (who != 0 && sqlite3_column_int64(row, 1) > sqlite3_column_int64(row, 2))
		violate(look->simulation, "I10", "device %u signed its operations to %lld, and the log holds %lld", who,
			(long long)sqlite3_column_int64(row, 2), (long long)sqlite3_column_int64(row, 1));
}

/* ---- I2, I3: what is in it was made by a device, as it is ---- */

static bool was_made_before(const struct simulation *simulation, struct bytes canonical)
{
	uint8_t content[16];

	oracle_content(canonical, content);
	for (size_t i = 0; i < simulation->oracle.count; i++)
		if (memcmp(simulation->oracle.promises[i].content, content, sizeof(content)) == 0)
			return true;
	return false;
}

static void check_origin(struct log_look *look, sqlite3_stmt *row)
{
	struct id id = id_column(row, LOG_ID);
	enum outcome outcome = (enum outcome)sqlite3_column_int(row, LOG_OUTCOME);
	const struct promise *promise = oracle_find(&look->simulation->oracle, &id);
	uint8_t content[16];

	if (promise == NULL && outcome == OUTCOME_APPLIED_NOTE && was_made_before(look->simulation, column(row, LOG_CANONICAL)))
		return; /* sent again after a restore: in its new chain it does nothing */
	if (promise == NULL) {
		violate(look->simulation, "I3", "the server's log has operation %s (seq %lld of chain %lld), which no device made",
			id_to_text(&id).characters, (long long)look->seq, (long long)look->chain);
		return;
	}
	oracle_content(column(row, LOG_CANONICAL), content);
	if (memcmp(content, promise->content, sizeof(content)) != 0)
		violate(look->simulation, "I2", "operation %s is another one in the server's log", id_to_text(&id).characters);
	if (outcome == OUTCOME_REJECTED && operation_find(promise->kind)->sort != SORT_CLAIM)
		violate(look->simulation, "refused", "%s %s was rejected", operation_find(promise->kind)->name,
			id_to_text(&id).characters);
}

/* ---- I10: who may ---- */

/* What a revoked device sent afterwards: of a stolen one nothing counts, of a draining one what was made before. */
static void check_revoked(struct log_look *look, sqlite3_stmt *row, unsigned who, const struct operation *operation)
{
	const struct revocation *revocation = &look->simulation->revoked[who];
	enum outcome outcome = (enum outcome)sqlite3_column_int(row, LOG_OUTCOME);

	if (revocation->at_ms == 0 || sqlite3_column_int64(row, LOG_RECEIVED_AT) <= revocation->at_ms ||
		(outcome != OUTCOME_APPLIED && outcome != OUTCOME_ISSUE))
		return;
	if (revocation->state == DEVICE_STATE_STOLEN)
		violate(look->simulation, "I10", "device %u is stolen, and its operation %lld of chain %lld counts", who,
			(long long)look->seq, (long long)look->chain);
	if (operation->head.base_gseq > revocation->gseq)
		violate(look->simulation, "I10", "device %u was revoked in commit %lld, and an operation made after commit %lld counts",
			who, (long long)revocation->gseq, (long long)operation->head.base_gseq);
}

static bool may_technician(const struct operation *operation)
{
	const struct operation_row *row = operation_find(operation->head.kind);
	const struct schema *schema = schema_find(operation->head.record);

	if (operation->head.kind == OPERATION_CREATE)
		return create_allowed(ROLE_TECHNICIAN, operation->head.record);
	for (size_t i = 0; operation->head.kind == OPERATION_EDIT && i < schema->field_count; i++)
		if ((operation->mask >> schema->fields[i].tag & 1) != 0 &&
			!edit_allowed(ROLE_TECHNICIAN, operation->head.record, &schema->fields[i]))
			return false;
	return row != NULL && (row->roles & ROLE_TECHNICIAN) != 0;
}

static void check_role(struct log_look *look, sqlite3_stmt *row, unsigned who, const struct operation *operation)
{
	enum outcome outcome = (enum outcome)sqlite3_column_int(row, LOG_OUTCOME);

	if ((outcome == OUTCOME_APPLIED || outcome == OUTCOME_ISSUE) && !may_technician(operation))
		violate(look->simulation, "I10", "operation %lld of device %u is not a technician's, and it counts",
			(long long)look->seq, who);
}

static void check_author(struct log_look *look, sqlite3_stmt *row, unsigned who, const struct operation *operation)
{
	const struct id technician = organisation_id(RECORD_TECHNICIAN, who - 1);

	if ((operation->head.role != ROLE_TECHNICIAN || !id_equal(&operation->head.actor, &technician)) &&
		sqlite3_column_int(row, LOG_OUTCOME) != OUTCOME_PARKED)
		violate(look->simulation, "I10", "operation %lld of device %u speaks for somebody else", (long long)look->seq, who);
	if (operation->head.base_gseq >= sqlite3_column_int64(row, LOG_GSEQ) && !look->simulation->server.swapped)
		violate(look->simulation, "I5", "operation %lld of device %u had seen commit %lld and was decided in %lld",
			(long long)look->seq, who, (long long)operation->head.base_gseq, (long long)sqlite3_column_int64(row, LOG_GSEQ));
	check_role(look, row, who, operation);
	check_revoked(look, row, who, operation);
}

/* ---- the last edit of a field that is committed stands ---- */

static void note_edit(struct log_look *look, sqlite3_stmt *row, const struct operation *operation, const struct field *field)
{
	const struct text *value = field_at(field, operation->arguments);
	size_t i = 0;

	while (i < look->edit_count && !(look->edits[i].chain == look->chain && look->edits[i].tag == field->tag &&
					       id_equal(&look->edits[i].subject, &operation->head.subject)))
		i++;
	if (i == look->edit_count) {
		look->edits = arena_grow(
			&look->simulation->arena, look->edits, look->edit_count, &look->edit_capacity, sizeof(*look->edits));
		look->edit_count++;
	} else if (look->edits[i].gseq > sqlite3_column_int64(row, LOG_GSEQ)) {
		return;
	}
	look->edits[i] = (struct edit){ .subject = operation->head.subject,
		.tag = field->tag,
		.chain = look->chain,
		.gseq = sqlite3_column_int64(row, LOG_GSEQ),
		.value = *value };
}

static void note_edits(struct log_look *look, sqlite3_stmt *row, const struct operation *operation)
{
	const struct schema *schema = schema_find(operation->head.record);
	enum outcome outcome = (enum outcome)sqlite3_column_int(row, LOG_OUTCOME);

	if (operation->head.kind != OPERATION_EDIT || (outcome != OUTCOME_APPLIED && outcome != OUTCOME_ISSUE))
		return;
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if ((operation->mask >> field->tag & 1) != 0 && field->kind == FIELD_TEXT && field->merge == MERGE_LAST_COMMITTED)
			note_edit(look, row, operation, field);
	}
}

/* A person decided otherwise since. */
static bool was_resolved(const struct log_look *look, const struct edit *edit)
{
	const struct snapshot_table *issues = snapshot_table(look->server, RECORD_ISSUE);

	for (size_t i = 0; i < issues->count; i++) {
		const struct issue *issue = issues->rows[i].row;
		if (id_equal(&issue->record_id, &edit->subject) && issue->resolution != ISSUE_RESOLUTION_NONE)
			return true;
	}
	return false;
}

/* Among the edits of the same commit that order is not in the log: any of them may be the last. */
static bool is_latest(const struct log_look *look, const struct edit *edit, struct text value)
{
	bool found = false;

	for (size_t i = 0; i < look->edit_count; i++) {
		const struct edit *other = &look->edits[i];
		if (other->tag != edit->tag || !id_equal(&other->subject, &edit->subject))
			continue;
		if (other->gseq > edit->gseq)
			return true; /* this one is not the last; that one is looked at by itself */
		found = found || (other->gseq == edit->gseq && text_equal(other->value, value));
	}
	return found;
}

static void check_edits(struct log_look *look)
{
	static const enum record_kind kinds[] = { RECORD_ASSET, RECORD_SITE, RECORD_WORK_ORDER, RECORD_TASK };

	for (size_t i = 0; i < look->edit_count; i++) {
		const struct edit *edit = &look->edits[i];
		for (size_t k = 0; k < LENGTH(kinds); k++) {
			const struct schema *schema = schema_find(kinds[k]);
			const struct snapshot_row *row = snapshot_find(look->server, kinds[k], &edit->subject);
			const struct field *field = row == NULL ? NULL : schema_field_by_tag(schema, (uint32_t)edit->tag);
			if (field != NULL && !was_resolved(look, edit) &&
				!is_latest(look, edit, *(const struct text *)field_at(field, row->row)))
				violate(look->simulation, "edit", "%s %s: the last edit of %s to be committed does not stand", schema->name,
					id_to_text(&edit->subject).characters, field->name);
		}
	}
}

/* I13: tries are counted, and there are at most so many. */
static void check_attempt(struct log_look *look, sqlite3_stmt *row)
{
	if (sqlite3_column_int(row, 0) > CAREFUL_TRIES_MAX)
		violate(look->simulation, "I13", "an operation was tried %d times", sqlite3_column_int(row, 0));
}

/* ---- all of it ---- */

static void check_logged(struct log_look *look, sqlite3_stmt *row)
{
	const struct id device = id_column(row, LOG_DEVICE);
	unsigned who = device_number(look->simulation, &device);
	struct arena *arena = &look->simulation->arena;
	struct operation operation;

	check_place(look, row);
	check_hashes(look, row);
	if (operation_decode(arena, arena_copy_bytes(arena, column(row, LOG_CANONICAL)), &operation) != STATUS_OK) {
		violate(look->simulation, "I5", "operation %lld of chain %lld cannot be read: %s", (long long)look->seq,
			(long long)look->chain, fail_reason());
		return;
	}
	note_edits(look, row, &operation);
	if (who == 0)
		return;
	check_origin(look, row);
	check_author(look, row, who, &operation);
}

/* Every promise that was not lost with its device was decided. */
static void check_promises(struct simulation *simulation)
{
	for (size_t i = 0; i < simulation->oracle.count && !simulation->violated; i++) {
		const struct promise *promise = &simulation->oracle.promises[i];
		struct logged_operation logged;
		if (promise->state == PROMISE_SAVED &&
			server_store_logged(simulation->server.store, &promise->id, &simulation->arena, &logged) != STATUS_OK)
			violate(simulation, promise->acknowledged ? "I2" : "I1", "%s %s of device %u, saved%s, is not in the server's log",
				operation_find(promise->kind)->name, id_to_text(&promise->id).characters, promise->device,
				promise->acknowledged ? " and acknowledged" : "");
	}
}

void checks_of_log(struct simulation *simulation, const struct snapshot *server)
{
	struct log_look look = { .simulation = simulation, .server = server };
	struct server_state state;

	if (server_store_state(simulation->server.store, &state) != STATUS_OK)
		violate(simulation, "failure", "the server cannot be read: %s", fail_reason());
	look.gseq = state.gseq;
	each_row(&look, log_sql, check_logged);
	check_chain_end(&look);
	each_row(&look, signature_sql, check_signature);
	each_row(&look, unsigned_sql, check_signed_to_the_end);
	each_row(&look, "SELECT count FROM attempt", check_attempt);
	check_promises(simulation);
	check_edits(&look);
}
