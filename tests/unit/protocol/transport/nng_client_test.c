/* The live carrier from the device's side, against a real listener on the loopback. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "protocol/transport/nng_client.h"
#include "protocol/transport/sp_listener.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define PATIENCE_MS 20000 /* how long a test waits for what must come; never how long it takes */

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
	if (transport_nng_open(link.url, &link.transport) != STATUS_OK)
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

/* Waits for the next request at the listener. */
static struct listener_token take(struct link *link, struct bytes *out_request)
{
	struct listener_token token = { 0 };

	for (;;) {
		struct pollfd ready = { .fd = listener_descriptor(link->listener), .events = POLLIN };
		enum status status = listener_take(link->listener, &link->arena, &token, out_request);
		if (status == STATUS_OK)
			return token;
		assert_int_equal(status, STATUS_NOT_FOUND);
		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	}
}

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
	assert_non_null(strstr(fail_reason(), "cannot be reached"));
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
	assert_int_equal(transport_nng_open("tcp://127.0.0.1:1", &transport), STATUS_OK);
	assert_int_equal(transport_send(transport, bytes_of("anyone?")), STATUS_OK);
	assert_int_equal(transport_receive(transport, 3600000, &arena, &reply), STATUS_OFFLINE);
	assert_non_null(strstr(fail_reason(), "refused"));
	transport_close(transport);
	arena_finish(&arena);
}

/* The first try is refused, a later one is not. */
static void an_old_refusal_is_not_told_of_a_link_that_came_and_went(void **state)
{
	struct link *link = *state;
	struct pollfd noticed = { .events = POLLIN };
	struct bytes request, reply;

	transport_close(link->transport);
	listener_close(link->listener);
	assert_int_equal(transport_nng_open(link->url, &link->transport), STATUS_OK);
	noticed.fd = transport_descriptor(link->transport);
	assert_int_equal(poll(&noticed, 1, PATIENCE_MS), 1);
	assert_int_equal(listener_sp_open(link->url, NULL, &link->listener), STATUS_OK);
	assert_int_equal(transport_send(link->transport, bytes_of("ping")), STATUS_OK);
	assert_int_equal(listener_reply(link->listener, take(link, &request), bytes_of("pong")), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, PATIENCE_MS, &link->arena, &reply), STATUS_OK);
	listener_close(link->listener);
	link->listener = NULL;
	assert_int_equal(poll(&noticed, 1, PATIENCE_MS), 1);
	assert_int_equal(transport_receive(link->transport, 0, &link->arena, &reply), STATUS_NOT_FOUND);
	assert_int_equal(transport_send(link->transport, bytes_of("anew")), STATUS_OK);
	assert_int_equal(transport_receive(link->transport, 0, &link->arena, &reply), STATUS_NOT_FOUND);
}

static void a_wrong_address_is_refused_with_what_to_write_instead(void **state)
{
	static const char *const wrong[] = { "", "tcp://", "127.0.0.1:7450", "tls+tcp://127.0.0.1:7450", "ws://127.0.0.1:7450",
		("tcp://a.name.that.is.far.too.long.for.any.address.of.this.carrier.since.it.goes.on.and.on.and.on"
		 ".and.on.and.on.and.on.and.on.and.on:1") };
	struct transport *transport;

	(void)state;
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		assert_int_equal(transport_nng_open(wrong[i], &transport), STATUS_INVALID);
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
		cmocka_unit_test_setup_teardown(an_old_refusal_is_not_told_of_a_link_that_came_and_went, set_up, tear_down),
		cmocka_unit_test(a_wrong_address_is_refused_with_what_to_write_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
