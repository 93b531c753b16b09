/* Records as JSON, by their field tables. */
#ifndef TRUCKROLL_SHELL_RECORD_JSON_H
#define TRUCKROLL_SHELL_RECORD_JSON_H

#include <jansson.h>

#include "protocol/domain/schema.h"

/* All fields in the order of the table, under their names (of times without the "_ms", since they are no numbers):
 * ids 32 digits, times RFC 3339 UTC, choices by name, what is not set null. The caller owns it. */
json_t *record_to_json(const struct schema *schema, const void *row);
/* One field. The caller owns it. */
json_t *field_to_json(const struct field *field, const void *row);
/* Bytes of the field's name that are its name in JSON: "planned_start_at_ms" is "planned_start_at". */
size_t field_json_name_size(const struct field *field);

#endif
