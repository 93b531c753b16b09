/* What the files of the server's store share. Nobody else includes this. */
#ifndef TRUCKROLL_SERVER_STORE_INNER_H
#define TRUCKROLL_SERVER_STORE_INNER_H

#include "server/id_map.h"
#include "server/store.h"

/* A row as the open unit of work knows it. */
struct cached_row {
	const void *row; /* NULL: known to be absent */
	struct row_meta meta;
};

/* A scope in memory; changes are written at commit. */
struct cached_scope {
	struct scope scope;
	struct scope_state state;
	bool changed;
	struct cached_scope *next_changed;
};

struct server_store {
	struct storage *storage;
	struct records records; /* get and each for handlers, with rows kept in memory */
	struct storage_records stored;
	struct references references;
	struct arena row_arena;
	struct id_map rows; /* by kind and id: struct cached_row */
	struct arena scope_arena;
	struct id_map scopes;        /* by scope kind and id: struct cached_scope */
	struct id_map scope_numbers; /* by 0 and number: the same */
	struct cached_scope *changed_scopes;
	int64_t opened_gseq;                        /* what happened up to it is not remembered by kind */
	int64_t kind_gseq[RECORD_KIND_MAX + 1]; /* latest put since then; may be of a commit that never was */
};

/* Makes `store->records` and `store->references` usable. */
void store_rows_init(struct server_store *store);
void store_references_init(struct server_store *store);
/* Forgets cached rows but leaves those handed out alive until server_store_reset_rows(). */
void store_rows_forget(struct server_store *store);

/* Writes changed scopes into the open transaction. */
enum status store_scopes_flush(struct server_store *store);
void store_scopes_forget(struct server_store *store);

/* Runs a statement whose rows do not matter, and resets it. */
enum status store_run(struct statement *statement);

/* Binds bytes of an array. */
void store_bind_raw(struct statement *statement, int parameter, const uint8_t *data, size_t size);
/* Copies a column of exactly `size` bytes. STATUS_CORRUPT naming `what` when it has another size. */
enum status store_read_raw(struct statement *statement, int column, uint8_t *out_data, size_t size, const char *what);

#endif
