/* Where an HTTP carrier listens or goes: SCHEME://HOST[:PORT][/PATH]. */
#ifndef TRUCKROLL_TRANSPORT_HTTP_ADDRESS_H
#define TRUCKROLL_TRANSPORT_HTTP_ADDRESS_H

#include <stdbool.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"

#define HTTP_SYNC_PATH "/sync" /* where devices post to, when an address names no other path */

#define HTTP_HEALTH_PATH "/health" /* says "ok" to anybody */

struct http_address {
	bool tls;
	struct text host; /* without brackets; NUL-terminated */
	struct text port; /* digits; empty: not named. NUL-terminated */
	struct text path; /* from "/" on, or empty */
};

/* Texts are in `arena`. STATUS_INVALID with what is wrong and how it should look. */
enum status http_address_read(struct arena *arena, const char *url, struct http_address *out_address);
#define HTTP_PIN ";pin=" /* what follows is the server's key: sha256//BASE64, or several with ";" between, as libcurl takes them */

/* The address alone, and the key behind it; empty: none. Both in `arena`, NUL-terminated. */
struct text http_address_without_pin(struct arena *arena, struct text url);
struct text http_address_pin(struct arena *arena, struct text url);
/* As http_address_read(), of one that may have pins. STATUS_INVALID also when they are none or do not stand behind https. */
enum status http_address_check(struct arena *arena, const char *url, struct http_address *out_address);
/* True for "http://…" and "https://…". */
bool http_address_looks_like(const char *url);

#endif
