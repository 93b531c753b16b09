#include "protocol/sync/witness.h"

#include "protocol/sync/grants.h"

static bool holds_scope(const struct witness *witness, int64_t scope)
{
	const struct grant_entry *grant = grants_find(witness->grants, witness->grant_count, scope);

	return grant != NULL && grant->until_gseq == 0 && grant->from_gseq <= witness->base_gseq;
}

struct holding {
	const struct witness *witness;
	bool held;
};

static enum status look_at_link(void *context, const struct member *member)
{
	struct holding *holding = context;

	if (member->from_gseq <= holding->witness->base_gseq && holds_scope(holding->witness, member->scope))
		holding->held = true;
	return STATUS_OK;
}

/* The device saw this very row when its base is not older than the row, or when it made the row itself, and the row is in its scopes. */
static enum status watch(struct witness *witness, enum record_kind kind, const struct id *id)
{
	struct holding holding = { .witness = witness };
	struct server_row row;
	enum status status;

	if (witness->unlike)
		return STATUS_OK;
	status = server_store_row(witness->store, kind, id, &row);
	if (status != STATUS_OK)
		return status;
	if (row.gseq > witness->base_gseq && row.author != witness->chain)
		witness->unlike = true;
	if (witness->unlike || holds_scope(witness, row.home))
		return STATUS_OK; /* also its own and newer: once decided, the device keeps only what it holds */
	status = server_store_links_of_row(witness->store, kind, id, look_at_link, &holding);
	witness->unlike = !holding.held;
	return status;
}

static enum status witness_get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	struct witness *witness = (struct witness *)records;
	enum status status = records_get(server_store_records(witness->store), kind, id, out_row);

	return status == STATUS_OK ? watch(witness, kind, id) : status;
}

struct watched_walk {
	struct witness *witness;
	enum record_kind kind;
	record_visit visit;
	void *context;
};

static enum status watched_visit(void *context, const void *row)
{
	struct watched_walk *walk = context;
	enum status status = watch(walk->witness, walk->kind, row_id(row));

	return status == STATUS_OK ? walk->visit(walk->context, row) : status;
}

static enum status witness_each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	struct witness *witness = (struct witness *)records;
	struct watched_walk walk = { witness, kind, visit, context };

	return records_each(server_store_records(witness->store), kind, index_field, key, watched_visit, &walk);
}

static enum status witness_put(struct records *records, enum record_kind kind, const void *row)
{
	(void)records;
	return fail(STATUS_REFUSED, "a witness only reads: record kind %d %p", (int)kind, row);
}

static enum status witness_remove(struct records *records, enum record_kind kind, const struct id *id)
{
	(void)records;
	return fail(STATUS_REFUSED, "a witness only reads: record kind %d %s", (int)kind, id_to_text(id).characters);
}

void witness_init(struct witness *witness, struct server_store *store, int64_t chain, int64_t base_gseq, const struct grant_entry *grants,
	size_t grant_count)
{
	static const struct records_operations operations = { witness_get, witness_each, witness_put, witness_remove };

	*witness = (struct witness){ .records = { &operations },
		.store = store,
		.grants = grants,
		.grant_count = grant_count,
		.chain = chain,
		.base_gseq = base_gseq };
}
