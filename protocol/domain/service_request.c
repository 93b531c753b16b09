#include "protocol/domain/service_request.h"

#include <assert.h>

const struct choice service_request_channel_names[] = {
	{ SERVICE_REQUEST_CHANNEL_PHONE, "phone" },
	{ SERVICE_REQUEST_CHANNEL_EMAIL, "email" },
	{ SERVICE_REQUEST_CHANNEL_PORTAL, "portal" },
	{ SERVICE_REQUEST_CHANNEL_TECHNICIAN, "technician" },
	{ SERVICE_REQUEST_CHANNEL_INTEGRATION, "integration" },
	{ 0, NULL },
};
static_assert(LENGTH(service_request_channel_names) == SERVICE_REQUEST_CHANNEL_COUNT + 1, "every service_request_channel has a name");

const struct choice service_request_state_names[] = {
	{ SERVICE_REQUEST_STATE_NEW, "new" },
	{ SERVICE_REQUEST_STATE_TRIAGE, "triage" },
	{ SERVICE_REQUEST_STATE_WAITING_CUSTOMER, "waiting_customer" },
	{ SERVICE_REQUEST_STATE_IN_WORK, "in_work" },
	{ SERVICE_REQUEST_STATE_RESOLVED, "resolved" },
	{ SERVICE_REQUEST_STATE_CLOSED, "closed" },
	{ SERVICE_REQUEST_STATE_CANCELLED, "cancelled" },
	{ SERVICE_REQUEST_STATE_MERGED, "merged" },
	{ 0, NULL },
};
static_assert(LENGTH(service_request_state_names) == SERVICE_REQUEST_STATE_COUNT + 1, "every service_request_state has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(service_request, id),                                      .tag = 1, .required = true },
	{ FIELD_OF(service_request, account_id),                              .tag = 2, .refers = RECORD_ACCOUNT },
	{ FIELD_OF(service_request, site_id),                                 .tag = 3, .refers = RECORD_SITE },
	{ FIELD_OF(service_request, asset_id),                                .tag = 4, .refers = RECORD_ASSET },
	{ FIELD_OF(service_request, territory_id),
	  .tag = 5, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS, .required = true },
	{ FIELD_OF(service_request, text),
	  .tag = 6, .merge = MERGE_LAST_COMMITTED, .required = true, .personal = true, .max = 4000 },
	{ CHOICE_OF(service_request, channel, service_request_channel_names), .tag = 7 },
	{ FIELD_OF(service_request, problem_code),                            .tag = 8, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(service_request, severity),                                .tag = 9, .merge = MERGE_SERVER_WINS, .max = 5 },
	{ CHOICE_OF(service_request, state, service_request_state_names),     .tag = 10 },
	{ TIME_OF(service_request, opened_at_ms),                             .tag = 11 },
};
/* clang-format on */

const struct schema service_request_schema = {
	.kind = RECORD_SERVICE_REQUEST,
	.name = "service_request",
	.size = sizeof(struct service_request),
	.extra = offsetof(struct service_request, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
};

static const struct choice event_names[] = {
	{ SERVICE_REQUEST_EVENT_QUALIFY, "qualify" },
	{ SERVICE_REQUEST_EVENT_START, "start" },
	{ SERVICE_REQUEST_EVENT_ASK, "ask" },
	{ SERVICE_REQUEST_EVENT_ANSWER, "answer" },
	{ SERVICE_REQUEST_EVENT_RESOLVE, "resolve" },
	{ SERVICE_REQUEST_EVENT_CLOSE, "close" },
	{ SERVICE_REQUEST_EVENT_REOPEN, "reopen" },
	{ SERVICE_REQUEST_EVENT_MERGE, "merge" },
	{ SERVICE_REQUEST_EVENT_CANCEL, "cancel" },
	{ 0, NULL },
};
static_assert(LENGTH(event_names) == SERVICE_REQUEST_EVENT_COUNT, "every event has a name");

/* clang-format off */
static const struct move moves[] = { /* from, event, to */
	{ SERVICE_REQUEST_STATE_NEW, SERVICE_REQUEST_EVENT_QUALIFY, SERVICE_REQUEST_STATE_TRIAGE },
	{ SERVICE_REQUEST_STATE_NEW, SERVICE_REQUEST_EVENT_START, SERVICE_REQUEST_STATE_IN_WORK },
	{ SERVICE_REQUEST_STATE_TRIAGE, SERVICE_REQUEST_EVENT_START, SERVICE_REQUEST_STATE_IN_WORK },
	{ SERVICE_REQUEST_STATE_TRIAGE, SERVICE_REQUEST_EVENT_ASK, SERVICE_REQUEST_STATE_WAITING_CUSTOMER },
	{ SERVICE_REQUEST_STATE_IN_WORK, SERVICE_REQUEST_EVENT_ASK, SERVICE_REQUEST_STATE_WAITING_CUSTOMER },
	{ SERVICE_REQUEST_STATE_WAITING_CUSTOMER, SERVICE_REQUEST_EVENT_ANSWER, SERVICE_REQUEST_STATE_TRIAGE },
	{ SERVICE_REQUEST_STATE_WAITING_CUSTOMER, SERVICE_REQUEST_EVENT_START, SERVICE_REQUEST_STATE_IN_WORK },
	{ SERVICE_REQUEST_STATE_IN_WORK, SERVICE_REQUEST_EVENT_RESOLVE, SERVICE_REQUEST_STATE_RESOLVED },
	{ SERVICE_REQUEST_STATE_RESOLVED, SERVICE_REQUEST_EVENT_CLOSE, SERVICE_REQUEST_STATE_CLOSED },
	{ SERVICE_REQUEST_STATE_RESOLVED, SERVICE_REQUEST_EVENT_REOPEN, SERVICE_REQUEST_STATE_TRIAGE },
	{ SERVICE_REQUEST_STATE_CLOSED, SERVICE_REQUEST_EVENT_REOPEN, SERVICE_REQUEST_STATE_TRIAGE },
	{ SERVICE_REQUEST_STATE_NEW, SERVICE_REQUEST_EVENT_MERGE, SERVICE_REQUEST_STATE_MERGED },
	{ SERVICE_REQUEST_STATE_TRIAGE, SERVICE_REQUEST_EVENT_MERGE, SERVICE_REQUEST_STATE_MERGED },
	{ SERVICE_REQUEST_STATE_WAITING_CUSTOMER, SERVICE_REQUEST_EVENT_MERGE, SERVICE_REQUEST_STATE_MERGED },
	{ SERVICE_REQUEST_STATE_IN_WORK, SERVICE_REQUEST_EVENT_MERGE, SERVICE_REQUEST_STATE_MERGED },
	{ SERVICE_REQUEST_STATE_NEW, SERVICE_REQUEST_EVENT_CANCEL, SERVICE_REQUEST_STATE_CANCELLED },
	{ SERVICE_REQUEST_STATE_TRIAGE, SERVICE_REQUEST_EVENT_CANCEL, SERVICE_REQUEST_STATE_CANCELLED },
	{ SERVICE_REQUEST_STATE_WAITING_CUSTOMER, SERVICE_REQUEST_EVENT_CANCEL, SERVICE_REQUEST_STATE_CANCELLED },
	{ SERVICE_REQUEST_STATE_IN_WORK, SERVICE_REQUEST_EVENT_CANCEL, SERVICE_REQUEST_STATE_CANCELLED },
};
/* clang-format on */

const struct machine service_request_machine = {
	.name = "service_request",
	.moves = moves,
	.move_count = LENGTH(moves),
	.states = service_request_state_names,
	.events = event_names,
};
