#include "protocol/transport/address.h"

#include <string.h>

#define ADDRESS_SIZE_MAX 127 /* nng's own limit */

static const char *const schemes[] = { "tcp://", "ipc://" };

enum status address_check(const char *url)
{
	if (strnlen(url, ADDRESS_SIZE_MAX + 1) > ADDRESS_SIZE_MAX)
		return fail(STATUS_INVALID, "the address is longer than %d characters; use tcp://HOST:PORT", ADDRESS_SIZE_MAX);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0 && url[strlen(schemes[i])] != '\0')
			return STATUS_OK;
	return fail(STATUS_INVALID, "\"%s\" is not an address to connect to; use tcp://HOST:PORT, https://HOST or ipc://PATH", url);
}
