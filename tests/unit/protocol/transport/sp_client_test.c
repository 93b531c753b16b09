/* The live carrier from the device's side, against a real listener on the loopback, and against a peer that says what it likes. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/transport/name_lookup.h"
#include "protocol/transport/sp_client.h"
#include "protocol/transport/sp_listener.h"
#include "tests/unit/protocol/transport/sp_bench.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

struct link {
	struct listener *listener;
	struct transport *transport;
	struct arena arena;
	char url[64];
};

static struct bytes bytes_of(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, strlen(string) };
}

static int set_up(void **state)
{
	static struct link link;

	link = (struct link){ 0 };
	if (listener_sp_open("tcp://127.0.0.1:0", NULL, &link.listener) != STATUS_OK)
		return -1;
	(void)snprintf(link.url, sizeof(link.url), "tcp://127.0.0.1:%d", listener_port(link.listener));
	if (transport_sp_open(link.url, &link.transport) != STATUS_OK)
		return -1;
	*state = &link;
	return 0;
}

static int tear_down(void **state)
{
	struct link *link = *state;

	transport_close(link->transport);
	listener_close(link->listener);
	arena_finish(&link->arena);
	return 0;
}

/* Waits for the next request at the listener, while the client does its part. False: it says that there is no link. */
static bool await_request(struct link *link, struct listener_token *out_token, struct bytes *out_request)
{
	struct bytes reply;

	while (listener_take(link->listener, &link->arena, out_token, out_request) != STATUS_OK) {
		struct pollfd ready[] = { { .fd = listener_descriptor(link->listener), .events = POLLIN },
			{ .fd = transport_descriptor(link->transport), .events = POLLIN } };
		if (transport_receive(link->transport, 0, &link->arena, &reply) != STATUS_NOT_FOUND)
			return false;
		assert_true(poll(ready, LENGTH(ready), PATIENCE_MS) > 0);
	}
	return true;
}

static struct listener_token take(struct link *link, struct bytes *out_request)
{
	struct listener_token token = { 0 };

	assert_true(await_request(link, &token, out_request));
	return token;
}

/* ---- a machine with two addresses, of which the listener has the second ---- */

#define TWO_ADDRESSES "two.example"

static struct sockaddr_in loopbacks[] = { { .sin_family = AF_INET }, { .sin_family = AF_INET } };
static struct addrinfo two_addresses[] = {
	{ .ai_family = AF_INET,
		.ai_addrlen = sizeof(loopbacks[0]),
		.ai_addr = (struct sockaddr *)&loopbacks[0],
		.ai_next = &two_addresses[1] },
	{ .ai_family = AF_INET, .ai_addrlen = sizeof(loopbacks[1]), .ai_addr = (struct sockaddr *)&loopbacks[1] },
};

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out_list);
void __real_freeaddrinfo(struct addrinfo *list);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out_list);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out_list)
{
	if (host == NULL || strcmp(host, TWO_ADDRESSES) != 0)
		return __real_getaddrinfo(host, port, hints, out_list);
	if ((hints->ai_flags & AI_NUMERICHOST) != 0)
		return EAI_NONAME;
	for (size_t i = 0; i < LENGTH(loopbacks); i++) {
		loopbacks[i].sin_port = htons((uint16_t)strtoul(port, NULL, 10));
		loopbacks[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK + (i == 0));
	}
	*out_list = two_addresses;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	if (list != two_addresses)
		__real_freeaddrinfo(list);
}

/* ---- the promises ---- */

static void assert_bytes(struct bytes bytes, const char *expected)
{
	assert_int_equal(bytes.size, strlen(expected));
	assert_memory_equal(bytes.data, expected, bytes.size);
}

static void a_request_gets_its_reply(void **state)
{
	struct link *link = *state;
	struct listener_token token;
	struct bytes request, reply;
	uint64_t sent, received;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(transport_send(link->transport, bytes_of("ping")), STATUS_OK);
		token = take(link, &request);
		assert_bytes(request, "ping");
		assert_int_equal(listener_reply(link->listener, token, bytes_of("pong!")), STATUS_OK);
		assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OK);
		assert_bytes(reply, "pong!");
	}
	transport_count(link->transport, &sent, &received);
	assert_int_equal(sent, 12);
	assert_int_equal(received, 15);
}

