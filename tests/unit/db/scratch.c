#include "tests/unit/db/scratch.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[128];

void scratch_init(void)
{
	const char *above = getenv("TMPDIR");

	if (above == NULL) /* in memory a sync takes no time */
		above = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(folder, sizeof(folder), "%s/truckroll-test-XXXXXX", above);
	if (mkdtemp(folder) == NULL)
		abort();
}

void scratch_finish(void)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			unlink(scratch_path(entry->d_name));
	if (directory != NULL)
		closedir(directory);
	rmdir(folder);
}

const char *scratch_path(const char *name)
{
	static char paths[96][SCRATCH_PATH_MAX];
	char path[SCRATCH_PATH_MAX];
	size_t i;

	snprintf(path, sizeof(path), "%s/%.100s", folder, name);
	for (i = 0; i + 1 < LENGTH(paths) && paths[i][0] != '\0' && strcmp(paths[i], path) != 0; i++)
		;
	memcpy(paths[i], path, sizeof(path));
	return paths[i];
}

int64_t scratch_size(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 ? about.st_size : -1;
}

void scratch_copy(const char *from, const char *to)
{
	char bytes[4096];
	size_t size;
	FILE *in = fopen(from, "rb");
	FILE *out = fopen(to, "wb");

	if (in == NULL || out == NULL)
		abort();
	while ((size = fread(bytes, 1, sizeof(bytes), in)) != 0)
		if (fwrite(bytes, 1, size, out) != size)
			abort();
	fclose(in);
	fclose(out);
}

/* splitmix64 */
uint64_t numbers_next(struct numbers *numbers)
{
	uint64_t value = numbers->state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

struct id numbers_id(struct numbers *numbers)
{
	struct id id;
	uint64_t halves[2] = { numbers_next(numbers) | 1, numbers_next(numbers) };

	memcpy(id.bytes, halves, sizeof(id.bytes));
	return id;
}

static struct text random_text(struct numbers *numbers, struct arena *arena, int64_t max)
{
	static const char *const pieces[] = { "a", "Z", " ", "'", "\"", "\n", "ü", "€", "漢", "\xf0\x9f\x94\xa7" };
	size_t size_max = numbers_next(numbers) % (uint64_t)(max < 300 ? max : 300) + 1;
	char *data = arena_allocate(arena, size_max + 1);
	size_t size = 0;

	for (;;) {
		const char *piece = pieces[numbers_next(numbers) % LENGTH(pieces)];

		if (size + strlen(piece) > size_max)
			break;
		memcpy(data + size, piece, strlen(piece));
		size += strlen(piece);
	}
	if (size == 0)
		data[size++] = 'x';
	return (struct text){ .data = data, .size = size };
}

static int64_t random_integer(struct numbers *numbers, const struct field *field)
{
	int64_t value = field->min < 0 ? -1 : 1;

	if (field->kind == FIELD_INTEGER && numbers_next(numbers) % 3 == 0)
		return field->min < 0 ? field->min : field->max;
	if (field->kind == FIELD_INTEGER || field->kind == FIELD_TIME)
		return field->max > 1000000 ? value * (int64_t)(numbers_next(numbers) % 1000000) : 1;
	return field->kind == FIELD_BOOLEAN ? 1 : field->choices[numbers_next(numbers) % 2].number;
}

void *numbers_row(struct numbers *numbers, struct arena *arena, const struct schema *schema)
{
	void *row = arena_allocate(arena, schema->size);

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];

		if (!field->required && numbers_next(numbers) % 2 == 0)
			continue;
		if (field->kind == FIELD_ID)
			*(struct id *)field_at_mutable(field, row) = numbers_id(numbers);
		else if (field->kind == FIELD_TEXT)
			*(struct text *)field_at_mutable(field, row) = random_text(numbers, arena, field->max);
		else
			field_set_integer(field, row, random_integer(numbers, field));
	}
	return row;
}

struct row_meta numbers_meta(struct numbers *numbers)
{
	struct row_meta meta = { .home = (int64_t)(numbers_next(numbers) % 3) + 1,
		.gseq = (int64_t)(numbers_next(numbers) % 50),
		.author = (int64_t)(numbers_next(numbers) % 2) };
	struct id hash = numbers_id(numbers);

	memcpy(meta.hash, hash.bytes, sizeof(meta.hash));
	return meta;
}

/* ---- the VFS "fault": the system's, with two of its files' methods replaced ---- */

struct fault fault;

static sqlite3_vfs vfs;
static sqlite3_vfs *system_vfs;
/* The system has other methods for the log than for the main file. */
struct patched {
	sqlite3_io_methods methods;
	const sqlite3_io_methods *system;
};
static struct patched patched[2];

static const sqlite3_io_methods *system_methods(const sqlite3_file *file)
{
	return file->pMethods == &patched[0].methods ? patched[0].system : patched[1].system;
}

static int fault_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	fault.writes++;
	if (fault.kind == FAULT_NONE || fault.writes_left-- > 0)
		return system_methods(file)->xWrite(file, data, size, offset);
	if (fault.kind == FAULT_FULL)
		return SQLITE_FULL;
	if (fault.kind == FAULT_IO)
		return SQLITE_IOERR_WRITE;
	(void)system_methods(file)->xWrite(file, data, size / 2, offset);
	_exit(9);
}

static int fault_sync(sqlite3_file *file, int flags)
{
	fault.syncs++;
	return system_methods(file)->xSync(file, flags);
}

static int fault_open(sqlite3_vfs *self, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
	int result = system_vfs->xOpen(system_vfs, name, file, flags, out_flags);
	struct patched *patch = &patched[(flags & SQLITE_OPEN_WAL) != 0];

	(void)self;
	if (result != SQLITE_OK || file->pMethods == NULL || (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return result;
	patch->system = file->pMethods;
	patch->methods = *patch->system;
	patch->methods.xWrite = fault_write;
	patch->methods.xSync = fault_sync;
	file->pMethods = &patch->methods;
	return result;
}

void fault_init(void)
{
	system_vfs = sqlite3_vfs_find(NULL);
	if (system_vfs == NULL)
		abort();
	vfs = *system_vfs;
	vfs.zName = "fault";
	vfs.pNext = NULL;
	vfs.xOpen = fault_open;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		abort();
}
