/* Rows that left scopes, members of job scopes, and which scopes a device holds. */
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/domain/attachment.h"
#include "protocol/domain/revision.h"
#include "server/store_inner.h"

static enum status member_statement(struct server_store *store, enum statement_id which, int64_t scope, enum record_kind kind,
	const struct id *id, struct statement **out_statement)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, which, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, scope);
	statement_bind_integer(statement, 2, kind);
	statement_bind_id(statement, 3, id);
	*out_statement = statement;
	return STATUS_OK;
}

static enum status put_member(struct server_store *store, enum statement_id which, const struct member *member)
{
	struct statement *statement = NULL;
	enum status status = member_statement(store, which, member->scope, member->kind, &member->id, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 4, member->gseq);
	return store_run(statement);
}

static enum status remove_member(
	struct server_store *store, enum statement_id which, int64_t scope, enum record_kind kind, const struct id *id)
{
	struct statement *statement = NULL;
	enum status status = member_statement(store, which, scope, kind, id, &statement);

	return status == STATUS_OK ? store_run(statement) : status;
}

enum status server_store_put_left(struct server_store *store, int64_t scope, enum record_kind kind, const struct id *id, int64_t gseq)
{
	return put_member(store, STATEMENT_LEFT_PUT, &(struct member){ .scope = scope, .kind = kind, .id = *id, .gseq = gseq });
}

enum status server_store_forget_left(struct server_store *store, int64_t scope, enum record_kind kind, const struct id *id)
{
	return remove_member(store, STATEMENT_LEFT_FORGET, scope, kind, id);
}

enum status server_store_put_link(struct server_store *store, int64_t job, enum record_kind kind, const struct id *id, int64_t gseq)
{
	return put_member(store, STATEMENT_LINK_PUT, &(struct member){ .scope = job, .kind = kind, .id = *id, .gseq = gseq });
}

enum status server_store_remove_link(struct server_store *store, int64_t job, enum record_kind kind, const struct id *id)
{
	return remove_member(store, STATEMENT_LINK_REMOVE, job, kind, id);
}

static struct member read_member(struct statement *statement)
{
	return (struct member){ .scope = statement_integer(statement, 0),
		.kind = (enum record_kind)statement_integer(statement, 1),
		.id = statement_id_column(statement, 2),
		.gseq = statement_integer(statement, 3),
		.from_gseq = statement_integer(statement, 4) };
}

/* Gathers first: the visit may change links. */
enum status server_store_links_of_row(
	struct server_store *store, enum record_kind kind, const struct id *id, member_visit visit, void *context)
{
	struct member few[8];
	struct arena arena = { 0 };
	struct writer more = writer_in(&arena, SIZE_MAX / 4);
	struct statement *statement = NULL;
	size_t count = 0;
	enum status status = statement_get(store->storage, STATEMENT_LINK_OF_ROW, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, kind);
	statement_bind_id(statement, 2, id);
	while (statement_next(statement, &status)) {
		struct member member = read_member(statement);

		if (count < LENGTH(few))
			few[count] = member;
		else
			write_raw(&more, &member, sizeof(member));
		count++;
	}
	statement_reset(statement);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct member member;

		if (i < LENGTH(few))
			member = few[i];
		else
			memcpy(&member, more.data + (i - LENGTH(few)) * sizeof(member), sizeof(member));
		status = visit(context, &member);
	}
	arena_finish(&arena);
	return status;
}

static enum status feed(struct server_store *store, enum statement_id which, const struct member *after, member_visit visit, void *context)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, which, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, after->scope);
	statement_bind_integer(statement, 2, after->gseq);
	statement_bind_integer(statement, 3, after->kind);
	statement_bind_id(statement, 4, &after->id);
	while (statement_next(statement, &status)) {
		struct member member = read_member(statement);

		status = visit(context, &member);
	}
	statement_reset(statement);
	return status;
}

enum status server_store_link_feed(struct server_store *store, const struct member *after, member_visit visit, void *context)
{
	return feed(store, STATEMENT_LINK_FEED, after, visit, context);
}

enum status server_store_left_feed(struct server_store *store, const struct member *after, member_visit visit, void *context)
{
	return feed(store, STATEMENT_LEFT_FEED, after, visit, context);
}

enum status server_store_links_by_id(
	struct server_store *store, const struct member *after, const struct id *last, member_visit visit, void *context)
{
	struct statement *statement = NULL;
	enum status status = member_statement(store, STATEMENT_LINK_BY_ID, after->scope, after->kind, &after->id, &statement);

	if (status == STATUS_OK)
		statement_bind_id(statement, 4, last);
	while (statement_next(statement, &status)) {
		struct member member = read_member(statement);

		status = visit(context, &member);
	}
	statement_reset(statement);
	return status;
}

