/* Whatever a person types into the search of articles: an answer of at most so many hits, never a failure. */
#include <stdlib.h>

#include "device_agent/kb_search.h"
#include "protocol/domain/kb_article.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/target.h"

#define HITS_MAX 10

static int64_t still(void *context)
{
	(void)context;
	return 1;
}

static void put_article(struct device_store *store, uint8_t number, const char *title, const char *symptom)
{
	struct kb_article article = {
		.id = { { number } }, .title = text_of(title), .symptom = text_of(symptom), .state = KB_ARTICLE_STATE_VALIDATED
	};
	struct device_row meta = { .home = { .kind = SCOPE_ORG_ALL }, .gseq = 1, .hash = row_hash(&kb_article_schema, &article) };

	insist(device_store_put_row(store, RECORD_KB_ARTICLE, &article, &meta) == STATUS_OK);
}

static struct device_store *open_store(void)
{
	const struct device_store_options options = { .create = true, .device = { { 1 } }, .incarnation = { { 2 } } };
	static const struct clock clock = { .now_ms = still, .monotonic_ms = still };
	struct device_store *store = NULL;
	bool done = false;

	insist(device_store_open(scratch_file_dir(), &options, &store) == STATUS_OK);
	insist(device_store_begin(store, false) == STATUS_OK);
	put_article(store, 1, "Hydraulic pump whines", "High noise when the boom is lifted cold");
	put_article(store, 2, "Engine does not start", "Starter clicks; the pump relay is open");
	put_article(store, 3, "Swing brake drags", "F\xc3\xbchler am Bremsventil gibt kein Signal");
	insist(device_store_commit(store) == STATUS_OK);
	while (!done)
		insist(kb_index_step(store, &clock, 100, &done) == STATUS_OK);
	return store;
}

static enum status note_hit(void *context, const struct kb_hit *hit)
{
	insist(!id_is_nil(&hit->id) && text_valid(hit->title) && text_valid(hit->excerpt));
	(*(size_t *)context)++;
	return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device_store *store;
	size_t hits = 0;

	if (store == NULL)
		store = open_store();
	insist(kb_search_query(store, (struct text){ (const char *)data, size }, HITS_MAX, note_hit, &hits) == STATUS_OK);
	insist(hits <= HITS_MAX);
	return 0;
}
