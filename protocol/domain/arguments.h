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
extern const struct schema reschedule_schema;
extern const struct schema delay_schema;
extern const struct schema answer_task_schema;
extern const struct schema log_time_schema;
extern const struct schema read_meter_schema;
extern const struct schema add_photo_schema;
extern const struct schema sign_schema;
extern const struct schema reopen_visit_schema;
extern const struct schema hold_schema;
extern const struct schema close_schema;
extern const struct schema reopen_order_schema;
extern const struct schema cancel_order_schema;

#endif
