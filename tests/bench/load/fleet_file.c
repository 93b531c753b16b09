#include "tests/bench/load/fleet_file.h"

#include <sodium.h>

#define LINE_SIZE 1024

struct cell {
	void *bytes;
	size_t size;
};

static void write_line(FILE *file, const struct cell *cells, size_t count)
{
	char hex[LINE_SIZE];

	for (size_t i = 0; i < count; i++)
		(void)fprintf(file, "%s%c", sodium_bin2hex(hex, sizeof(hex), cells[i].bytes, cells[i].size), i + 1 < count ? ' ' : '\n');
	sodium_memzero(hex, sizeof(hex));
}

static enum status read_line(FILE *file, const struct cell *cells, size_t count)
{
	char line[LINE_SIZE];
	const char *at = line;
	enum status status = STATUS_OK;

	if (fgets(line, sizeof(line), file) == NULL)
		return STATUS_NOT_FOUND;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		size_t size = 0;
		if (sodium_hex2bin(cells[i].bytes, cells[i].size, at, 2 * cells[i].size, NULL, &size, NULL) != 0 || size != cells[i].size)
			status = fail(STATUS_CORRUPT, "the fleet's file: a line of another form");
		at += 2 * cells[i].size + 1;
	}
	sodium_memzero(line, sizeof(line));
	return status;
}

#define SERVER_CELLS(server)                                                                                                               \
	{ (server)->organisation.bytes, ID_SIZE }, { (server)->party.id.bytes, ID_SIZE },                                                  \
		{ (server)->party.keys.sign, SIGN_PUBLIC_SIZE }, { (server)->party.keys.box, BOX_PUBLIC_SIZE }
#define MEMBER_CELLS(member)                                                                                                               \
	{ (member)->identity.id.bytes, ID_SIZE }, { (member)->technician.bytes, ID_SIZE },                                                 \
		{ (member)->identity.keys.sign, SIGN_PUBLIC_SIZE }, { (member)->identity.keys.box, BOX_PUBLIC_SIZE },                      \
		{ (member)->identity.sign_secret, SIGN_SECRET_SIZE }, { (member)->identity.box_secret, BOX_SECRET_SIZE }

void fleet_write_server(FILE *file, const struct fleet_server *server)
{
	struct fleet_server copy = *server;
	const struct cell cells[] = { SERVER_CELLS(&copy) };

	write_line(file, cells, LENGTH(cells));
}

void fleet_write_member(FILE *file, const struct fleet_member *member)
{
	struct fleet_member copy = *member;
	const struct cell cells[] = { MEMBER_CELLS(&copy) };

	write_line(file, cells, LENGTH(cells));
	identity_wipe(&copy.identity);
}

enum status fleet_read_server(FILE *file, struct fleet_server *out_server)
{
	const struct cell cells[] = { SERVER_CELLS(out_server) };

	return read_line(file, cells, LENGTH(cells));
}

enum status fleet_read_member(FILE *file, struct fleet_member *out_member)
{
	const struct cell cells[] = { MEMBER_CELLS(out_member) };

	*out_member = (struct fleet_member){ 0 };
	out_member->identity.key_number = 1;
	return read_line(file, cells, LENGTH(cells));
}
