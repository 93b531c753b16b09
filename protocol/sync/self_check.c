#include "protocol/sync/self_check.h"

#include <stdio.h>
#include <string.h>

struct slice {
	struct self_check *check;
	struct device_store *store;
	size_t left; /* rows */
	bool cut;    /* there are more */
	bool rot;
};

/* ---- beginning ---- */

static enum status begin(struct self_check *check, struct device_store *store)
{
	struct arena arena = check->arena;
	enum status status;

	arena_reset(&arena);
	*check = (struct self_check){ .under_way = true, .changes = device_store_changes(store), .arena = arena };
	status = replica_open(&check->replica, store, &check->arena);
	for (size_t i = 0; i < check->replica.scope_count; i++) {
		struct held_scope *held = &check->replica.scopes[i];
		held->wanted = held->digest;
		held->digest = (struct digest){ 0 };
		check->dropping = check->dropping || held->dropped;
	}
	return status == STATUS_OK ? shadow_set_load(&check->shadows, store, &check->arena) : status;
}

/* ---- rows ---- */

struct counting {
	struct self_check *check;
	struct row_hash hash;
	bool held; /* by a scope */
};

static enum status count_linking(void *context, const struct scope *scope, const struct digest *digest)
{
	struct counting *counting = context;
	struct held_scope *held = replica_scope(&counting->check->replica, scope);

	(void)digest;
	counting->held = counting->held || held != NULL;
	if (held != NULL)
		digest_add(&held->digest, counting->hash);
	return STATUS_OK;
}

/* A confirmed row counts in its home and in the jobs that link it. */
static enum status count_row(struct self_check *check, struct device_store *store, enum record_kind kind, const struct id *id,
	const struct device_row *meta, bool *out_stray)
{
	struct held_scope *home = replica_scope(&check->replica, &meta->home);
	struct counting counting = { check, meta->hash, home != NULL };
	enum status status;

	if (home != NULL)
		digest_add(&home->digest, meta->hash);
	status = device_store_links_of_row(store, kind, id, count_linking, &counting);
	*out_stray = status == STATUS_OK && !counting.held && !check->dropping;
	return status;
}

/* STATUS_BUSY: that is the end of the slice. */
static enum status found_rot(struct slice *slice, const struct schema *schema, const void *row, const char *why)
{
	slice->rot = true;
	(void)snprintf(slice->check->reason, sizeof(slice->check->reason), "%s %s %s", schema->name, id_to_text(row_id(row)).characters,
		why);
	return STATUS_BUSY;
}

static enum status look_at_row(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct slice *slice = context;
	struct self_check *check = slice->check;
	const struct schema *schema = schema_find(kind);
	struct row_hash hash = row_hash(schema, row);
	struct scope home = row_home(schema, row);
	bool stray = false;
	enum status status = STATUS_OK;

	slice->cut = slice->left == 0;
	if (slice->cut)
		return STATUS_BUSY;
	if (memcmp(&hash, &meta->hash, sizeof(hash)) != 0 || !scope_equal(&home, &meta->home))
		return found_rot(slice, schema, row, "is not what is noted of it");
	slice->left--;
	check->kind = kind;
	check->after = *row_id(row);
	check->rows++;
	if (shadow_set_find(&check->shadows, kind, row_id(row)) == NULL)
		status = count_row(check, slice->store, kind, row_id(row), meta, &stray);
	return stray ? found_rot(slice, schema, row, "is of no scope that is held here") : status;
}

/* ---- the end ---- */

static enum status count_shadows(struct self_check *check, struct device_store *store)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < check->shadows.count && status == STATUS_OK; i++) {
		const struct shadow *shadow = &check->shadows.shadows[i];
		bool stray;
		if (shadow->present)
			status = count_row(check, store, shadow->kind, &shadow->id, &shadow->row, &stray);
	}
	return status;
}

static bool scopes_fit(struct self_check *check)
{
	for (size_t i = 0; i < check->replica.scope_count; i++) {
		const struct held_scope *held = &check->replica.scopes[i];
		if (held->dropped || digest_equal(&held->digest, &held->wanted))
			continue;
		(void)snprintf(check->reason, sizeof(check->reason), "scope %d %s holds %lld rows, of %lld that are noted, or others",
			(int)held->scope.kind, id_to_text(&held->scope.id).characters, (long long)held->digest.count,
			(long long)held->wanted.count);
		return false;
	}
	return true;
}

static enum status take_slice(struct slice *slice, enum self_check_finding *out_finding)
{
	struct self_check *check = slice->check;
	enum status status = device_store_rows_beyond(slice->store, check->kind, &check->after, look_at_row, slice);

	if (status == STATUS_BUSY && (slice->cut || slice->rot)) {
		*out_finding = slice->rot ? SELF_CHECK_ROT : SELF_CHECK_GOES_ON;
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = count_shadows(check, slice->store);
	if (status == STATUS_OK)
		*out_finding = scopes_fit(check) ? SELF_CHECK_WHOLE : SELF_CHECK_ROT;
	return status;
}

enum status self_check_slice(
	struct self_check *check, struct device_store *store, size_t rows_max, enum self_check_finding *out_finding)
{
	struct slice slice = { .check = check, .store = store, .left = rows_max };
	enum status status = STATUS_OK;

	if (!check->under_way || check->changes != device_store_changes(store))
		status = begin(check, store);
	if (status == STATUS_OK)
		status = take_slice(&slice, out_finding);
	check->under_way = status == STATUS_OK && *out_finding == SELF_CHECK_GOES_ON;
	return status;
}

void self_check_finish(struct self_check *check)
{
	arena_finish(&check->arena);
	*check = (struct self_check){ 0 };
}
