#include "tests/simulation/watch.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/domain/attachment.h"
#include "protocol/wire/blob.h"
#include "protocol/wire/recon.h"
#include "tests/simulation/projection.h"

/* What the watcher knows of the run: whose sessions are whose, and the server's rows as of its latest commit. */
struct watcher {
	struct simulation *simulation;
	struct arena arena; /* life of one plaintext */
	struct snapshot server;
	bool has_server;
	unsigned starts; /* of the server, and its commits: when the rows were read */
	int64_t commits;
	struct projection projection;
	unsigned projected; /* the device it is of; 0: none */
};

static struct watcher watcher; /* large, and the taps have no place to keep a pointer */

static void forget_server(void)
{
	if (watcher.has_server)
		snapshot_finish(&watcher.server);
	watcher.has_server = false;
	watcher.projected = 0;
}

void watch_begin(struct simulation *simulation)
{
	watcher.simulation = simulation;
}

void watch_end(void)
{
	forget_server();
	arena_finish(&watcher.arena);
	watcher.simulation = NULL;
}

/* What the device of that number may see now. */
static const struct projection *project(unsigned who)
{
	const struct server_node *server = &watcher.simulation->server;
	int64_t commits = server_core_counts(server->core).commits;

	if (watcher.has_server && (watcher.starts != server->starts || watcher.commits != commits))
		forget_server();
	if (!watcher.has_server) {
		snapshot_open(&watcher.server, server_store_storage(server->store));
		watcher.has_server = true;
		watcher.starts = server->starts;
		watcher.commits = commits;
	}
	if (watcher.projected != who)
		projection_make(&watcher.projection, &watcher.server, who, clock_now_ms(&server->clock));
	watcher.projected = who;
	return &watcher.projection;
}

/* ---- what is in it ---- */

static const char *find_canary(struct text text)
{
	const size_t size = strlen(CANARY) + 2;

	for (size_t i = 0; i + size <= text.size; i++)
		if (memcmp(text.data + i, CANARY, strlen(CANARY)) == 0)
			return text.data + i + strlen(CANARY);
	return NULL;
}

/* Names of the organisation say what they are of, so that they are known again wherever they turn up. */
static void check_text(unsigned who, const struct projection *projection, struct text text)
{
	static const enum record_kind kinds[] = { RECORD_ACCOUNT, RECORD_SITE, RECORD_ASSET, RECORD_CONTACT, RECORD_SERVICE_REQUEST,
		RECORD_SITE_ACCESS };
	const char *at = find_canary(text);

	for (size_t i = 0; at != NULL && i < LENGTH(kinds); i++) {
		struct id id = organisation_id(kinds[i], (unsigned)(at[1] - '0'));
		const struct snapshot_row *row = snapshot_find(projection->server, kinds[i], &id);
		if (at[0] == canary_letter(kinds[i]) && (row == NULL || !projection_has_row(projection, schema_find(kinds[i]), row->row)))
			violate(watcher.simulation, "I9", "device %u is sent \"%.*s\", of a %s outside its scopes", who,
				TEXT_ARGUMENTS(text), schema_find(kinds[i])->name);
	}
}

static void check_row(unsigned who, const struct projection *projection, const struct page_group *group, size_t position)
{
	const struct schema *schema = group->schema;
	const void *sent = group->rows[position];
	const struct snapshot_row *row = snapshot_find(projection->server, schema->kind, row_id(sent));

	if (row == NULL || !projection_has_row(projection, schema, row->row)) {
		violate(watcher.simulation, "I9", "device %u is sent %s %s (entry type %d), outside its scopes", who, schema->name,
			id_to_text(row_id(sent)).characters, (int)group->type);
		return;
	}
	for (size_t i = 1; i < schema->field_count && group->type != ENTRY_MEMBER; i++) {
		const struct field *field = &schema->fields[i];
		if (group->type == ENTRY_PATCH && (group->masks[position] >> field->tag & 1) == 0)
			continue;
		if (!field_equal(field, sent, row->row))
			violate(watcher.simulation, "I9", "device %u is sent another %s of %s %s than the server has", who, field->name,
				schema->name, id_to_text(row_id(sent)).characters);
		if (field->kind == FIELD_TEXT)
			check_text(who, projection, *(const struct text *)field_at(field, sent));
	}
}

static void check_scope(unsigned who, const struct projection *projection, const struct scope *scope, const char *where)
{
	if (!projection_has_scope(projection, scope))
		violate(watcher.simulation, "I9", "device %u is told of scope %d %s in a %s, and has no right to it", who, (int)scope->kind,
			id_to_text(&scope->id).characters, where);
}

