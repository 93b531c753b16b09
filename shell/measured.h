/* Numbers of records as people read them: readings and limits with their decimals and unit, amounts, sizes. */
#ifndef TRUCKROLL_SHELL_MEASURED_H
#define TRUCKROLL_SHELL_MEASURED_H

#include "db/storage.h"

/* The field's value in `arena`, such as "1204.5 h"; empty when it is read as it is stored. `storage` is a struct storage, where the task or
 * meter that a number belongs to is looked up; what is not there leaves the number as it is. */
struct text measured_print(void *storage, struct arena *arena, const struct schema *schema, const struct field *field, const void *row);

#endif
