#include "protocol/transport/http_address.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/transport/address.h"

#define URL_SIZE_MAX 2000
#define PIN_DIGITS   43 /* of a hash of 32 bytes, before its "=" */

static const struct scheme {
	const char *text;
	bool tls;
} schemes[] = { { "http://", false }, { "https://", true } };

static const struct scheme *scheme_of(const char *url)
{
	for (size_t i = 0; i < LENGTH(schemes); i++)
		if (strncmp(url, schemes[i].text, strlen(schemes[i].text)) == 0)
			return &schemes[i];
	return NULL;
}

bool http_address_looks_like(const char *url)
{
	return scheme_of(url) != NULL;
}

struct text http_address_without_pin(struct arena *arena, struct text url)
{
	const char *pin = strstr(url.data, HTTP_PIN);

	return arena_copy_text(arena, (struct text){ url.data, pin == NULL ? url.size : (size_t)(pin - url.data) });
}

struct text http_address_pin(struct arena *arena, struct text url)
{
	const char *pin = strstr(url.data, HTTP_PIN);

	return arena_copy_text(arena, text_of(pin == NULL ? "" : pin + strlen(HTTP_PIN)));
}

static enum status refuse(const char *url)
{
	return fail(STATUS_INVALID, "\"%.200s\" is not an address; use https://HOST[:PORT] or http://HOST[:PORT]", url);
}

/* Letters, digits, dots and hyphens, or what stands in brackets: nothing that could mean something else to anybody. */
static bool is_host(struct text host, bool in_brackets)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	static const char address[] = "0123456789abcdefABCDEF:.";

	for (size_t i = 0; i < host.size; i++)
		if (strchr(in_brackets ? address : plain, host.data[i]) == NULL)
			return false;
	return host.size > 0;
}

static struct text slice(const char *from, const char *to)
{
	return (struct text){ from, (size_t)(to - from) };
}

enum status http_address_read(struct arena *arena, const char *url, struct http_address *out_address)
{
	const struct scheme *scheme = scheme_of(url);
	const char *host, *end, *port;
	bool in_brackets;

	if (scheme == NULL || strnlen(url, URL_SIZE_MAX + 1) > URL_SIZE_MAX)
		return refuse(url);
	host = url + strlen(scheme->text);
	in_brackets = *host == '[';
	host += in_brackets;
	end = host + strcspn(host, in_brackets ? "]" : ":/");
	if (!is_host(slice(host, end), in_brackets) || (in_brackets && *end != ']'))
		return refuse(url);
	*out_address = (struct http_address){ .tls = scheme->tls, .host = arena_copy_text(arena, slice(host, end)) };
	end += in_brackets;
	out_address->port = arena_copy_text(arena, slice(end, end));
	if (*end == ':') {
		port = end + 1;
		end = port + strcspn(port, "/");
		if (!address_is_port(slice(port, end)))
			return refuse(url);
		out_address->port = arena_copy_text(arena, slice(port, end));
	}
	if (*end != '/' && *end != '\0')
		return refuse(url);
	out_address->path = arena_copy_text(arena, text_of(end));
	return STATUS_OK;
}

/* Each a SHA-256 in base 64; several, as libcurl takes them, with ";" between. */
static bool are_pins(const char *pins)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char kind[] = "sha256//";

	for (;;) {
		if (strncmp(pins, kind, strlen(kind)) != 0 || strspn(pins + strlen(kind), digits) != PIN_DIGITS)
			return false;
		pins += strlen(kind) + PIN_DIGITS;
		if (*pins++ != '=')
			return false;
		if (*pins == '\0')
			return true;
		if (*pins++ != ';')
			return false;
	}
}

enum status http_address_check(struct arena *arena, const char *url, struct http_address *out_address)
{
	const char *pin = strstr(url, HTTP_PIN);
	enum status status = http_address_read(arena, http_address_without_pin(arena, text_of(url)).data, out_address);

	if (status == STATUS_OK && pin != NULL && (!out_address->tls || !are_pins(pin + strlen(HTTP_PIN))))
		return fail(STATUS_INVALID, "%s: a pin is ;pin=sha256//BASE64 behind an https address", url);
	return status;
}
