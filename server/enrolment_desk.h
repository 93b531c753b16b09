/* The desk where new devices ask to be let in: answers enrolment messages, keeps tickets and those who wait for approval. */
#ifndef TRUCKROLL_SERVER_ENROLMENT_DESK_H
#define TRUCKROLL_SERVER_ENROLMENT_DESK_H

#include "server/office.h"

#define TICKET_FAILURES_MAX 5
#define TICKET_PENDING_MS   ((int64_t)24 * 3600 * 1000) /* how long a device waits for approval */
/* How long after its time a ticket still says what became of it, and gives the grant again to a device that lost it. Longer
 * than a lease. */
#define TICKET_KEPT_MS ((int64_t)30 * 24 * 3600 * 1000)

/* Nobody used it, or approved who did, in time. */
bool ticket_is_expired(const struct ticket_entry *ticket, int64_t now_ms);

/* Answers one enrolment message; the answer is in `arena`. STATUS_CORRUPT: not worth an answer. Other statuses: the store failed. Here and
 * below: what changes a ticket first ends the commit under way, and fails when that does. */
enum status enrolment_desk_answer(struct office *office, struct arena *arena, struct bytes message, struct bytes *out_answer);

/* Makes a ticket for one device of the technician; the code is shown once and never stored. Tickets of long ago go. */
enum status enrolment_desk_invite(
	struct office *office, const struct id *technician, int64_t now_ms, int64_t valid_ms, char out_code[static TICKET_CODE_LENGTH + 1]);

/* Lets the pending device whose id begins like `which` in: makes its record (with its scopes) and keeps its keys. */
enum status enrolment_desk_approve(struct context *context, struct text which, struct id *out_device);

/* Turns the pending device away: it is told at its next question. */
enum status enrolment_desk_refuse(struct context *context, struct text which);

#endif
