/* A live carrier's listener on the loopback with a clock of the test, and peers that speak bytes to it. What a promise waits for and does
 * not come fails the test. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_TRANSPORT_SP_BENCH_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_TRANSPORT_SP_BENCH_H

#include "protocol/transport/listener.h"

#define PATIENCE_MS 20000
#define MOMENT_MS   1
#define TAKEN_MAX   4096

static const struct id somebody = { { 1 } }, somebody_else = { { 2 } };

/* What the listener gave while something else was waited for. */
struct taken {
	struct listener_token token;
	struct bytes request;
};

struct sp_bench {
	struct listener *listener;
	struct arena arena;
	struct taken taken[TAKEN_MAX];
	size_t taken_first, taken_count;
	int64_t now_ms;
	struct clock clock;
	char url[64];
};

/* Of cmocka: the bench, which there is one of, is put where `state` points to. */
int sp_bench_open(void **state, struct listener_limits limits);
int sp_bench_close(void **state);

/* The listener moves when its owner asks it for requests: what it gives is kept for sp_bench_take(). */
void sp_bench_pump(struct sp_bench *bench);
/* The next request, waited for. */
struct listener_token sp_bench_take(struct sp_bench *bench, struct bytes *out_request);
struct listener_counts sp_bench_counts(struct sp_bench *bench);
void await_connections(struct sp_bench *bench, size_t expected);
void await_refused(struct sp_bench *bench, uint64_t expected);
/* Forgets what was taken, and waits until all connections are gone. */
void sp_bench_drain(struct sp_bench *bench);
/* A client comes, asks and is answered, whoever else asks. */
void assert_live_probe_answers(struct sp_bench *bench);

/* A peer, with a socket of its own or with the caller's, who closes either. */
int raw_connect(const struct sp_bench *bench);
void raw_connect_with(const struct sp_bench *bench, int peer);
/* The listener may have hung up already. */
void raw_send(int peer, const void *data, size_t size);
/* Until `size` bytes came; false when the other side hung up. */
bool raw_receive(struct sp_bench *bench, int peer, void *out, size_t size);
/* One more that greets as a request socket does. */
int raw_greet(struct sp_bench *bench);
/* A request, of a few words, with a header of its own: number 1. */
void raw_request(int peer, const char *body);
bool hung_up(struct sp_bench *bench, int peer);
/* One more that has said something. */
int raw_speaker(struct sp_bench *bench, struct listener_token *out_token);
/* Connections of an owner, all of them proved; no request is open then. */
void prove(struct sp_bench *bench, const struct id *owner, int *out_peers, size_t count);
/* A request of it is answered. */
bool answered(struct sp_bench *bench, int peer);

/* By this process. */
size_t descriptors_open(void);

#endif