static void check_page(unsigned who, struct bytes body)
{
	const struct projection *projection = project(who);
	struct page page;

	if (page_decode(body, &watcher.arena, NULL, &page) != STATUS_OK) {
		violate(watcher.simulation, "I9", "a page for device %u cannot be read: %s", who, fail_reason());
		return;
	}
	for (size_t i = 0; i < page.group_count; i++) {
		check_scope(who, projection, &page.groups[i].scope, "page");
		for (size_t k = 0; k < page.groups[i].count && page.groups[i].type != ENTRY_LEFT; k++)
			check_row(who, projection, &page.groups[i], k);
	}
}

/* Rows at home in a scope; of a job only that there are no more than its members. */
static bool count_is_right(const struct projection *projection, const struct scope_digest *digest)
{
	const struct schema *schema;
	int64_t count = 0;

	if (digest->scope.kind == SCOPE_JOB)
		return digest->digest.count <= (int64_t)projection->member_count;
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
		const struct snapshot_table *table = snapshot_table(projection->server, schema->kind);
		for (size_t k = 0; k < table->count; k++) {
			const struct scope home = row_home(schema, table->rows[k].row);
			count += scope_equal(&home, &digest->scope);
		}
	}
	return count == digest->digest.count;
}

static void check_cut(unsigned who, const struct section *section, const struct common_ground *ground)
{
	const struct projection *projection = project(who);
	struct cut cut;

	if (cut_decode_within(section, ground, &watcher.arena, &cut) != STATUS_OK) {
		violate(watcher.simulation, "I9", "a cut for device %u cannot be read: %s", who, fail_reason());
		return;
	}
	for (size_t i = 0; i < cut.digest_count; i++) {
		check_scope(who, projection, &cut.digests[i].scope, "cut");
		if (!count_is_right(projection, &cut.digests[i]))
			violate(watcher.simulation, "I9", "device %u is told %lld rows of scope %d %s", who,
				(long long)cut.digests[i].digest.count, (int)cut.digests[i].scope.kind,
				id_to_text(&cut.digests[i].scope.id).characters);
	}
	for (size_t i = 0; i < cut.held_count; i++)
		check_scope(who, projection, &cut.held[i], "cut");
}

/* Its own chain, and no number beyond it. */
static void check_decided(unsigned who, const struct section *section, const struct common_ground *ground)
{
	const struct id device = organisation_device_id(who);
	struct decided decided;
	struct chain_state chain;

	if (decided_decode_within(section, ground, &watcher.arena, &decided) != STATUS_OK ||
		server_store_chain(watcher.simulation->server.store, &device, &decided.incarnation, &chain) != STATUS_OK ||
		decided.seq > chain.last_seq)
		violate(watcher.simulation, "I9", "device %u is told what became of operations that it did not send", who);
}

static void check_repair(unsigned who, struct bytes body)
{
	struct recon_reply reply;

	if (recon_reply_decode(body, &watcher.arena, &reply) != STATUS_OK) {
		violate(watcher.simulation, "I9", "a repair for device %u cannot be read: %s", who, fail_reason());
		return;
	}
	for (size_t i = 0; i < reply.count; i++)
		for (size_t k = 0; k < reply.answers[i].scope_count; k++)
			check_scope(who, project(who), &reply.answers[i].scopes[k], "repair");
	if (reply.page.size > 0)
		check_page(who, reply.page);
}

/* A row that it may see speaks of the file. */
static void check_file(unsigned who, const struct hash *id)
{
	const struct projection *projection = project(who);
	const struct snapshot_table *attachments = snapshot_table(projection->server, RECORD_ATTACHMENT);
	struct blob_text blob = blob_to_text(id);

	for (size_t i = 0; i < attachments->count; i++) {
		const struct attachment *attachment = attachments->rows[i].row;
		if ((text_equals(attachment->blob, blob.characters) || text_equals(attachment->thumbnail, blob.characters)) &&
			projection_has_row(projection, &attachment_schema, attachment))
			return;
	}
	violate(watcher.simulation, "I9", "device %u is sent file %s, of which it may see no row", who, blob.characters);
}

static void check_list(unsigned who, struct bytes body)
{
	struct blob_offer offer;

	if (blob_offer_decode(body, &offer) == STATUS_OK)
		check_file(who, &offer.id);
}

static void check_piece(unsigned who, struct bytes body)
{
	struct blob_piece piece;

	if (blob_piece_decode(body, &piece) == STATUS_OK)
		check_file(who, &piece.id);
}