static void a_body_of_the_largest_size_passes_both_ways_and_a_larger_one_is_refused(void **state)
{
	static uint8_t data[TRANSPORT_BODY_MAX + 1];
	struct link *link = *state;
	struct bytes largest = { data, TRANSPORT_BODY_MAX }, larger = { data, sizeof(data) }, request, reply;
	struct listener_token token;

	memset(data, 0xA5, sizeof(data));
	assert_int_equal(transport_send(link->transport, larger), STATUS_INVALID);
	assert_int_equal(transport_send(link->transport, largest), STATUS_OK);
	token = take(link, &request);
	assert_true(bytes_equal(request, largest));
	assert_int_equal(listener_reply(link->listener, token, larger), STATUS_INVALID);
	assert_int_equal(listener_reply(link->listener, token, largest), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OK);
	assert_true(bytes_equal(reply, largest));
}

static void a_late_reply_to_an_abandoned_request_is_not_taken_for_the_next_ones(void **state)
{
	struct link *link = *state;
	struct listener_token first, second;
	struct bytes request, reply;

	assert_int_equal(transport_send(link->transport, bytes_of("first")), STATUS_OK);
	first = take(link, &request);
	assert_int_equal(transport_send(link->transport, bytes_of("second")), STATUS_OK);
	second = take(link, &request);
	assert_bytes(request, "second");
	assert_int_equal(listener_reply(link->listener, first, bytes_of("to the first")), STATUS_OK);
	assert_int_equal(listener_reply(link->listener, second, bytes_of("to the second")), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OK);
	assert_bytes(reply, "to the second");
	assert_int_equal(transport_receive(link->transport, 0, &link->arena, &reply), STATUS_NOT_FOUND);
}

static void an_answered_request_that_nobody_received_is_abandoned_too(void **state)
{
	struct link *link = *state;
	struct pollfd ready = { .fd = transport_descriptor(link->transport), .events = POLLIN };
	struct listener_token token;
	struct bytes request, reply;

	assert_int_equal(transport_send(link->transport, bytes_of("first")), STATUS_OK);
	token = take(link, &request);
	assert_int_equal(listener_reply(link->listener, token, bytes_of("stale")), STATUS_OK);
	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	assert_int_equal(transport_send(link->transport, bytes_of("second")), STATUS_OK);
	token = take(link, &request);
	assert_int_equal(listener_reply(link->listener, token, bytes_of("fresh")), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OK);
	assert_bytes(reply, "fresh");
}

static void the_descriptor_is_readable_when_the_reply_is_there(void **state)
{
	struct link *link = *state;
	struct pollfd ready = { .fd = transport_descriptor(link->transport), .events = POLLIN };
	struct listener_token token;
	struct bytes request, reply;
	enum status status;

	assert_int_equal(transport_send(link->transport, bytes_of("ping")), STATUS_OK);
	token = take(link, &request);
	do { /* clears it; that the link came up may be told late */
		assert_int_equal(STATUS_NOT_FOUND, transport_receive(link->transport, 0, &link->arena, &reply));
	} while (poll(&ready, 1, 0) != 0);
	assert_int_equal(listener_reply(link->listener, token, bytes_of("pong")), STATUS_OK);
	do {
		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
		status = transport_receive(link->transport, 0, &link->arena, &reply);
	} while (status == STATUS_NOT_FOUND);
	assert_int_equal(status, STATUS_OK);
	assert_bytes(reply, "pong");
}

static void a_link_that_breaks_under_a_request_is_offline_and_nothing_is_sent_again(void **state)
{
	struct link *link = *state;
	struct bytes request, reply;
	struct listener_token token;

	assert_int_equal(transport_send(link->transport, bytes_of("once")), STATUS_OK);
	(void)take(link, &request);
	listener_close(link->listener);
	link->listener = NULL;
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OFFLINE);
	assert_non_null(strstr(fail_reason(), "hung up before it answered"));
	assert_int_equal(listener_sp_open(link->url, NULL, &link->listener), STATUS_OK);
	assert_int_equal(transport_send(link->transport, bytes_of("anew")), STATUS_OK);
	token = take(link, &request);
	assert_bytes(request, "anew");
	assert_int_equal(listener_reply(link->listener, token, bytes_of("back")), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OK);
	assert_bytes(reply, "back");
}

