/* The file that names a fleet: the server it belongs to, then each device with its secret keys, a line each of hexadecimal cells. */
#ifndef TRUCKROLL_TESTS_BENCH_LOAD_FLEET_FILE_H
#define TRUCKROLL_TESTS_BENCH_LOAD_FLEET_FILE_H

#include <stdio.h>

#include "protocol/wire/keys.h"

struct fleet_server {
	struct id organisation;
	struct party party;
};

struct fleet_member {
	struct identity identity;
	struct id technician;
};

void fleet_write_server(FILE *file, const struct fleet_server *server);
void fleet_write_member(FILE *file, const struct fleet_member *member);
/* STATUS_NOT_FOUND at the end, STATUS_CORRUPT for a line of another form. */
enum status fleet_read_server(FILE *file, struct fleet_server *out_server);
enum status fleet_read_member(FILE *file, struct fleet_member *out_member);

#endif
