/* libmicrohttpd, loaded when it is first needed: GnuTLS and all that comes with it take longer to load than most commands to run. */
#ifndef TRUCKROLL_TRANSPORT_MICROHTTPD_CALLS_H
#define TRUCKROLL_TRANSPORT_MICROHTTPD_CALLS_H

#include <microhttpd.h>

#include "protocol/base/status.h"

#define MICROHTTPD_CALLS(X)                                                                                                            \
	X(MHD_start_daemon) X(MHD_stop_daemon) X(MHD_run) X(MHD_get_timeout) X(MHD_get_daemon_info) X(MHD_get_connection_info)           \
		X(MHD_get_connection_values) X(MHD_lookup_connection_value) X(MHD_suspend_connection) X(MHD_resume_connection)          \
			X(MHD_create_response_from_buffer) X(MHD_add_response_header) X(MHD_queue_response) X(MHD_destroy_response)

struct microhttpd_calls {
#define MICROHTTPD_MEMBER(name) __typeof__(name) *name##_call;
	MICROHTTPD_CALLS(MICROHTTPD_MEMBER)
#undef MICROHTTPD_MEMBER
};

/* The same for the life of the process. STATUS_CANNOT_WRITE when it is not installed; one thread at a time. */
enum status microhttpd_calls_load(const struct microhttpd_calls **out_calls);

#endif
