#include "protocol/transport/curl_calls.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libcurl.so.4" /* the name of its binary interface, the same since 2006 */

static const struct call {
	const char *name;
	size_t offset;
} table[] = {
#define CURL_ROW(name) { #name, offsetof(struct curl_calls, name##_call) },
	CURL_CALLS(CURL_ROW)
#undef CURL_ROW
};

static enum status look_up(void *library, struct curl_calls *calls)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		void *address = dlsym(library, table[i].name);
		if (address == NULL)
			return fail(STATUS_CANNOT_WRITE, "%s has no %s: install a newer libcurl4", LIBRARY, table[i].name);
		memcpy((char *)calls + table[i].offset, &address, sizeof(address)); /* POSIX: a pointer to data holds one to a function */
	}
	return STATUS_OK;
}

enum status curl_calls_load(const struct curl_calls **out_calls)
{
	static struct curl_calls calls;
	static bool loaded;
	void *library = loaded ? NULL : dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	enum status status = STATUS_OK;

	if (!loaded && library == NULL)
		return fail(STATUS_CANNOT_WRITE, "an address with http needs libcurl, which is not installed: install libcurl4");
	if (!loaded)
		status = look_up(library, &calls);
	if (!loaded && status == STATUS_OK && calls.curl_global_init_call(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		status = fail(STATUS_CANNOT_WRITE, "libcurl cannot be started");
	if (status != STATUS_OK) {
		(void)dlclose(library);
		return status;
	}
	loaded = true;
	*out_calls = &calls;
	return STATUS_OK;
}
