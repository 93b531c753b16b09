/* The field tables of the argument structs in operation.h. */
#ifndef TRUCKROLL_DOMAIN_ARGUMENTS_H
#define TRUCKROLL_DOMAIN_ARGUMENTS_H

#include "protocol/domain/operation.h"

extern const struct schema book_schema;
extern const struct schema cancel_schema;
extern const struct schema reassign_schema;
extern const struct schema decline_schema;
extern const struct schema pause_schema;
extern const struct schema finish_schema;
extern const struct schema abort_schema;
extern const struct schema use_part_schema;
extern const struct schema return_part_schema;
extern const struct schema add_note_schema;
extern const struct schema resolve_issue_schema;

#endif
