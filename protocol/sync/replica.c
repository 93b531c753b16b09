#include "protocol/sync/replica.h"

#include <string.h>

#define DROPPED_COUNT (-1) /* row count under which a dropped scope is stored */
#define SLOTS_MIN     64   /* a power of two */

/* The slot that names the scope, or the free one where it would go. */
static uint32_t *slot_of(const struct replica *replica, const struct scope *scope)
{
	uint32_t hash;

	memcpy(&hash, scope->id.bytes, sizeof(hash)); /* ids are hashes */
	for (hash = (hash ^ (uint32_t)scope->kind) * 0x9e3779b1U;; hash++) {
		uint32_t *slot = &replica->slots[hash & (replica->slot_count - 1)];
		if (*slot == 0 || scope_equal(&replica->scopes[*slot - 1].scope, scope))
			return slot;
	}
}

static void number_scopes(struct replica *replica)
{
	memset(replica->slots, 0, replica->slot_count * sizeof(*replica->slots));
	for (size_t i = 0; i < replica->scope_count; i++)
		*slot_of(replica, &replica->scopes[i].scope) = (uint32_t)i + 1;
}

static void add_scope(struct replica *replica, const struct held_scope *held)
{
	replica->scopes =
		arena_grow(replica->arena, replica->scopes, replica->scope_count, &replica->scope_capacity, sizeof(*replica->scopes));
	replica->scopes[replica->scope_count++] = *held;
	if (2 * replica->scope_count > replica->slot_count) {
		replica->slot_count = replica->slot_count == 0 ? SLOTS_MIN : 2 * replica->slot_count;
		replica->slots = arena_allocate_array(replica->arena, replica->slot_count, sizeof(*replica->slots));
		number_scopes(replica);
	} else {
		*slot_of(replica, &held->scope) = (uint32_t)replica->scope_count;
	}
}

static enum status load_scope(void *context, const struct scope *scope, const struct digest *digest)
{
	struct held_scope held = { .scope = *scope, .digest = *digest, .dropped = digest->count == DROPPED_COUNT };

	add_scope(context, &held);
	return STATUS_OK;
}

enum status replica_open(struct replica *replica, struct device_store *store, struct arena *arena)
{
	*replica = (struct replica){ .store = store, .arena = arena };
	return device_store_scopes_each(store, load_scope, replica);
}

enum status replica_close(struct replica *replica)
{
	const struct digest dropped = { .count = DROPPED_COUNT };
	enum status status = STATUS_OK;

	for (size_t i = 0; i < replica->scope_count && status == STATUS_OK; i++) {
		struct held_scope *held = &replica->scopes[i];
		if (held->changed)
			status = device_store_put_scope(replica->store, &held->scope, held->dropped ? &dropped : &held->digest);
		held->changed = false;
	}
	return status;
}

static struct held_scope *find_scope(struct replica *replica, const struct scope *scope)
{
	uint32_t place = replica->slot_count == 0 ? 0 : *slot_of(replica, scope);

	return place == 0 ? NULL : &replica->scopes[place - 1];
}

struct held_scope *replica_scope(struct replica *replica, const struct scope *scope)
{
	struct held_scope *held = find_scope(replica, scope);

	return held == NULL || held->dropped ? NULL : held;
}

void replica_drop(struct replica *replica, const struct scope *scope)
{
	struct held_scope *held = find_scope(replica, scope);

	if (held == NULL)
		return;
	held->dropped = true;
	held->changed = true;
	held->told = false;
}

void replica_expect(struct replica *replica, const struct scope *scope, const struct digest *wanted)
{
	struct held_scope *held = find_scope(replica, scope);

	if (held == NULL) {
		add_scope(replica, &(struct held_scope){ .scope = *scope, .dropped = true });
		held = &replica->scopes[replica->scope_count - 1];
	}
	held->told = true;
	held->wanted = *wanted;
}

enum status replica_check(const struct replica *replica)
{
	for (size_t i = 0; i < replica->scope_count; i++) {
		const struct held_scope *held = &replica->scopes[i];
		if (!held->told || (!held->dropped && digest_equal(&held->digest, &held->wanted)))
			continue;
		return fail(STATUS_CORRUPT, "digest: scope %d %s has %lld rows here, %lld on the server, or other content",
			(int)held->scope.kind, id_to_text(&held->scope.id).characters, (long long)(held->dropped ? 0 : held->digest.count),
			(long long)held->wanted.count);
	}
	return STATUS_OK;
}

