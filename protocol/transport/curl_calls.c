#include "protocol/transport/curl_calls.h"

#include <stdbool.h>

#include "protocol/base/text.h"
#include "protocol/transport/late_library.h"

static const struct late_call table[] = {
#define CURL_ROW(name) { #name, offsetof(struct curl_calls, name##_call) },
	CURL_CALLS(CURL_ROW)
#undef CURL_ROW
};

/* The number of its binary interface is the same since 2006. */
static const struct late_library library = { "libcurl.so.4", "libcurl", "libcurl4", table, LENGTH(table) };

enum status curl_calls_load(const struct curl_calls **out_calls)
{
	static struct curl_calls calls;
	static bool loaded;
	enum status status = loaded ? STATUS_OK : late_library_load(&library, &calls);

	if (status == STATUS_OK && !loaded && calls.curl_global_init_call(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		status = fail(STATUS_CANNOT_WRITE, "libcurl cannot be started");
	loaded = status == STATUS_OK;
	*out_calls = &calls;
	return status;
}
