#include "protocol/transport/listener_watch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void listener_watch_init(struct listener_watch *watch)
{
	*watch = (struct listener_watch){ .descriptor = -1 };
}

void listener_watch_finish(struct listener_watch *watch)
{
	if (watch->descriptor >= 0)
		(void)close(watch->descriptor);
	watch->descriptor = -1;
}

/* Where to connect to: the bound address, or loopback when it is any. False for what is not TCP. */
static bool own_address(nng_listener listener, struct sockaddr_storage *out_address, socklen_t *out_size)
{
	nng_sockaddr bound;

	memset(out_address, 0, sizeof(*out_address));
	if (nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &bound) != 0)
		return false;
	if (bound.s_family == NNG_AF_INET) {
		struct sockaddr_in address = {
			.sin_family = AF_INET, .sin_port = bound.s_in.sa_port, .sin_addr.s_addr = bound.s_in.sa_addr
		};
		if (address.sin_addr.s_addr == htonl(INADDR_ANY))
			address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		memcpy(out_address, &address, sizeof(address));
		*out_size = sizeof(address);
		return true;
	}
	if (bound.s_family == NNG_AF_INET6) {
		struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = bound.s_in6.sa_port };
		memcpy(&address.sin6_addr, bound.s_in6.sa_addr, sizeof(address.sin6_addr));
		if (memcmp(&address.sin6_addr, &in6addr_any, sizeof(in6addr_any)) == 0)
			address.sin6_addr = in6addr_loopback;
		memcpy(out_address, &address, sizeof(address));
		*out_size = sizeof(address);
		return true;
	}
	return false;
}

/* A connection with the greeting of a request socket; -1 when the machine has none to give: that says nothing about the listener. */
static int greet(nng_listener listener)
{
	static const unsigned char greeting[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
	static const struct timeval connect_within = { .tv_usec = 200000 };
	struct sockaddr_storage address;
	socklen_t size;
	int descriptor;

	if (!own_address(listener, &address, &size))
		return -1;
	descriptor = socket(address.ss_family, SOCK_STREAM, 0);
	if (descriptor < 0)
		return -1;
	/* To an own address a connection is made, or refused, at once. */
	if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 ||
		setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &connect_within, sizeof(connect_within)) != 0 ||
		connect(descriptor, (const struct sockaddr *)&address, size) != 0 ||
		send(descriptor, greeting, sizeof(greeting), MSG_NOSIGNAL) != (ssize_t)sizeof(greeting)) {
		(void)close(descriptor);
		return -1;
	}
	return descriptor;
}

/* Without one the listener takes nothing in, however well it is, and listening anew would only cost the devices their connections. */
static bool has_descriptor_to_spare(int descriptor)
{
	int copy = fcntl(descriptor, F_DUPFD, 0);

	if (copy < 0)
		return false;
	(void)close(copy);
	return true;
}

bool listener_watch_tick(struct listener_watch *watch, nng_listener listener, int64_t now_ms, uint64_t accepted)
{
	bool deaf = false;

	if (watch->next_ms == 0)
		watch->next_ms = now_ms + LISTENER_WATCH_EVERY_MS;
	if (watch->descriptor >= 0 && (accepted != watch->accepted || now_ms >= watch->next_ms)) {
		deaf = accepted == watch->accepted && has_descriptor_to_spare(watch->descriptor);
		listener_watch_finish(watch);
		watch->next_ms = now_ms + LISTENER_WATCH_EVERY_MS;
	} else if (watch->descriptor < 0 && now_ms >= watch->next_ms) {
		watch->accepted = accepted;
		watch->descriptor = greet(listener);
		watch->next_ms = now_ms + (watch->descriptor >= 0 ? LISTENER_WATCH_WAIT_MS : LISTENER_WATCH_EVERY_MS);
	}
	return deaf;
}