/* ---- a row's place in the digests ---- */

struct row_place {
	struct replica *replica;
	const struct row_hash *removed;
	const struct row_hash *added;
	bool linked; /* by a scope that is held */
};

static void adjust(struct held_scope *held, const struct row_hash *removed, const struct row_hash *added)
{
	if (removed != NULL)
		digest_remove(&held->digest, *removed);
	if (added != NULL)
		digest_add(&held->digest, *added);
	held->changed = true;
}

static enum status adjust_linking(void *context, const struct scope *scope, const struct digest *digest)
{
	struct row_place *place = context;
	struct held_scope *held = replica_scope(place->replica, scope);

	(void)digest;
	if (held == NULL)
		return STATUS_OK;
	place->linked = true;
	adjust(held, place->removed, place->added);
	return STATUS_OK;
}

static enum status is_linked(struct replica *replica, enum record_kind kind, const struct id *id, bool *out_linked)
{
	struct row_place place = { .replica = replica };
	enum status status = device_store_links_of_row(replica->store, kind, id, adjust_linking, &place);

	*out_linked = place.linked;
	return status;
}

/* Moves a confirmed row's hash between the scopes that hold it. */
static enum status move_digests(struct replica *replica, enum record_kind kind, const struct id *id, const struct device_row *before,
	const struct device_row *after, bool *out_held)
{
	struct row_place place = {
		.replica = replica, .removed = before != NULL ? &before->hash : NULL, .added = after != NULL ? &after->hash : NULL
	};
	struct held_scope *old_home = before != NULL ? replica_scope(replica, &before->home) : NULL;
	struct held_scope *new_home = after != NULL ? replica_scope(replica, &after->home) : NULL;
	enum status status = device_store_links_of_row(replica->store, kind, id, adjust_linking, &place);

	if (old_home != NULL)
		adjust(old_home, place.removed, NULL);
	if (new_home != NULL)
		adjust(new_home, NULL, place.added);
	*out_held = new_home != NULL || place.linked;
	return status;
}

static struct device_row describe(enum record_kind kind, const void *row)
{
	const struct schema *schema = schema_find(kind);

	return (struct device_row){ .home = row_home(schema, row), .hash = row_hash(schema, row) };
}

enum status replica_confirm(struct replica *replica, enum record_kind kind, const struct id *id, const void *row)
{
	struct device_row before, after = { 0 };
	bool held = false;
	enum status status = device_store_row(replica->store, kind, id, &before);
	bool was_there = status == STATUS_OK;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (row != NULL)
		after = describe(kind, row);
	status = move_digests(replica, kind, id, was_there ? &before : NULL, row != NULL ? &after : NULL, &held);
	if (status != STATUS_OK)
		return status;
	if (row != NULL && held)
		return device_store_put_row(replica->store, kind, row, &after);
	return was_there ? device_store_remove_row(replica->store, kind, id) : STATUS_OK;
}

enum status replica_link(struct replica *replica, const struct scope *scope, enum record_kind kind, const struct id *id)
{
	struct held_scope *held = replica_scope(replica, scope);
	struct device_row row;
	enum status status = device_store_unlink(replica->store, scope, kind, id);
	bool was_linked = status == STATUS_OK;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	status = device_store_link(replica->store, scope, kind, id);
	if (status != STATUS_OK || was_linked)
		return status;
	status = device_store_row(replica->store, kind, id, &row);
	if (status == STATUS_OK && held != NULL)
		adjust(held, NULL, &row.hash);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* its content follows in this very cut, or the digest tells */
}

/* Removes a row that no held scope contains. */
static enum status let_go(struct replica *replica, enum record_kind kind, const struct id *id)
{
	struct device_row row;
	bool linked = false;
	enum status status = device_store_row(replica->store, kind, id, &row);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	status = is_linked(replica, kind, id, &linked);
	if (status != STATUS_OK || linked || replica_scope(replica, &row.home) != NULL)
		return status;
	return device_store_remove_row(replica->store, kind, id);
}

static enum status leave_job(struct replica *replica, const struct scope *scope, enum record_kind kind, const struct id *id)
{
	struct held_scope *held = replica_scope(replica, scope);
	struct device_row row;
	enum status status = device_store_unlink(replica->store, scope, kind, id);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	status = device_store_row(replica->store, kind, id, &row);
	if (status == STATUS_OK && held != NULL)
		adjust(held, &row.hash, NULL);
	return status == STATUS_OK || status == STATUS_NOT_FOUND ? let_go(replica, kind, id) : status;
}

