/* What a customer asks for, before and behind its work orders. */
#ifndef TRUCKROLL_DOMAIN_SERVICE_REQUEST_H
#define TRUCKROLL_DOMAIN_SERVICE_REQUEST_H

#include "protocol/domain/machine.h"
#include "protocol/domain/schema.h"

enum service_request_channel {
	SERVICE_REQUEST_CHANNEL_PHONE = 0,
	SERVICE_REQUEST_CHANNEL_EMAIL = 1,
	SERVICE_REQUEST_CHANNEL_PORTAL = 2,
	SERVICE_REQUEST_CHANNEL_TECHNICIAN = 3,
	SERVICE_REQUEST_CHANNEL_INTEGRATION = 4,
	SERVICE_REQUEST_CHANNEL_COUNT,
};

extern const struct choice service_request_channel_names[];

enum service_request_state {
	SERVICE_REQUEST_STATE_NEW = 0,
	SERVICE_REQUEST_STATE_TRIAGE = 1,
	SERVICE_REQUEST_STATE_WAITING_CUSTOMER = 2,
	SERVICE_REQUEST_STATE_IN_WORK = 3,
	SERVICE_REQUEST_STATE_RESOLVED = 4,
	SERVICE_REQUEST_STATE_CLOSED = 5,
	SERVICE_REQUEST_STATE_CANCELLED = 6,
	SERVICE_REQUEST_STATE_MERGED = 7,
	SERVICE_REQUEST_STATE_COUNT,
};

extern const struct choice service_request_state_names[];

struct service_request {
	struct id id;
	struct id account_id;
	struct id site_id;
	struct id asset_id;
	struct id territory_id;
	struct text text;
	enum service_request_channel channel;
	struct text problem_code;
	int64_t severity;
	enum service_request_state state;
	int64_t opened_at_ms;
	struct bytes extra;
};

extern const struct schema service_request_schema;

enum service_request_event {
	SERVICE_REQUEST_EVENT_QUALIFY = 1,
	SERVICE_REQUEST_EVENT_START, /* a work order is made for it */
	SERVICE_REQUEST_EVENT_ASK,
	SERVICE_REQUEST_EVENT_ANSWER,
	SERVICE_REQUEST_EVENT_RESOLVE,
	SERVICE_REQUEST_EVENT_CLOSE,
	SERVICE_REQUEST_EVENT_REOPEN,
	SERVICE_REQUEST_EVENT_MERGE,
	SERVICE_REQUEST_EVENT_CANCEL,
	SERVICE_REQUEST_EVENT_COUNT,
};

extern const struct machine service_request_machine;

#endif
