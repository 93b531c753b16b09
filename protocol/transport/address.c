#include "protocol/transport/address.h"

#include <string.h>
#include <sys/un.h>

#define ADDRESS_SIZE_MAX 127
#define PATH_SIZE        sizeof(((struct sockaddr_un *)NULL)->sun_path)

static const char tcp[] = "tcp://", local[] = "ipc://";

bool address_is_port(struct text port)
{
	int number = 0;

	if (port.size == 0 || port.size > 5)
		return false;
	for (size_t i = 0; i < port.size; i++) {
		if (port.data[i] < '0' || port.data[i] > '9')
			return false;
		number = 10 * number + (port.data[i] - '0');
	}
	return number <= UINT16_MAX;
}

/* What follows the last colon; empty: there is none. */
static struct text port_of(const char *url)
{
	const char *colon = strrchr(url + strlen(tcp), ':');

	return text_of(colon == NULL ? "" : colon + 1);
}

const char *address_path(const char *url)
{
	return strncmp(url, local, strlen(local)) == 0 ? url + strlen(local) : NULL;
}

/* No name of a machine does. */
static bool holds_blank(const char *url)
{
	for (const char *at = url; *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return true;
	return false;
}

enum status address_check(const char *url)
{
	const char *path = address_path(url);

	if (strnlen(url, ADDRESS_SIZE_MAX + 1) > ADDRESS_SIZE_MAX)
		return fail(STATUS_INVALID, "the address is longer than %d characters; use tcp://HOST:PORT", ADDRESS_SIZE_MAX);
	if (path != NULL && strlen(path) >= PATH_SIZE)
		return fail(STATUS_INVALID, "\"%s\" is longer than the %zu bytes that the path of a socket may have", url, PATH_SIZE - 1);
	if (path != NULL && *path != '\0')
		return STATUS_OK;
	if (strncmp(url, tcp, strlen(tcp)) != 0 || holds_blank(url))
		return fail(
			STATUS_INVALID, "\"%s\" is not an address to connect to; use tcp://HOST:PORT, https://HOST or ipc://PATH", url);
	if (!address_is_port(port_of(url)))
		return fail(STATUS_INVALID, "\"%s\" names no port from 0 to 65535; use tcp://HOST:PORT", url);
	return STATUS_OK;
}

static bool names_host(const char *url)
{
	static const char *const nobody[] = { ":", "*:", "[]:" };

	for (size_t i = 0; i < LENGTH(nobody); i++)
		if (strncmp(url + strlen(tcp), nobody[i], strlen(nobody[i])) == 0)
			return false;
	return true;
}

enum status address_check_server(const char *url)
{
	enum status status = address_check(url);

	if (status == STATUS_OK && address_path(url) == NULL &&
		(!names_host(url) || strspn(port_of(url).data, "0") == port_of(url).size))
		return fail(STATUS_INVALID, "\"%s\" is no address that a server can have; use tcp://HOST:PORT", url);
	return status;
}

void address_split(struct arena *arena, const char *url, const char **out_host, const char **out_port)
{
	const char *host = url + strlen(tcp);
	struct text port = port_of(url);
	size_t size = (size_t)(port.data - host) - 1;
	bool all = size == 0 || (size == 1 && *host == '*'), in_brackets = size > 1 && *host == '[' && host[size - 1] == ']';

	*out_port = arena_copy_text(arena, port).data;
	*out_host = all ? NULL : arena_copy_text(arena, (struct text){ host + in_brackets, size - 2 * (size_t)in_brackets }).data;
}