static void a_refused_connection_is_offline_at_once(void **state)
{
	struct transport *transport;
	struct arena arena = { 0 };
	struct bytes reply;

	(void)state;
	assert_int_equal(transport_sp_open("tcp://127.0.0.1:1", &transport), STATUS_OK);
	assert_int_equal(transport_send(transport, bytes_of("anyone?")), STATUS_OK);
	assert_int_equal(transport_receive(transport, 3600000, &arena, &reply), STATUS_OFFLINE);
	assert_non_null(strstr(fail_reason(), "refused"));
	transport_close(transport);
	arena_finish(&arena);
}

static void assert_exchange(struct link *link)
{
	struct bytes request, reply;

	assert_int_equal(transport_send(link->transport, bytes_of("ping")), STATUS_OK);
	assert_int_equal(listener_reply(link->listener, take(link, &request), bytes_of("pong")), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OK);
	assert_bytes(reply, "pong");
}

static void a_request_after_a_refusal_goes_to_the_server_that_came_meanwhile(void **state)
{
	struct link *link = *state;
	struct bytes reply;

	listener_close(link->listener);
	assert_int_equal(transport_send(link->transport, bytes_of("early")), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OFFLINE);
	assert_int_equal(listener_sp_open(link->url, NULL, &link->listener), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, 0, &link->arena, &reply), STATUS_NOT_FOUND);
	assert_exchange(link);
}

static void a_link_that_broke_while_nobody_asked_is_made_anew_for_the_next_request(void **state)
{
	struct link *link = *state;
	struct pollfd ready = { .fd = transport_descriptor(link->transport), .events = POLLIN };
	struct bytes reply;

	for (int looks = 0; looks < 2; looks++) {
		assert_exchange(link);
		listener_close(link->listener);
		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
		if (looks == 1) { /* else the client finds out when it is to send */
			assert_int_equal(transport_receive(link->transport, 0, &link->arena, &reply), STATUS_NOT_FOUND);
			assert_int_equal(poll(&ready, 1, 0), 0);
		}
		assert_int_equal(listener_sp_open(link->url, NULL, &link->listener), STATUS_OK);
	}
	assert_exchange(link);
}

static void a_server_is_found_at_whichever_address_of_its_machine_it_is(void **state)
{
	struct link *link = *state;
	char url[64];

	transport_close(link->transport);
	(void)snprintf(url, sizeof(url), "tcp://" TWO_ADDRESSES ":%d", listener_port(link->listener));
	assert_int_equal(transport_sp_open(url, &link->transport), STATUS_OK);
	assert_exchange(link);
}

/* Longer than a label can be (RFC 1035, 2.3.4): nobody on the network is asked. */
#define NO_NAME "a-name-that-is-longer-than-the-sixty-three-characters-of-one-label"

static void a_name_that_nobody_knows_is_offline_and_says_so(void **state)
{
	struct transport *transport;
	struct arena arena = { 0 };
	struct bytes reply;

	(void)state;
	assert_int_equal(transport_sp_open("tcp://" NO_NAME ":7450", &transport), STATUS_OK);
	assert_int_equal(transport_send(transport, bytes_of("anyone?")), STATUS_OK);
	assert_int_equal(transport_receive(transport, 3600000, &arena, &reply), STATUS_OFFLINE);
	assert_non_null(strstr(fail_reason(), "no machine of that name is known here"));
	transport_close(transport);
	arena_finish(&arena);
}

