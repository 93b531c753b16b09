#include "tests/bench/least.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/stopwatch.h"

#define PLACES   3
#define ROW_SIZE 300 /* about what a live change has on the wire, one way */

struct least {
	int first; /* a row goes in */
	int last;  /* a time comes out */
	pid_t places[PLACES];
};

static void insist(int works, const char *doing)
{
	if (works)
		return;
	perror(doing);
	exit(1);
}

/* Two ends of one TCP connection over loopback. */
static void connect_two(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	insist(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0, "least: listen");
	insist(getsockname(listener, (struct sockaddr *)&address, &size) == 0, "least: getsockname");
	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	insist(connect(ends[0], (struct sockaddr *)&address, size) == 0, "least: connect");
	ends[1] = accept(listener, NULL, NULL);
	insist(ends[1] >= 0, "least: accept");
	for (int i = 0; i < 2; i++)
		insist(setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0, "least: setsockopt");
	(void)close(listener);
}

struct least_rows least_rows_open(const char *dir, int place)
{
	static const char prepare[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				      "CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, body BLOB)";
	struct least_rows rows = { 0 };
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/least-%d.db", dir, place);
	insist(sqlite3_open(path, &rows.database) == SQLITE_OK, path);
	insist(sqlite3_exec(rows.database, prepare, NULL, NULL, NULL) == SQLITE_OK, path);
	insist(sqlite3_prepare_v2(rows.database, "INSERT INTO rows (body) VALUES (?)", -1, &rows.insert, NULL) == SQLITE_OK, path);
	return rows;
}

void least_rows_add(const struct least_rows *rows, const void *row, int size)
{
	insist(sqlite3_bind_blob(rows->insert, 1, row, size, SQLITE_STATIC) == SQLITE_OK, "least: bind");
	insist(sqlite3_step(rows->insert) == SQLITE_DONE && sqlite3_reset(rows->insert) == SQLITE_OK, "least: insert");
}

void least_rows_close(struct least_rows *rows)
{
	(void)sqlite3_finalize(rows->insert);
	(void)sqlite3_close(rows->database);
}

/* One of the three, until nothing comes in any more. The last one hands on when it had it. */
static void serve_place(const char *dir, int place, int in, int out)
{
	struct least_rows rows = least_rows_open(dir, place);
	char row[ROW_SIZE];

	while (recv(in, row, sizeof(row), MSG_WAITALL) == sizeof(row)) {
		int64_t at_ns;
		least_rows_add(&rows, row, sizeof(row));
		at_ns = stopwatch_now_ns();
		if (place == PLACES - 1)
			insist(send(out, &at_ns, sizeof(at_ns), MSG_NOSIGNAL) == sizeof(at_ns), "least: send");
		else
			insist(send(out, row, sizeof(row), MSG_NOSIGNAL) == sizeof(row), "least: send");
	}
	least_rows_close(&rows);
}

static pid_t start_place(const char *dir, int place, int (*links)[2])
{
	pid_t child = fork();

	insist(child >= 0, "least: fork");
	if (child > 0)
		return child;
	for (int i = 0; i <= PLACES; i++) { /* else none would see the end */
		if (i != place)
			(void)close(links[i][1]);
		if (i != place + 1)
			(void)close(links[i][0]);
	}
	serve_place(dir, place, links[place][1], links[place + 1][0]);
	_exit(0);
}

struct least *least_start(const char *dir)
{
	struct least *least = calloc(1, sizeof(*least));
	int links[PLACES + 1][2];

	insist(least != NULL, "least: memory");
	for (int i = 0; i <= PLACES; i++)
		if (i == 0 || i == PLACES)
			insist(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, links[i]) == 0, "least: socketpair");
		else
			connect_two(links[i]);
	for (int i = 0; i < PLACES; i++)
		least->places[i] = start_place(dir, i, links);
	least->first = links[0][0];
	least->last = links[PLACES][1];
	for (int i = 0; i <= PLACES; i++) {
		if (i > 0)
			(void)close(links[i][0]);
		if (i < PLACES)
			(void)close(links[i][1]);
	}
	return least;
}

int64_t least_change(struct least *least)
{
	const char row[ROW_SIZE] = { 1 };
	int64_t at_ns = 0;

	insist(send(least->first, row, sizeof(row), MSG_NOSIGNAL) == sizeof(row), "least: send");
	insist(recv(least->last, &at_ns, sizeof(at_ns), MSG_WAITALL) == sizeof(at_ns), "least: receive");
	return at_ns;
}

void least_stop(struct least *least)
{
	if (least == NULL)
		return;
	(void)close(least->first);
	for (int i = 0; i < PLACES; i++)
		(void)waitpid(least->places[i], NULL, 0);
	(void)close(least->last);
	free(least);
}
