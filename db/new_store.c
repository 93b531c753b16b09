#include "db/new_store.h"

#include <string.h>

#include "db/connection.h"
#include "db/migration.h"
#include "db/revision_step.h"
#include "db/schema_ddl.h"
#include "protocol/domain/revision.h"

static bool is_of(const struct new_store_text *text, enum storage_kind kind)
{
	return text->revision == revision_of_now(kind) && strcmp(text->set, storage_kind_find(kind)->set) == 0;
}

bool new_store_known(enum storage_kind kind)
{
	const struct new_store_text *text = new_store_texts;

	while (text->set != NULL && !is_of(text, kind))
		text++;
	return text->set != NULL;
}

static bool is_made_later(const struct new_store_text *text)
{
	return text->indexed != NULL && schema_by_name(text_of(text->indexed)) != NULL;
}

static enum status make_known(struct storage *storage, bool bare)
{
	enum status status = STATUS_OK;

	for (const struct new_store_text *text = new_store_texts; status == STATUS_OK && text->set != NULL; text++)
		if (is_of(text, storage->kind) && !(bare && is_made_later(text)))
			status = sql_run(storage, text->sql);
	return status;
}

static enum status make_bench(struct storage *storage, bool bare)
{
	struct arena arena = { 0 };
	const struct schema *schema;
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && (schema = schema_at(i)) != NULL; i++) {
		if (schema->kind < RECORD_BENCH_ORDER)
			continue;
		status = sql_run(storage, (bare ? schema_table_ddl(&arena, schema) : schema_ddl(&arena, schema, storage->kind)).data);
	}
	arena_finish(&arena);
	return status;
}

enum status new_store_make(struct storage *storage, bool bench, bool bare)
{
	enum status status = storage_begin(storage, true);

	if (status != STATUS_OK)
		return status;
	storage->revision = revision_of_now(storage->kind);
	status = make_known(storage, bare);
	if (status == STATUS_OK && bench)
		status = make_bench(storage, bare);
	if (status == STATUS_OK)
		status = migration_record_all(storage);
	if (status == STATUS_OK)
		status = storage_commit(storage);
	if (status != STATUS_OK)
		storage_rollback(storage);
	return status;
}
