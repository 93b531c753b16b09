#include "protocol/transport/name_lookup.h"

#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/deaf_thread.h"
#include "protocol/base/memory.h"
#include "protocol/transport/signal_file.h"

struct name_lookup {
	char *url, *host, *port;
	int signal;
	atomic_int holders;  /* the last one frees it */
	atomic_bool settled; /* what follows is as it stays; until then it is the thread's */
	struct socket_addresses found;
	int error; /* what kept the system from asking; 0 */
};

static void release(struct name_lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->holders, 1) > 1)
		return;
	if (lookup->signal >= 0)
		(void)close(lookup->signal);
	free(lookup->url);
	free(lookup->host);
	free(lookup->port);
	free(lookup);
}

static void settle(struct name_lookup *lookup)
{
	atomic_store(&lookup->settled, true);
	signal_file_raise(lookup->signal);
}

int name_lookup_error(int result)
{
	return result == EAI_SYSTEM ? errno : result == EAI_MEMORY ? ENOMEM : 0;
}

static void look_up(struct name_lookup *lookup, int flags)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags };
	struct socket_addresses *found = &lookup->found;
	struct addrinfo *list = NULL;
	int result = getaddrinfo(lookup->host, lookup->port, &hints, &list);

	lookup->error = name_lookup_error(result);
	if (result != 0)
		return;
	for (const struct addrinfo *one = list; one != NULL && found->count < SOCKET_ADDRESSES_MAX; one = one->ai_next) {
		struct socket_address *address = &found->each[found->count];
		if (one->ai_addrlen > sizeof(address->at))
			continue;
		memcpy(&address->at, one->ai_addr, one->ai_addrlen);
		address->size = one->ai_addrlen;
		found->count++;
	}
	freeaddrinfo(list);
}

static void *look_up_aside(void *context)
{
	struct name_lookup *lookup = context;

	look_up(lookup, 0);
	settle(lookup);
	release(lookup);
	return NULL;
}

static enum status begin(struct name_lookup *lookup)
{
	pthread_t thread;
	int error;

	look_up(lookup, AI_NUMERICHOST);
	if (lookup->found.count > 0) {
		settle(lookup);
		return STATUS_OK;
	}
	(void)atomic_fetch_add(&lookup->holders, 1);
	error = deaf_thread_start(&thread, look_up_aside, lookup);
	if (error == 0) {
		(void)pthread_detach(thread);
		return STATUS_OK;
	}
	(void)atomic_fetch_sub(&lookup->holders, 1);
	return fail(STATUS_OFFLINE, "%s cannot be reached (%s)", lookup->url, error_to_text(error));
}

enum status name_lookup_start(const char *url, const char *host, const char *port, struct name_lookup **out_lookup)
{
	struct name_lookup *lookup = memory_zeroed(1, sizeof(*lookup));
	enum status status;

	lookup->signal = -1;
	lookup->url = memory_copy(url, strlen(url) + 1);
	lookup->host = memory_copy(host, strlen(host) + 1);
	lookup->port = memory_copy(port, strlen(port) + 1);
	atomic_init(&lookup->holders, 1);
	atomic_init(&lookup->settled, false);
	status = signal_file_open(&lookup->signal);
	if (status == STATUS_OK)
		status = begin(lookup);
	if (status == STATUS_OK)
		*out_lookup = lookup;
	else
		release(lookup);
	return status;
}

int name_lookup_descriptor(const struct name_lookup *lookup)
{
	return lookup->signal;
}

enum status name_lookup_take(const struct name_lookup *lookup, struct socket_addresses *out_addresses)
{
	if (!atomic_load(&lookup->settled))
		return STATUS_NOT_FOUND;
	if (lookup->found.count == 0 && lookup->error != 0)
		return fail(STATUS_OFFLINE, "%s cannot be reached (%s)", lookup->url, error_to_text(lookup->error));
	if (lookup->found.count == 0)
		return fail(
			STATUS_OFFLINE, "%s cannot be reached (no machine of that name is known here, or nobody to ask is)", lookup->url);
	*out_addresses = lookup->found;
	return STATUS_OK;
}

void name_lookup_drop(struct name_lookup *lookup)
{
	if (lookup != NULL)
		release(lookup);
}
