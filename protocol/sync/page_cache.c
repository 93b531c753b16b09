#include "protocol/sync/page_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"
#include "protocol/sync/blob_store.h"

#define FOLDER "pages"

struct entry {
	struct shared_name name;
	int64_t size;
	int64_t gseq; /* its rows are known to be so at this commit, too; 0: what the file says */
	int64_t used; /* larger: later; below zero: not since the folder was read */
};

struct page_cache {
	const struct blob_files *files;
	int64_t bytes_max;
	char generation[SHARED_GENERATION_SIZE]; /* of the entries; of none before the folder was read */
	struct entry *entries;
	size_t count;
	size_t capacity;
	int64_t bytes;
	int64_t clock; /* counts uses */
	struct page_cache_counts counts;
};

struct path {
	char characters[sizeof(FOLDER) + SHARED_NAME_SIZE];
};

static struct path path_of(const struct shared_name *name)
{
	struct path path;

	(void)snprintf(path.characters, sizeof(path.characters), FOLDER "/%s", name->characters);
	return path;
}

struct page_cache *page_cache_create(const struct blob_files *files, int64_t bytes_max)
{
	struct page_cache *cache = memory_zeroed(1, sizeof(*cache));

	cache->files = files;
	cache->bytes_max = bytes_max;
	return cache;
}

void page_cache_destroy(struct page_cache *cache)
{
	if (cache == NULL)
		return;
	free(cache->entries);
	free(cache);
}

/* ---- what is there ---- */

static struct entry *find(const struct page_cache *cache, const struct shared_name *name)
{
	for (size_t i = 0; i < cache->count; i++)
		if (memcmp(&cache->entries[i].name, name, sizeof(*name)) == 0)
			return &cache->entries[i];
	return NULL;
}

static void add(struct page_cache *cache, const struct shared_name *name, int64_t size, int64_t used)
{
	if (cache->count == cache->capacity) {
		cache->capacity = cache->capacity == 0 ? 64 : 2 * cache->capacity;
		cache->entries = memory_resize(cache->entries, cache->capacity * sizeof(*cache->entries));
	}
	cache->entries[cache->count++] = (struct entry){ .name = *name, .size = size, .used = used };
	cache->bytes += size;
}

/* What cannot be removed is counted no more: it is found again at the next start. */
static void drop(struct page_cache *cache, struct entry *entry)
{
	(void)(cache->files->remove(cache->files->context, path_of(&entry->name).characters) == STATUS_OK);
	cache->bytes -= entry->size;
	*entry = cache->entries[--cache->count];
}

static enum status take_in(void *user, const char *file_name, int64_t age_ms)
{
	struct page_cache *cache = user;
	const struct blob_files *files = cache->files;
	char path[sizeof(FOLDER) + 256];
	struct shared_name name;
	int64_t size = 0;

	(void)snprintf(path, sizeof(path), FOLDER "/%s", file_name);
	if (strlen(file_name) != SHARED_NAME_SIZE - 1 || memcmp(file_name, cache->generation, sizeof(cache->generation)) != 0 ||
		files->size(files->context, path, &size) != STATUS_OK) {
		(void)(files->remove(files->context, path) == STATUS_OK);
		return STATUS_OK;
	}
	memcpy(&name, file_name, sizeof(name));
	add(cache, &name, size, -1 - age_ms);
	return STATUS_OK;
}

/* The folder is read when pages of another generation are asked for, first of all after a start; those of others go. */
static void turn_to(struct page_cache *cache, const struct shared_name *name)
{
	if (memcmp(cache->generation, name->characters, sizeof(cache->generation)) == 0)
		return;
	memcpy(cache->generation, name->characters, sizeof(cache->generation));
	cache->count = 0;
	cache->bytes = 0;
	(void)(cache->files->each(cache->files->context, FOLDER, take_in, cache) == STATUS_OK);
}

/* ---- in and out ---- */

static bool read(const struct page_cache *cache, const struct entry *entry, const struct shared_place *place, struct arena *arena,
	struct shared_page *out_page)
{
	const struct blob_files *files = cache->files;
	size_t size = (size_t)entry->size;
	uint8_t *bytes;

	if (entry->size <= 0 || entry->size > (int64_t)SHARED_PAGE_FILE_MAX)
		return false;
	bytes = arena_allocate(arena, size);
	return files->read(files->context, path_of(&entry->name).characters, 0, bytes, size) == STATUS_OK &&
	       shared_page_decode((struct bytes){ bytes, size }, place, out_page) == STATUS_OK;
}

bool page_cache_find(struct page_cache *cache, const struct shared_place *place, struct arena *arena, struct shared_page *out_page)
{
	struct shared_name name = shared_page_name(place);
	struct entry *entry;

	turn_to(cache, &name);
	entry = find(cache, &name);
	if (entry == NULL)
		return false;
	if (!read(cache, entry, place, arena, out_page)) {
		drop(cache, entry);
		cache->counts.spoiled++;
		return false;
	}
	if (entry->gseq > out_page->gseq)
		out_page->gseq = entry->gseq;
	entry->used = ++cache->clock;
	return true;
}

void page_cache_vouch(struct page_cache *cache, const struct shared_place *place, int64_t gseq)
{
	const struct shared_name name = shared_page_name(place);
	struct entry *entry = find(cache, &name);

	if (entry != NULL)
		entry->gseq = gseq;
}

void page_cache_given(struct page_cache *cache)
{
	cache->counts.given++;
}

static void drop_least_used(struct page_cache *cache)
{
	struct entry *least = &cache->entries[0];

	for (size_t i = 1; i < cache->count; i++)
		if (cache->entries[i].used < least->used)
			least = &cache->entries[i];
	drop(cache, least);
}

void page_cache_keep(struct page_cache *cache, const struct shared_place *place, const struct shared_page *page)
{
	const struct blob_files *files = cache->files;
	struct shared_name name = shared_page_name(place);
	struct arena scratch = { 0 };
	struct bytes file = shared_page_encode(&scratch, place, page);
	int64_t size = (int64_t)file.size;
	struct entry *before;

	turn_to(cache, &name);
	before = find(cache, &name);
	if (before != NULL)
		drop(cache, before);
	while (cache->count > 0 && cache->bytes + size > cache->bytes_max)
		drop_least_used(cache);
	if (size <= cache->bytes_max && files->free_bytes(files->context) - size >= BLOB_RESERVE_BYTES) {
		add(cache, &name, size, ++cache->clock);
		if (files->write(files->context, path_of(&name).characters, 0, file) == STATUS_OK)
			cache->counts.kept++;
		else
			drop(cache, &cache->entries[cache->count - 1]);
	}
	arena_finish(&scratch);
}

struct page_cache_counts page_cache_counts(const struct page_cache *cache)
{
	struct page_cache_counts none = { 0 };

	return cache == NULL ? none : cache->counts;
}
