/* The server's end of the HTTP carrier: POST /sync with a frame as its body, answered with a frame as the body of 200. What the server
 * drops is answered 204. A parked request is a suspended connection. libmicrohttpd without threads of its own. */
#ifndef TRUCKROLL_TRANSPORT_HTTP_LISTENER_H
#define TRUCKROLL_TRANSPORT_HTTP_LISTENER_H

#include "protocol/transport/listener.h"

#define HTTP_PORT_DEFAULT 7480

/* The listener's own TLS, in PEM; both empty: none, as behind a terminator. NUL-terminated. */
struct http_certificate {
	struct text chain;
	struct text key;
};

/* Listens on http://HOST[:PORT] or, with a certificate, https://HOST[:PORT] (port 0: any free one). HOST is a name or an address, an IPv6
 * one in brackets. `limits` may be NULL; no address but those of this machine may have more than a quarter of the connections.
 * STATUS_INVALID (address, certificate), STATUS_BUSY (in use), STATUS_CANNOT_WRITE (no descriptor or no right). */
enum status listener_http_open(const char *url, const struct http_certificate *certificate, const struct listener_limits *limits,
	struct listener **out_listener);

#endif
