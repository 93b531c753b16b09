/* The commands of truckrolld: one table, from which parsing, help and manual pages come. */
#ifndef TRUCKROLL_SERVER_COMMANDS_H
#define TRUCKROLL_SERVER_COMMANDS_H

#include "shell/command.h"

extern const struct program server_program;

enum status command_init(struct context *context);
enum status command_serve(struct context *context);
enum status command_status(struct context *context);
enum status command_metrics(struct context *context);
enum status command_verify(struct context *context);
enum status command_backup(struct context *context);
enum status command_flight_list(struct context *context);
enum status command_flight_show(struct context *context);
enum status command_flight_export(struct context *context);
enum status command_backup_list(struct context *context);
enum status command_backup_check(struct context *context);
enum status command_backup_tell(struct context *context);
enum status command_restore(struct context *context);
enum status command_import(struct context *context);
enum status command_list(struct context *context);
enum status command_show(struct context *context);
enum status command_create(struct context *context);
enum status command_edit(struct context *context);
enum status command_order_release(struct context *context);
enum status command_order_hold(struct context *context);
enum status command_order_close(struct context *context);
enum status command_order_reopen(struct context *context);
enum status command_order_cancel(struct context *context);
enum status command_task_add(struct context *context);
enum status command_contact_add(struct context *context);
enum status command_site_access(struct context *context);
enum status command_meter_add(struct context *context);
enum status command_territory_grant(struct context *context);
enum status command_visit_book(struct context *context);
enum status command_visit_propose(struct context *context);
enum status command_visit_reschedule(struct context *context);
enum status command_visit_delay(struct context *context);
enum status command_visit_reopen(struct context *context);
enum status command_visit_dispatch(struct context *context);
enum status command_visit_assign(struct context *context);
enum status command_visit_cancel(struct context *context);
enum status command_visit_list(struct context *context);
enum status command_note(struct context *context);
enum status command_device_invite(struct context *context);
enum status command_device_list(struct context *context);
enum status command_device_approve(struct context *context);
enum status command_device_refuse(struct context *context);
enum status command_device_revoke(struct context *context);
enum status command_issues(struct context *context);
enum status command_issue_resolve(struct context *context);
enum status command_trace(struct context *context);
enum status command_outcomes(struct context *context);
enum status command_parked_list(struct context *context);
enum status command_bundle_export(struct context *context);
enum status command_bundle_take(struct context *context);
enum status command_bundle_import(struct context *context);
enum status command_parked_release(struct context *context);
enum status command_parked_correct(struct context *context);
enum status command_parked_discard(struct context *context);
enum status command_incidents(struct context *context);
enum status command_incident_acknowledge(struct context *context);
enum status command_kb_list(struct context *context);
enum status command_kb_show(struct context *context);

enum status command_file_list(struct context *context);
enum status command_file_add(struct context *context);
enum status command_file_get(struct context *context);

#endif