static void a_look_up_can_be_left_to_itself_at_once(void **state)
{
	struct socket_addresses addresses;
	struct name_lookup *lookup;

	(void)state;
	assert_int_equal(name_lookup_start("tcp://x:1", NO_NAME, "7450", &lookup), STATUS_OK);
	name_lookup_drop(lookup);
	assert_int_equal(name_lookup_start("tcp://x:1", "192.0.2.7", "7450", &lookup), STATUS_OK);
	assert_int_equal(name_lookup_take(lookup, &addresses), STATUS_OK);
	assert_int_equal(addresses.count, 1);
	assert_int_equal(((struct sockaddr_in *)&addresses.each[0].at)->sin_port, htons(7450));
	name_lookup_drop(lookup);
	assert_int_equal(name_lookup_start("tcp://x:1", "2001:db8::7", "7450", &lookup), STATUS_OK);
	assert_int_equal(name_lookup_take(lookup, &addresses), STATUS_OK);
	assert_int_equal(addresses.each[0].at.ss_family, AF_INET6);
	name_lookup_drop(lookup);
	name_lookup_drop(NULL);
}

/* ---- a peer that says what it likes ---- */

struct peer {
	int listens, connection;
	struct transport *transport;
	struct arena arena;
};

static void peer_accept(struct peer *peer)
{
	peer->connection = accept(peer->listens, NULL, NULL);
	assert_true(peer->connection >= 0);
}

/* Asked, and accepted. */
static struct peer peer_asked(const char *request)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	struct peer peer = { .listens = socket(AF_INET, SOCK_STREAM, 0) };
	struct bytes reply;
	char url[64];

	assert_int_equal(bind(peer.listens, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(peer.listens, 8), 0);
	assert_int_equal(getsockname(peer.listens, (struct sockaddr *)&address, &size), 0);
	(void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", ntohs(address.sin_port));
	assert_int_equal(transport_sp_open(url, &peer.transport), STATUS_OK);
	assert_int_equal(transport_send(peer.transport, bytes_of(request)), STATUS_OK);
	peer_accept(&peer);
	assert_int_equal(transport_receive(peer.transport, 0, &peer.arena, &reply), STATUS_NOT_FOUND); /* what waited for that leaves */
	return peer;
}

static void peer_say(const struct peer *peer, const void *data, size_t size)
{
	assert_int_equal(send(peer->connection, data, size, MSG_NOSIGNAL), size);
}

static enum status peer_receive(struct peer *peer, int timeout_ms, struct bytes *out_reply)
{
	return transport_receive(peer->transport, timeout_ms, &peer->arena, out_reply);
}

static void peer_end(struct peer *peer)
{
	transport_close(peer->transport);
	(void)close(peer->connection);
	(void)close(peer->listens);
	arena_finish(&peer->arena);
}

/* Of a fresh client's first request. */
#define SP_GREETING 8

static const uint8_t good_reply[] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 1, 'h', 'i' };
static const uint8_t stale_reply[] = { 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 9, 'n', 'o' };

static void a_request_leaves_with_its_greeting_before_the_server_has_said_a_word(void **state)
{
	static const uint8_t expected[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0x80, 0, 0, 1, 'p', 'i', 'n', 'g' };
	uint8_t heard[sizeof(expected)];
	struct peer peer = peer_asked("ping");
	struct bytes reply;
	uint64_t sent, received;

	(void)state;
	assert_int_equal(peer_receive(&peer, 0, &reply), STATUS_NOT_FOUND);
	assert_int_equal(recv(peer.connection, heard, sizeof(heard), MSG_WAITALL), sizeof(heard));
	assert_memory_equal(heard, expected, sizeof(heard));
	transport_count(peer.transport, &sent, &received);
	assert_int_equal(sent, 0); /* whoever is there has not greeted */
	peer_say(&peer, good_reply, sizeof(good_reply));
	assert_int_equal(peer_receive(&peer, PATIENCE_MS, &reply), STATUS_OK);
	transport_count(peer.transport, &sent, &received);
	assert_int_equal(sent, 4);
	assert_int_equal(received, 2);
	peer_end(&peer);
}

static void a_reply_that_comes_byte_by_byte_is_taken_whole(void **state)
{
	struct peer peer = peer_asked("ping");
	struct bytes reply;

	(void)state;
	for (size_t i = 0; i < sizeof(good_reply); i++) {
		assert_int_equal(peer_receive(&peer, 0, &reply), STATUS_NOT_FOUND);
		peer_say(&peer, good_reply + i, 1);
	}
	assert_int_equal(peer_receive(&peer, PATIENCE_MS, &reply), STATUS_OK);
	assert_bytes(reply, "hi");
	peer_end(&peer);
}