/* The row has another home now (then it came, or will come, as a whole row if that is held), or is gone. */
static enum status leave_home(struct replica *replica, const struct scope *scope, enum record_kind kind, const struct id *id)
{
	struct device_row row;
	enum status status = device_store_row(replica->store, kind, id, &row);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	return scope_equal(&row.home, scope) ? replica_confirm(replica, kind, id, NULL) : STATUS_OK;
}

enum status replica_leave(struct replica *replica, const struct scope *scope, enum record_kind kind, const struct id *id)
{
	return scope->kind == SCOPE_JOB ? leave_job(replica, scope, kind, id) : leave_home(replica, scope, kind, id);
}

enum status replica_guess(struct replica *replica, enum record_kind kind, const struct id *id, const void *row)
{
	struct device_row meta;
	enum status status = device_store_shadow(replica->store, kind, id);

	if (status != STATUS_OK)
		return status;
	if (row == NULL)
		return device_store_remove_row(replica->store, kind, id);
	meta = describe(kind, row);
	return device_store_put_row(replica->store, kind, row, &meta);
}

/* Shadows are collected before rows change under them. */
struct shadow_list {
	struct arena *arena;
	struct shadow *shadows;
	size_t count;
	size_t capacity;
};

static enum status collect_shadow(void *context, const struct shadow *shadow)
{
	struct shadow_list *list = context;

	list->shadows = arena_grow(list->arena, list->shadows, list->count, &list->capacity, sizeof(*list->shadows));
	list->shadows[list->count++] = *shadow;
	return STATUS_OK;
}

static enum status confirm_guess(struct replica *replica, const struct shadow *shadow)
{
	struct device_row now;
	bool held = false;
	enum status status = device_store_row(replica->store, shadow->kind, &shadow->id, &now);
	bool is_there = status == STATUS_OK;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	status = move_digests(replica, shadow->kind, &shadow->id, shadow->present ? &shadow->row : NULL, is_there ? &now : NULL, &held);
	if (status == STATUS_OK && is_there && !held)
		status = device_store_remove_row(replica->store, shadow->kind, &shadow->id);
	return status;
}

enum status replica_confirm_guesses(struct replica *replica)
{
	struct shadow_list list = { .arena = replica->arena };
	enum status status = device_store_shadow_each(replica->store, collect_shadow, &list);

	for (size_t i = 0; i < list.count && status == STATUS_OK; i++)
		status = confirm_guess(replica, &list.shadows[i]);
	return status == STATUS_OK ? device_store_drop_shadows(replica->store) : status;
}

struct row_list {
	struct arena *arena;
	struct member_name {
		enum record_kind kind;
		struct id id;
	} * rows;
	size_t count;
	size_t capacity;
};

static enum status collect_row(void *context, enum record_kind kind, const struct id *id)
{
	struct row_list *list = context;

	list->rows = arena_grow(list->arena, list->rows, list->count, &list->capacity, sizeof(*list->rows));
	list->rows[list->count++] = (struct member_name){ kind, *id };
	return STATUS_OK;
}

static enum status purge_scope(struct replica *replica, const struct scope *scope)
{
	struct row_list list = { .arena = replica->arena };
	enum status status = device_store_rows_of_scope(replica->store, scope, collect_row, &list);

	for (size_t i = 0; i < list.count && status == STATUS_OK; i++)
		status = scope->kind == SCOPE_JOB ? leave_job(replica, scope, list.rows[i].kind, &list.rows[i].id)
						  : let_go(replica, list.rows[i].kind, &list.rows[i].id);
	return status == STATUS_OK ? device_store_remove_scope(replica->store, scope) : status;
}

/* Rows at home in a scope can be here before it is held: a job links them. */
struct homecoming {
	struct replica *replica;
	struct digest digest;
};

static enum status count_in(void *context, enum record_kind kind, const struct id *id)
{
	struct homecoming *homecoming = context;
	struct device_row row;
	enum status status = device_store_row(homecoming->replica->store, kind, id, &row);

	if (status == STATUS_OK)
		digest_add(&homecoming->digest, row.hash);
	return status;
}

