/* The device's end of the HTTP carrier: each request is a POST, its reply the body of the answer. Goes through the system's proxy
 * (http_proxy, https_proxy, no_proxy), keeps its connection, follows no redirection. libcurl is loaded when the first one is opened, so
 * that commands that need no network start fast. */
#ifndef TRUCKROLL_TRANSPORT_HTTP_CLIENT_H
#define TRUCKROLL_TRANSPORT_HTTP_CLIENT_H

#include "protocol/transport/transport.h"

/* `url`: http:// or https://HOST[:PORT][/PATH][;pin=sha256//BASE64]. Without a path requests go to /sync. With a pin the server must hold
 * the key whose SHA-256 over its public part (DER) it is, and nothing else counts; without one its certificate must be one that the system
 * trusts. Connects with the first request. STATUS_INVALID for an address of another form, STATUS_CANNOT_WRITE when libcurl is not
 * installed or no descriptor is left. Use from one thread. */
enum status transport_http_open(const char *url, struct transport **out_transport);

/* The same for who only asks whether somebody is there: what is sent is not a request (it may be empty) but makes a GET, of /health when
 * the address has no path. The reply to it is the body of an answer 200; everything else is STATUS_OFFLINE. */
enum status transport_http_probe_open(const char *url, struct transport **out_transport);

#endif
