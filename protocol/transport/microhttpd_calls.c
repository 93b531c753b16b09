#include "protocol/transport/microhttpd_calls.h"

#include "protocol/base/text.h"
#include "protocol/transport/late_library.h"

static const struct late_call table[] = {
#define MICROHTTPD_ROW(name) { #name, offsetof(struct microhttpd_calls, name##_call) },
	MICROHTTPD_CALLS(MICROHTTPD_ROW)
#undef MICROHTTPD_ROW
};

static const struct late_library library = { "libmicrohttpd.so.12", "libmicrohttpd", "libmicrohttpd12", table, LENGTH(table) };

enum status microhttpd_calls_load(const struct microhttpd_calls **out_calls)
{
	static struct microhttpd_calls calls;

	*out_calls = &calls;
	return late_library_load(&library, &calls); /* again: the same */
}
