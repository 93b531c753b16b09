/* The commands of truckroll: one table, from which parsing, help and manual pages come. */
#ifndef TRUCKROLL_DEVICE_AGENT_COMMANDS_H
#define TRUCKROLL_DEVICE_AGENT_COMMANDS_H

#include "shell/command.h"

extern const struct program device_program;

enum status command_enroll(struct context *context);
enum status command_agent(struct context *context);
enum status command_sync(struct context *context);
enum status command_link(struct context *context);
enum status command_server(struct context *context);
enum status command_config(struct context *context);
enum status command_today(struct context *context);
enum status command_show(struct context *context);
enum status command_van(struct context *context);
enum status command_accept(struct context *context);
enum status command_decline(struct context *context);
enum status command_delay(struct context *context);
enum status command_travel(struct context *context);
enum status command_arrive(struct context *context);
enum status command_pause(struct context *context);
enum status command_resume(struct context *context);
enum status command_finish(struct context *context);
enum status command_abort(struct context *context);
enum status command_use(struct context *context);
enum status command_return(struct context *context);
enum status command_note(struct context *context);
enum status command_task(struct context *context);
enum status command_read(struct context *context);
enum status command_photo(struct context *context);
enum status command_time(struct context *context);
enum status command_sign(struct context *context);
enum status command_reopen(struct context *context);
enum status command_edit(struct context *context);
enum status command_create(struct context *context);
enum status command_kb_list(struct context *context);
enum status command_kb_show(struct context *context);
enum status command_kb_search(struct context *context);
enum status command_outbox(struct context *context);
enum status command_trace(struct context *context);
enum status command_issues(struct context *context);
enum status command_bundle_export(struct context *context);
enum status command_bundle_tell(struct context *context);
enum status command_bundle_import(struct context *context);
enum status command_bundle_carry(struct context *context);
enum status command_bundle_list(struct context *context);
enum status command_status(struct context *context);
enum status command_doctor(struct context *context);
enum status command_flight_list(struct context *context);
enum status command_flight_show(struct context *context);
enum status command_flight_export(struct context *context);

/* STATUS_REFUSED with what is still to be done before the visit can be finished as fixed. */
struct visit;
enum status finish_is_ready(struct context *context, const struct visit *visit);

/* Says whether everything that the job needs is on this device, with the proof. */
enum status readiness_tell(struct context *context, const struct id *work_order);
/* "sync --forecast": which jobs are complete for work off line, and what is still to come. STATUS_NOT_FOUND: not all are. */
enum status command_forecast(struct context *context);

/* What several commands look for. */

/* The work order a person means by its number, digits of its id or of one of its visits; own visits' orders are looked at first. */
enum status find_order(struct context *context, struct text which, struct id *out_order);
/* The technician's van. STATUS_NOT_FOUND says why there is none. */
enum status own_van(struct context *context, struct id *out_location);

enum status command_file_list(struct context *context);
enum status command_file_get(struct context *context);

#endif
