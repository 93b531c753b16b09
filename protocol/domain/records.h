/* The one synchronous seam of the rules: how a handler reads and writes records. Implemented by the store (db) and by
 * the overlay that every operation is decided on (overlay.h). */
#ifndef TRUCKROLL_DOMAIN_RECORDS_H
#define TRUCKROLL_DOMAIN_RECORDS_H

#include "protocol/domain/schema.h"

/* Called for each row in id order; the row is valid during the call only. STATUS_OK goes on, anything else stops the walk and
 * is returned by it. The walked table must not be changed meanwhile. */
typedef enum status (*record_visit)(void *context, const void *row);

struct records;

struct records_operations {
	/* `*out_row` is borrowed until the next change of that row or the end of the unit of work. */
	enum status (*get)(struct records *records, enum record_kind kind, const struct id *id, const void **out_row);
	enum status (*each)(struct records *records, enum record_kind kind, const char *index_field, const struct id *key,
		record_visit visit, void *context);
	enum status (*put)(struct records *records, enum record_kind kind, const void *row);
	enum status (*remove)(struct records *records, enum record_kind kind, const struct id *id);
};

/* Embedded as the first member of its implementation. */
struct records {
	const struct records_operations *operations;
};

/* STATUS_NOT_FOUND when there is none. */
enum status records_get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row);
/* Like records_get(), but a missing row is STATUS_OK and NULL. */
enum status records_look(struct records *records, enum record_kind kind, const struct id *id, const void **out_row);
/* The rows whose `index_field` (declared in the schema) equals `key`, in id order. */
enum status records_each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context);
/* Inserts or replaces the row with that id; the row is copied. */
enum status records_put(struct records *records, enum record_kind kind, const void *row);
enum status records_remove(struct records *records, enum record_kind kind, const struct id *id);

#endif