/* I2: nothing is said of a commit that was not carried out. */
static void check_moment(unsigned who)
{
	const struct simulation *simulation = watcher.simulation;
	struct server_state state;

	if (server_store_state(simulation->server.store, &state) == STATUS_OK && state.gseq != simulation->last_gseq)
		violate(watcher.simulation, "I2", "device %u is answered out of commit %lld, the latest carried out is %lld", who,
			(long long)state.gseq, (long long)simulation->last_gseq);
}

static void check_answer(unsigned who, struct bytes plain, const struct common_ground *ground)
{
	struct section *sections;
	size_t count = 0;

	check_moment(who);
	if (sections_read(plain, &watcher.arena, &sections, &count) != STATUS_OK)
		violate(watcher.simulation, "I9", "an answer for device %u cannot be read: %s", who, fail_reason());
	for (size_t i = 0; i < count && !watcher.simulation->violated; i++) {
		if (sections[i].number == SECTION_PAGE)
			check_page(who, sections[i].body);
		else if (sections[i].number == SECTION_CUT)
			check_cut(who, &sections[i], ground);
		else if (sections[i].number == SECTION_DECIDED)
			check_decided(who, &sections[i], ground);
		else if (sections[i].number == SECTION_RECON_REPLY)
			check_repair(who, sections[i].body);
		else if (sections[i].number == SECTION_BLOB_LIST)
			check_list(who, sections[i].body);
		else if (sections[i].number == SECTION_CHUNK_REPLY)
			check_piece(who, sections[i].body);
	}
	arena_reset(&watcher.arena);
}

/* ---- whose it is ---- */

static bool is_servers_turn(const struct simulation *simulation)
{
	return stream_of_libsodium() == &simulation->server.stream;
}

/* What the device said and was told before its first frame. A server that is gone by then answers none of the session's frames. */
static struct common_ground ground_of(const struct simulation *simulation, const struct device_node *device)
{
	struct server_state server;
	struct outbox_state outbox;

	if (simulation->server.store == NULL || server_store_state(simulation->server.store, &server) != STATUS_OK ||
		device_store_outbox(device->store, &outbox) != STATUS_OK)
		return (struct common_ground){ 0 };
	return (struct common_ground){ .incarnation = outbox.incarnation, .epoch = server.epoch };
}

/* The device's core numbers its sessions; the server's answers carry the same number. */
static void note_session(struct simulation *simulation, const uint8_t id[static SESSION_ID_SIZE])
{
	for (unsigned i = 0; i < simulation->node_count; i++) {
		struct device_node *device = &simulation->devices[i];
		if (stream_of_libsodium() != &device->stream)
			continue;
		if (memcmp(device->sessions[device->session_count % SESSIONS_KEPT].id, id, SESSION_ID_SIZE) != 0) {
			struct kept_session *session = &device->sessions[++device->session_count % SESSIONS_KEPT];
			session->ground = ground_of(simulation, device);
			memcpy(session->id, id, SESSION_ID_SIZE);
		}
		return;
	}
}

static unsigned session_owner(
	const struct simulation *simulation, const uint8_t id[static SESSION_ID_SIZE], const struct common_ground **out_ground)
{
	for (unsigned i = 0; i < NODES_MAX; i++) /* a copy that is gone may still be answered */
		for (size_t k = 0; k < SESSIONS_KEPT; k++)
			if (memcmp(simulation->devices[i].sessions[k].id, id, SESSION_ID_SIZE) == 0) {
				*out_ground = &simulation->devices[i].sessions[k].ground;
				return simulation->devices[i].who;
			}
	return 0;
}

void watch_session(const uint8_t id[static SESSION_ID_SIZE], struct bytes plain)
{
	struct simulation *simulation = watcher.simulation;
	const struct common_ground *ground = NULL;
	unsigned who;

	if (simulation == NULL)
		return;
	if (!is_servers_turn(simulation)) {
		note_session(simulation, id);
		return;
	}
	who = session_owner(simulation, id, &ground);
	if (who != 0)
		check_answer(who, plain, ground);
	else
		violate(simulation, "I9", "the server answers in a session that no device opened");
}

void watch_envelope(const struct id *sender, const struct id *recipient, struct bytes plain)
{
	struct simulation *simulation = watcher.simulation;
	const struct id server = organisation_device_id(0);

	if (simulation == NULL || !id_equal(sender, &server))
		return;
	for (unsigned who = 1; who <= simulation->device_count; who++) {
		const struct id device = organisation_device_id(who);
		if (id_equal(recipient, &device))
			check_answer(who, plain, NULL);
	}
}
