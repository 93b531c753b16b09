#include "tests/fuzz/change_file.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "tests/fuzz/target.h"

#define CHANGES_MAX 64

void change_file(const char *path, struct reader *reader)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(CRASH_VFS);
	sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
	sqlite3_int64 size = 0;

	insist(file != NULL);
	insist(vfs->xOpen(vfs, path, file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK);
	insist(file->pMethods->xFileSize(file, &size) == SQLITE_OK);
	for (int i = 0; i < CHANGES_MAX && reader_left(reader) >= 4; i++) {
		size_t place = read_u8(reader);
		uint8_t byte;
		place |= (size_t)read_u8(reader) << 8;
		place |= (size_t)read_u8(reader) << 16;
		byte = read_u8(reader);
		if (size > 0)
			insist(file->pMethods->xWrite(file, &byte, 1, (sqlite3_int64)(place % (size_t)size)) == SQLITE_OK);
	}
	insist(file->pMethods->xSync(file, SQLITE_SYNC_FULL) == SQLITE_OK && file->pMethods->xClose(file) == SQLITE_OK);
	free(file);
}
