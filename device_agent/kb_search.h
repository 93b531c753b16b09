/* Full-text search over the knowledge articles of the replica. The index follows the articles in slices, outside every cut. */
#ifndef TRUCKROLL_DEVICE_AGENT_KB_SEARCH_H
#define TRUCKROLL_DEVICE_AGENT_KB_SEARCH_H

#include "device_agent/store.h"
#include "protocol/base/clock.h"

/* Brings the index nearer to the articles for about `budget_ms` (at least one article), in one transaction of its own: none may be open.
 * `out_done`: it has caught up. Owner only. While seeding it does nothing and says done: the fresh replica has its own index. */
enum status kb_index_step(struct device_store *store, const struct clock *clock, int64_t budget_ms, bool *out_done);
/* Articles that the index has not caught up with. */
enum status kb_index_behind(struct device_store *store, size_t *out_count);

struct kb_hit {
	struct id id;
	struct text title;
	struct text product;
	struct text excerpt; /* around the words found, each in [ ] */
};
typedef enum status (*kb_visit)(void *context, const struct kb_hit *hit);

/* The best `limit` articles with all words of `text` (the last may be unfinished); when none has all, those with some. Any text is a valid
 * question; one without words finds nothing. Texts are valid during the call. */
enum status kb_search_query(struct device_store *store, struct text text, int64_t limit, kb_visit visit, void *context);

#endif
