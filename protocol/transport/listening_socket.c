#include "protocol/transport/listening_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "protocol/transport/name_lookup.h"

#define BACKLOG       4096 /* the system has a limit of its own */
#define TURN_TRIES    100
#define TURN_PAUSE_NS 10000000

static enum status refuse(const char *url, int error)
{
	if (error == EADDRINUSE)
		return fail(STATUS_BUSY, "%s is in use by another program; stop it or choose another port", url);
	if (error == EADDRNOTAVAIL)
		return fail(STATUS_INVALID, "%s is no address of this machine", url);
	return fail(STATUS_CANNOT_WRITE, "cannot listen on %s (%s)", url, error_to_text(error));
}

static enum status listen_at(const char *url, int family, const struct sockaddr *address, socklen_t size, int *out_descriptor)
{
	const int yes = 1, no = 0;
	int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (descriptor < 0)
		return refuse(url, errno);
	if (family == AF_INET6) /* "::" is both kinds, whatever the system is set to */
		(void)setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 && bind(descriptor, address, size) == 0 &&
		listen(descriptor, BACKLOG) == 0) {
		*out_descriptor = descriptor;
		return STATUS_OK;
	}
	error = errno;
	(void)close(descriptor);
	return refuse(url, error);
}

/* `family`: AF_UNSPEC for whichever the host has. */
static enum status open_of_family(const char *url, int family, const char *host, const char *port, int *out_descriptor)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found;
	int result = getaddrinfo(host, port, &hints, &found), error = name_lookup_error(result);
	enum status status;

	if (error != 0)
		return refuse(url, error);
	if (result != 0)
		return fail(STATUS_INVALID, "there is no machine named %s", host == NULL ? "*" : host);
	status = listen_at(url, found->ai_family, found->ai_addr, found->ai_addrlen, out_descriptor);
	freeaddrinfo(found);
	return status;
}

enum status listening_socket_open(const char *url, const char *host, const char *port, int *out_descriptor)
{
	enum status status = open_of_family(url, host == NULL ? AF_INET6 : AF_UNSPEC, host, port, out_descriptor);

	if (host != NULL || status == STATUS_OK || status == STATUS_BUSY)
		return status;
	return open_of_family(url, AF_INET, host, port, out_descriptor); /* a system without IPv6 */
}

/* A socket, at which nobody answers: its server was killed. A file that is none refuses as well. */
static bool is_left_over(const struct sockaddr_un *address)
{
	struct stat found;
	int descriptor;
	bool refused;

	if (lstat(address->sun_path, &found) != 0 || !S_ISSOCK(found.st_mode))
		return false;
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* a server may be there, and stand still */
	if (descriptor < 0)
		return false;
	refused = connect(descriptor, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
	(void)close(descriptor);
	return refused;
}

/* Who looks at what was left over in a folder, and puts a socket of its own in its place, is alone there: what another server has put
 * there meanwhile is no left-over. The folder's descriptor, whose closing ends the turn; -1: the file system knows of no locks, or whoever
 * holds it does not let go, and it must go without. */
static int take_turn(const struct sockaddr_un *address)
{
	const struct timespec pause = { .tv_nsec = TURN_PAUSE_NS };
	const char *name = strrchr(address->sun_path, '/');
	char path[sizeof(address->sun_path) + 1] = ".";
	int folder;

	if (name != NULL)
		memcpy(path, address->sun_path, (size_t)(name - address->sun_path) + 1);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; folder >= 0 && i < TURN_TRIES; i++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return folder;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		(void)nanosleep(&pause, NULL);
	}
	if (folder >= 0)
		(void)close(folder);
	return -1;
}

enum status listening_socket_open_local(const char *url, const char *path, int *out_descriptor)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum status status;
	int turn;

	memcpy(address.sun_path, path, strlen(path)); /* address_check() has seen to it that it fits */
	turn = take_turn(&address);
	if (is_left_over(&address))
		(void)unlink(path);
	status = listen_at(url, AF_UNIX, (const struct sockaddr *)&address, sizeof(address), out_descriptor);
	if (turn >= 0)
		(void)close(turn);
	return status;
}

/* Of a longer one the beginning. */
union socket_name {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* Of no family when the system does not tell. */
static union socket_name bound_to(int descriptor)
{
	union socket_name bound = { .six = { .sin6_family = AF_UNSPEC } };
	socklen_t size = sizeof(bound);

	(void)(getsockname(descriptor, &bound.any, &size) == 0);
	return bound;
}

int listening_socket_port(int descriptor)
{
	const union socket_name bound = bound_to(descriptor);

	if (bound.any.sa_family == AF_INET6)
		return ntohs(bound.six.sin6_port);
	return bound.any.sa_family == AF_INET ? ntohs(bound.four.sin_port) : 0;
}

bool listening_socket_is_near(int descriptor)
{
	const union socket_name bound = bound_to(descriptor);

	if (bound.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&bound.six.sin6_addr);
	return bound.any.sa_family == AF_INET && ntohl(bound.four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}
