/* Revisions of the schema: what was added to records, choices and operations, and retired from them, and then shipped. Programs of all
 * revisions meet; docs/protocol.md says what each does with what it does not know. A field says in its own row when it was added or
 * retired; what was added to choices and operations stands in revision.c. */
#ifndef TRUCKROLL_DOMAIN_REVISION_H
#define TRUCKROLL_DOMAIN_REVISION_H

#include "protocol/domain/schema.h"

/* The newest one, and what a program speaks unless it is told otherwise. */
#define SCHEMA_REVISION 5

/* Fields up to this one travel in columns that only who knows them can read, later ones in columns that state their sizes; and its stores
 * come from migrations alone. No program of an earlier one was shipped. */
#define SCHEMA_REVISION_PLAIN 3

/* The one this process speaks. */
uint32_t schema_revision(void);
/* Makes it speak an earlier one, as a program of that time did: tests make old programs of it. PLAIN to SCHEMA_REVISION. A store that is
 * open goes on in the one that it was opened in. */
void schema_speak(uint32_t revision);

/* The schema as it was at a revision: without the fields that came later. Valid as long as `schema`. */
const struct schema *schema_at_revision(const struct schema *schema, uint32_t revision);
/* True when nobody sets the field anew. */
bool field_is_retired(const struct field *field);
/* The revision that added the number to a choice that was there; 0: it came with the choice. */
uint32_t choice_since(const struct choice *choices, uint32_t number);
/* False for a number that came later; of numbers that the table does not have, nothing is said. */
bool choice_spoken(const struct choice *choices, uint32_t number);

#endif
