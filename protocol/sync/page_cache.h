/* Pages of home scopes that were built and packed once, for the next device. Files in a folder of their own, bounded in bytes: those used
 * least recently go. All of it can be built again, so nothing here fails: what cannot be read is not there, what cannot be written is built
 * again. One thread. */
#ifndef TRUCKROLL_SYNC_PAGE_CACHE_H
#define TRUCKROLL_SYNC_PAGE_CACHE_H

#include "protocol/sync/blob_files.h"
#include "protocol/wire/shared_page.h"

#define PAGE_CACHE_BYTES_MAX ((int64_t)256 * 1024 * 1024)

struct page_cache;

struct page_cache_counts {
	int64_t given; /* in an answer, built for an earlier one */
	int64_t kept;
	int64_t spoiled; /* damaged, cut or foreign: thrown away */
};

/* `files` is borrowed; nothing is read before the first call. */
struct page_cache *page_cache_create(const struct blob_files *files, int64_t bytes_max);
/* Accepts NULL. */
void page_cache_destroy(struct page_cache *cache);

/* The page that begins at the place, in `arena`. A spoiled file is thrown away. */
bool page_cache_find(struct page_cache *cache, const struct shared_place *place, struct arena *arena, struct shared_page *out_page);
/* The page that was found there shows its rows as of a later commit, too. Not remembered beyond the process. */
void page_cache_vouch(struct page_cache *cache, const struct shared_place *place, int64_t gseq);
/* A page that was found went into an answer. */
void page_cache_given(struct page_cache *cache);
/* In the place of what was kept there. */
void page_cache_keep(struct page_cache *cache, const struct shared_place *place, const struct shared_page *page);

/* Accepts NULL. */
struct page_cache_counts page_cache_counts(const struct page_cache *cache);

#endif
