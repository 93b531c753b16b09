/* Connections as no device makes them, as fast as they come: half greetings, other protocols, garbage, TLS hellos, HTTP, claims of huge
 * messages, half frames, and resets in the middle of each.
 * usage: storm PORT COUNT SEED FRAME    FRAME: a file with a good frame, sent whole, cut short and damaged */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HELD_MAX 64

static uint64_t state;
static uint8_t frame[65536];
static size_t frame_size;

static uint32_t dice(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state >> 33) % below);
}

/* What is said on one connection. */
struct speech {
	uint8_t bytes[80 * 1024];
	size_t size;
};

static void say(struct speech *speech, const void *bytes, size_t size)
{
	memcpy(speech->bytes + speech->size, bytes, size);
	speech->size += size;
}

static void say_noise(struct speech *speech, size_t size)
{
	for (size_t i = 0; i < size; i++)
		speech->bytes[speech->size++] = (uint8_t)dice(256);
}

static void greet(struct speech *speech, uint16_t protocol)
{
	const uint8_t greeting[8] = { 0, 'S', 'P', 0, (uint8_t)(protocol >> 8), (uint8_t)protocol, 0, 0 };

	say(speech, greeting, sizeof(greeting));
}

static void say_length(struct speech *speech, uint64_t length)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		speech->bytes[speech->size++] = (uint8_t)(length >> shift);
}

static void say_frame(struct speech *speech, size_t claimed, size_t said)
{
	say_length(speech, claimed + 4);
	say(speech, "\x80\0\0\1", 4);
	say(speech, frame, said);
}

static void noise(struct speech *speech)
{
	say_noise(speech, 1 + dice(400));
}

static void half_greeting(struct speech *speech)
{
	greet(speech, 0x30);
	speech->size = 1 + dice(7);
}

static void other_protocol(struct speech *speech)
{
	static const uint16_t protocols[] = { 0x10, 0x20, 0x31, 0x70, 0xffff };

	greet(speech, protocols[dice(5)]);
	say_noise(speech, 60);
}

static void huge_claim(struct speech *speech)
{
	static const uint64_t claims[] = { UINT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 32, 1 << 30, 80 * 1024 + 1 };

	greet(speech, 0x30);
	say_length(speech, claims[dice(5)]);
	say_noise(speech, dice(100));
}

static void half_frame(struct speech *speech)
{
	greet(speech, 0x30);
	say_frame(speech, frame_size, dice((uint32_t)frame_size));
}

static void damaged_frame(struct speech *speech)
{
	greet(speech, 0x30);
	say_frame(speech, frame_size, frame_size);
	speech->bytes[speech->size - 1 - dice((uint32_t)frame_size)] ^= (uint8_t)(1 + dice(255));
}

static void good_frame(struct speech *speech)
{
	greet(speech, 0x30);
	say_frame(speech, frame_size, frame_size);
}

static void tls_hello(struct speech *speech)
{
	static const uint8_t head[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };

	say(speech, head, sizeof(head));
	say_noise(speech, dice(510));
}

static void http(struct speech *speech)
{
	static const char words[] = "POST /sync HTTP/1.1\r\nHost: office\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n";

	say(speech, words, sizeof(words) - 1);
}

static void many_tiny_frames(struct speech *speech)
{
	greet(speech, 0x30);
	for (int i = 0; i < 200; i++) {
		say_length(speech, 4 + (uint64_t)dice(3));
		speech->bytes[speech->size - 1] = 4;
		say(speech, "\x80\0\0\1", 4);
	}
}

static void nothing(struct speech *speech)
{
	(void)speech;
}

static void (*const speeches[])(struct speech *speech) = { noise, half_greeting, other_protocol, huge_claim, half_frame, damaged_frame,
	good_frame, tls_hello, http, many_tiny_frames, nothing };

static int connect_to(uint16_t port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct timeval patience = { .tv_sec = 5 };
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connection < 0)
		return -1;
	(void)setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return connection;
	(void)close(connection);
	return -1;
}

/* Half of them with a reset. */
static void hang_up(int connection)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (connection < 0)
		return;
	if (dice(2) == 0)
		(void)setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(connection);
}

static int read_frame(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return -1;
	frame_size = fread(frame, 1, sizeof(frame), file);
	return fclose(file) == 0 && frame_size > 0 ? 0 : -1;
}

int main(int argument_count, char **arguments)
{
	static struct speech speech;
	int held[HELD_MAX], made = 0;

	if (argument_count != 5 || read_frame(arguments[4]) != 0)
		return 2;
	state = strtoull(arguments[3], NULL, 10);
	for (int i = 0; i < HELD_MAX; i++)
		held[i] = -1;
	for (long i = strtol(arguments[2], NULL, 10); i > 0; i--) {
		int *place = &held[dice(HELD_MAX)];
		hang_up(*place);
		*place = connect_to((uint16_t)strtol(arguments[1], NULL, 10));
		if (*place < 0)
			continue;
		made++;
		speech.size = 0;
		speeches[dice(sizeof(speeches) / sizeof(speeches[0]))](&speech);
		if (speech.size > 0)
			(void)(send(*place, speech.bytes, speech.size, MSG_NOSIGNAL) < 0); /* it may hang up first */
	}
	for (int i = 0; i < HELD_MAX; i++)
		hang_up(held[i]);
	printf("%d\n", made);
	return 0;
}