/* What the digest of a scope begins with. */
static enum status count_home(struct replica *replica, const struct scope *scope, struct digest *out_digest)
{
	struct homecoming homecoming = { .replica = replica };
	enum status status = STATUS_OK;

	if (scope->kind != SCOPE_JOB)
		status = device_store_rows_of_scope(replica->store, scope, count_in, &homecoming);
	*out_digest = homecoming.digest;
	return status;
}

enum status replica_hold(struct replica *replica, const struct scope *scope)
{
	struct held_scope *held = find_scope(replica, scope);
	struct held_scope fresh = { .scope = *scope, .changed = true };
	enum status status;

	if (held != NULL && !held->dropped)
		return STATUS_OK;
	status = purge_scope(replica, scope);
	if (status == STATUS_OK)
		status = count_home(replica, scope, &fresh.digest);
	if (status != STATUS_OK)
		return status;
	if (held == NULL)
		add_scope(replica, &fresh);
	else
		*held = fresh;
	return STATUS_OK;
}

enum status replica_purge(struct replica *replica)
{
	size_t kept = 0;

	for (size_t i = 0; i < replica->scope_count; i++) {
		enum status status = replica->scopes[i].dropped ? purge_scope(replica, &replica->scopes[i].scope) : STATUS_OK;
		if (status != STATUS_OK)
			return status;
	}
	for (size_t i = 0; i < replica->scope_count; i++)
		if (!replica->scopes[i].dropped)
			replica->scopes[kept++] = replica->scopes[i];
	replica->scope_count = kept;
	if (replica->slot_count > 0)
		number_scopes(replica);
	return STATUS_OK;
}

/* ---- counting anew ---- */

/* Rows that are not as it was noted of them, or are no scope's: collected before any changes. */
struct misnoted {
	enum record_kind kind;
	void *row;
	struct device_row meta;
	bool stray;
};

struct recount {
	struct replica *replica;
	struct misnoted *rows;
	size_t count;
	size_t capacity;
};

static enum status recount_row(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct recount *recount = context;
	struct replica *replica = recount->replica;
	struct device_row now = describe(kind, row);
	struct held_scope *home = find_scope(replica, &now.home);
	bool linked = false, noted = scope_equal(&now.home, &meta->home) && memcmp(&now.hash, &meta->hash, sizeof(now.hash)) == 0;
	enum status status = STATUS_OK;

	if (home == NULL)
		status = is_linked(replica, kind, row_id(row), &linked);
	else if (!home->dropped)
		digest_add(&home->digest, now.hash);
	if (status != STATUS_OK || (noted && (home != NULL || linked)))
		return status;
	recount->rows = arena_grow(replica->arena, recount->rows, recount->count, &recount->capacity, sizeof(*recount->rows));
	recount->rows[recount->count++] = (struct misnoted){
		.kind = kind, .row = row_copy(replica->arena, schema_find(kind), row), .meta = now, .stray = home == NULL && !linked
	};
	return STATUS_OK;
}

static enum status note_anew(struct replica *replica, const struct misnoted *misnoted)
{
	return misnoted->stray ? device_store_remove_row(replica->store, misnoted->kind, row_id(misnoted->row))
			       : device_store_put_row(replica->store, misnoted->kind, misnoted->row, &misnoted->meta);
}

static enum status count_linked(void *context, enum record_kind kind, const struct id *id)
{
	enum status status = count_in(context, kind, id);

	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status recount_job(struct replica *replica, struct held_scope *held)
{
	struct homecoming members = { .replica = replica };
	enum status status = device_store_rows_of_scope(replica->store, &held->scope, count_linked, &members);

	held->digest = members.digest;
	return status;
}

enum status replica_recount(struct replica *replica)
{
	struct recount recount = { .replica = replica };
	enum status status;

	for (size_t i = 0; i < replica->scope_count; i++) {
		replica->scopes[i].digest = (struct digest){ 0 };
		replica->scopes[i].changed = true;
	}
	status = device_store_rows_each(replica->store, recount_row, &recount);
	for (size_t i = 0; i < recount.count && status == STATUS_OK; i++)
		status = note_anew(replica, &recount.rows[i]);
	for (size_t i = 0; i < replica->scope_count && status == STATUS_OK; i++)
		if (!replica->scopes[i].dropped && replica->scopes[i].scope.kind == SCOPE_JOB)
			status = recount_job(replica, &replica->scopes[i]);
	return status;
}
