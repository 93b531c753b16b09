/* Finding the record that a person means. */
#ifndef TRUCKROLL_SHELL_LOOKUP_H
#define TRUCKROLL_SHELL_LOOKUP_H

#include "db/storage.h"

#define LOOKUP_DIGITS_MIN 4

/* A kind of record by its name. STATUS_INVALID, with all the names, when there is none of that name. */
enum status lookup_kind(struct text name, const struct schema **out_schema);

/* By hexadecimal digits at the start of its id (at least LOOKUP_DIGITS_MIN), or by its number, name, serial, source id or title:
 * written exactly so, else but for capitals. STATUS_NOT_FOUND and STATUS_AMBIGUOUS say what was looked for, STATUS_INVALID that
 * the text is blank; O(1) by id, O(rows) by name. */
enum status lookup_record(struct storage *storage, enum record_kind kind, struct text text, struct id *out_id);

/* The same but for capitals; those of ASCII only, which numbers and serials are written in. */
bool lookup_alike(struct text left, struct text right);

/* Another record of the row's kind with the same text in `field`, in out_other; STATUS_NOT_FOUND when there is none or the text is
 * empty. O(rows). */
enum status lookup_twin(struct storage *storage, const struct schema *schema, const struct field *field, const void *row,
	struct id *out_other);

/* What people call the record with that id, of whatever kind: its number, name or title, in `arena`; the first 8 digits when
 * it has none or is not here; empty for the id that is nobody's. */
struct text lookup_name(struct storage *storage, struct arena *arena, const struct id *id);

#endif
