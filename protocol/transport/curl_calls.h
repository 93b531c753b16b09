/* libcurl, loaded when it is first needed: with all it needs itself it takes longer to load than most commands to run. */
#ifndef TRUCKROLL_TRANSPORT_CURL_CALLS_H
#define TRUCKROLL_TRANSPORT_CURL_CALLS_H

#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

#include "protocol/base/status.h"

#define CURL_CALLS(X)                                                                                                                  \
	X(curl_global_init) X(curl_easy_init) X(curl_easy_setopt) X(curl_easy_getinfo) X(curl_easy_strerror) X(curl_easy_cleanup)        \
		X(curl_multi_init) X(curl_multi_setopt) X(curl_multi_add_handle) X(curl_multi_remove_handle)                            \
			X(curl_multi_socket_action) X(curl_multi_info_read) X(curl_multi_assign) X(curl_multi_cleanup)                  \
				X(curl_slist_append) X(curl_slist_free_all)

struct curl_calls {
#define CURL_MEMBER(name) __typeof__(name) *name##_call;
	CURL_CALLS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* The same for the life of the process. STATUS_CANNOT_WRITE when it is not installed; one thread at a time. */
enum status curl_calls_load(const struct curl_calls **out_calls);

#endif