static void replies_to_nobody_are_passed_over_one_at_each_look(void **state)
{
	struct peer peer = peer_asked("ping");
	struct pollfd ready = { .fd = transport_descriptor(peer.transport), .events = POLLIN };
	struct bytes reply;

	(void)state;
	peer_say(&peer, good_reply, SP_GREETING);
	for (size_t i = 0; i < 100; i++)
		peer_say(&peer, stale_reply, sizeof(stale_reply));
	peer_say(&peer, good_reply + SP_GREETING, sizeof(good_reply) - SP_GREETING);
	for (size_t looks = 0;; looks++) {
		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
		if (peer_receive(&peer, 0, &reply) == STATUS_OK) {
			assert_true(looks >= 100);
			break;
		}
	}
	assert_bytes(reply, "hi");
	peer_end(&peer);
}

/* clang-format off */
static const struct answer {
	const char *what;
	const char *reason;
	size_t size;
	uint8_t bytes[32];
} answers[] = {
	{ "nothing", "", 0, { 0 } }, /* "it hung up", or a reset, as its request was read or not */
	{ "another protocol", "no Truckroll server", 19, "HTTP/1.1 400 Bad\r\n" },
	{ "half a greeting", "", 3, { 0, 'S', 'P' } },
	{ "a greeting of one that asks", "no Truckroll server", 8, { 0, 'S', 'P', 0, 0, 0x30, 0, 0 } },
	{ "a huge length", "no Truckroll server", 16, { 0, 'S', 'P', 0, 0, 0x31, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255 } },
	{ "a length just too large", "no Truckroll server", 16, { 0, 'S', 'P', 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0, 1, 0x40, 1 } },
	{ "half a reply", "", 20, { 0, 'S', 'P', 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 1 } },
	{ "an empty message", "", 16, { 0, 'S', 'P', 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "a number behind a hop", "", 26,
		{ 0, 'S', 'P', 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1, 0x80, 0, 0, 1, 'h', 'i' } },
};
/* clang-format on */

static void a_hostile_server_makes_a_request_fail_and_costs_no_descriptor(void **state)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct bytes reply;
	size_t before = 0;

	(void)state;
	for (size_t i = 0; i < 40 * LENGTH(answers); i++) {
		const struct answer *answer = &answers[i % LENGTH(answers)];
		struct peer peer = peer_asked("ping");

		if (before == 0)
			before = descriptors_open();
		peer_say(&peer, answer->bytes, answer->size);
		if (i % 2 == 0)
			assert_int_equal(setsockopt(peer.connection, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
		if (answer->reason[0] == '\0')
			(void)close(peer.connection);
		if (peer_receive(&peer, PATIENCE_MS, &reply) != STATUS_OFFLINE || strstr(fail_reason(), answer->reason) == NULL)
			fail_msg("%s: %s", answer->what, fail_reason());
		assert_int_equal(peer_receive(&peer, 0, &reply), STATUS_NOT_FOUND);
		if (answer->reason[0] == '\0')
			peer.connection = -1;
		assert_true(descriptors_open() <= before);
		peer_end(&peer);
	}
}

static void a_server_that_never_greets_is_given_up_when_the_time_is_over(void **state)
{
	struct peer peer = peer_asked("ping");
	struct bytes reply;

	(void)state;
	assert_int_equal(peer_receive(&peer, 1, &reply), STATUS_OFFLINE);
	assert_non_null(strstr(fail_reason(), "timed out"));
	peer_end(&peer);
}

/* Ten seconds: in the longest runs only. */
static void a_server_that_never_greets_is_given_up_by_itself(void **state)
{
	const char *size = getenv("TRUCKROLL_TEST_SIZE");
	struct peer peer;
	struct bytes reply;

	(void)state;
	if (size == NULL || strcmp(size, "full") != 0)
		return;
	peer = peer_asked("ping");
	assert_int_equal(peer_receive(&peer, 3600000, &reply), STATUS_OFFLINE);
	assert_non_null(strstr(fail_reason(), "timed out"));
	peer_end(&peer);
}

/* The server must not take the beginning of one for the end of another. */
static void a_request_after_one_that_was_abandoned_half_sent_has_a_link_of_its_own(void **state)
{
	static uint8_t large[TRANSPORT_BODY_MAX];
	struct peer peer = peer_asked("first");
	struct pollfd another = { .fd = peer.listens, .events = POLLIN };
	uint8_t heard[8 + 8 + 4];
	struct bytes reply;

	(void)state;
	for (size_t i = 0; i < 1000 && poll(&another, 1, 0) == 0; i++) /* until one does not fit into the sockets any more */
		assert_int_equal(transport_send(peer.transport, (struct bytes){ large, sizeof(large) }), STATUS_OK);
	(void)close(peer.connection);
	peer_accept(&peer);
	assert_int_equal(peer_receive(&peer, 0, &reply), STATUS_NOT_FOUND);
	assert_int_equal(recv(peer.connection, heard, sizeof(heard), MSG_WAITALL), sizeof(heard));
	assert_memory_equal(heard, "\0SP\0\0\x30\0\0", 8);
	assert_int_equal(heard[14] << 8 | heard[15], (4 + TRANSPORT_BODY_MAX) & 0xffff);
	assert_int_equal(heard[16] & 0x80, 0x80);
	peer_end(&peer);
}

static void a_wrong_address_is_refused_with_what_to_write_instead(void **state)
{
	static const char *const wrong[] = { "", "tcp://", "127.0.0.1:7450", "tls+tcp://127.0.0.1:7450", "ws://127.0.0.1:7450",
		("tcp://a.name.that.is.far.too.long.for.any.address.of.this.carrier.since.it.goes.on.and.on.and.on"
		 ".and.on.and.on.and.on.and.on.and.on:1") };
	struct transport *transport;
	char path[124] = "ipc:///tmp/";

	(void)state;
	memset(path + strlen(path), 'x', sizeof(path) - strlen(path) - 1);
	assert_int_equal(transport_sp_open(path, &transport), STATUS_INVALID);
	assert_non_null(strstr(fail_reason(), "the path of a socket"));
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		assert_int_equal(transport_sp_open(wrong[i], &transport), STATUS_INVALID);
		assert_non_null(strstr(fail_reason(), "tcp://HOST:PORT"));
	}
	transport_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_gets_its_reply, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_body_of_the_largest_size_passes_both_ways_and_a_larger_one_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_late_reply_to_an_abandoned_request_is_not_taken_for_the_next_ones, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answered_request_that_nobody_received_is_abandoned_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_descriptor_is_readable_when_the_reply_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_that_breaks_under_a_request_is_offline_and_nothing_is_sent_again, set_up, tear_down),
		cmocka_unit_test(a_refused_connection_is_offline_at_once),
		cmocka_unit_test_setup_teardown(a_request_after_a_refusal_goes_to_the_server_that_came_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_link_that_broke_while_nobody_asked_is_made_anew_for_the_next_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_is_found_at_whichever_address_of_its_machine_it_is, set_up, tear_down),
		cmocka_unit_test(a_name_that_nobody_knows_is_offline_and_says_so),
		cmocka_unit_test(a_look_up_can_be_left_to_itself_at_once),
		cmocka_unit_test(a_request_leaves_with_its_greeting_before_the_server_has_said_a_word),
		cmocka_unit_test(a_reply_that_comes_byte_by_byte_is_taken_whole),
		cmocka_unit_test(replies_to_nobody_are_passed_over_one_at_each_look),
		cmocka_unit_test(a_hostile_server_makes_a_request_fail_and_costs_no_descriptor),
		cmocka_unit_test(a_server_that_never_greets_is_given_up_when_the_time_is_over),
		cmocka_unit_test(a_server_that_never_greets_is_given_up_by_itself),
		cmocka_unit_test(a_request_after_one_that_was_abandoned_half_sent_has_a_link_of_its_own),
		cmocka_unit_test(a_wrong_address_is_refused_with_what_to_write_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