/* The first `most` ids that it gives. */
static enum status collect_ids(struct statement *statement, size_t most, struct id *out_ids, size_t *out_count)
{
	enum status status = STATUS_OK;
	size_t count = 0;

	while (count < most && statement_next(statement, &status))
		out_ids[count++] = statement_id_column(statement, 0);
	statement_reset(statement);
	*out_count = count;
	return status;
}

enum status server_store_done_here(struct server_store *store, enum record_kind kind, const struct id *place, int64_t since_ms,
	struct id *out_orders, size_t *out_count)
{
	struct statement *statement = NULL;
	enum status status =
		statement_get(store->storage, kind == RECORD_SITE ? STATEMENT_DONE_AT_SITE : STATEMENT_DONE_ON_ASSET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, place);
	statement_bind_integer(statement, 2, since_ms);
	statement_bind_integer(statement, 3, DONE_HERE_MAX);
	return collect_ids(statement, DONE_HERE_MAX, out_orders, out_count);
}

enum status server_store_costed(struct server_store *store, struct id *out_orders, size_t *out_count)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_ORDER_COSTED, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, COSTED_MAX);
	return collect_ids(statement, COSTED_MAX, out_orders, out_count);
}

/* ---- grants ---- */

static enum status run_grant(struct server_store *store, enum statement_id which, const struct id *device, int64_t scope, int64_t gseq)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, which, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_integer(statement, 2, scope);
	statement_bind_integer(statement, 3, gseq);
	return store_run(statement);
}

enum status server_store_grant(struct server_store *store, const struct id *device, int64_t scope, int64_t gseq)
{
	return run_grant(store, STATEMENT_GRANT_OPEN, device, scope, gseq);
}

enum status server_store_ungrant(struct server_store *store, const struct id *device, int64_t scope, int64_t gseq)
{
	return run_grant(store, STATEMENT_GRANT_END, device, scope, gseq);
}

enum status server_store_reaches(
	struct server_store *store, const struct id *device, enum record_kind kind, const struct id *id, int64_t home)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_GRANT_REACHES, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_integer(statement, 2, kind);
	statement_bind_id(statement, 3, id);
	statement_bind_integer(statement, 4, home);
	status = statement_step(statement);
	statement_reset(statement);
	return status;
}

enum status server_store_grants(struct server_store *store, const struct id *device, int64_t since_gseq, struct arena *arena,
	struct grant_entry **out_grants, size_t *out_count)
{
	struct writer grants = writer_in(arena, SIZE_MAX / 4);
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_GRANT_EACH, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_integer(statement, 2, since_gseq);
	while (statement_next(statement, &status)) {
		struct grant_entry grant = { .scope = statement_integer(statement, 0),
			.from_gseq = statement_integer(statement, 1),
			.until_gseq = statement_integer(statement, 2) };

		write_raw(&grants, &grant, sizeof(grant));
	}
	statement_reset(statement);
	if (status != STATUS_OK)
		return status;
	*out_grants = (struct grant_entry *)(void *)grants.data;
	*out_count = grants.size / sizeof(struct grant_entry);
	return STATUS_OK;
}

enum status server_store_job_grants(struct server_store *store, const struct job_grant_entry *after, size_t most, struct arena *arena,
	struct job_grant_entry **out_grants, size_t *out_count)
{
	struct job_grant_entry *grants = arena_allocate_array(arena, most, sizeof(*grants));
	size_t count = 0;
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_GRANT_OF_JOBS, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, SCOPE_JOB);
	statement_bind_integer(statement, 2, after->scope);
	statement_bind_id(statement, 3, &after->device);
	statement_bind_integer(statement, 4, (int64_t)most);
	while (statement_next(statement, &status))
		grants[count++] = (struct job_grant_entry){ .device = statement_id_column(statement, 0),
			.work_order = statement_id_column(statement, 1),
			.scope = statement_integer(statement, 2) };
	statement_reset(statement);
	if (status != STATUS_OK)
		return status;
	*out_grants = grants;
	*out_count = count;
	return STATUS_OK;
}

/* ---- files ---- */

static enum status visit_attachments(
	struct server_store *store, enum statement_id which, struct text blob, attachment_visit visit, void *context)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, which, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_text(statement, 1, blob);
	while (statement_next(statement, &status)) {
		struct id id = statement_id_column(statement, 0);

		status = visit(context, &id, statement_integer(statement, 1));
	}
	statement_reset(statement);
	return status;
}

enum status server_store_attachments_of(struct server_store *store, struct text blob, attachment_visit visit, void *context)
{
	enum status status = visit_attachments(store, STATEMENT_ATTACHMENT_OF_BLOB, blob, visit, context);

	if (status == STATUS_OK && schema_revision() >= ATTACHMENT_THUMBNAIL_SINCE)
		status = visit_attachments(store, STATEMENT_ATTACHMENT_OF_THUMBNAIL, blob, visit, context);
	return status;
}
