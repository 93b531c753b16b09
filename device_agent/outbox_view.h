/* Operations of the outbox as people see them: what they said, how far they are, what became of them. */
#ifndef TRUCKROLL_DEVICE_AGENT_OUTBOX_VIEW_H
#define TRUCKROLL_DEVICE_AGENT_OUTBOX_VIEW_H

#include "device_agent/device.h"
#include "protocol/domain/operation_outcome.h"

/* Where the operations of the current incarnation stand. */
struct outbox_marks {
	struct id incarnation;
	int64_t last_seq;    /* saved */
	int64_t decided_seq; /* the server has decided up to here, as far as is known */
	int64_t settled_seq; /* and the replica shows it */
};
enum status outbox_marks_read(struct device_store *store, struct outbox_marks *out_marks);

/* One operation; everything in the command's arena. */
struct outbox_item {
	int64_t seq;
	struct id id;
	struct operation operation;
	const char *state;                       /* "saved", "decided", "settled" */
	const struct operation_outcome *outcome; /* NULL: plainly applied, not decided, or `forgotten` */
	bool forgotten; /* settled, but this device is given no outcomes any more: it cannot know */
};

typedef enum status (*outbox_item_visit)(void *context, const struct outbox_item *item);
/* Those with seq > after, ascending. */
enum status outbox_items_each(struct context *context, struct local_device *device, int64_t after, outbox_item_visit visit, void *user);
/* Of these only those that the server did not simply apply: they have an `outcome`. */
enum status outbox_exceptions_each(
	struct context *context, struct local_device *device, int64_t after, outbox_item_visit visit, void *user);

/* "applied", "rejected" and so on; NULL when it is forgotten. */
const char *outbox_item_outcome(const struct outbox_item *item);
/* "applied", or the outcome with its words; for one that is not decided "". */
struct text outbox_item_words(struct context *context, struct storage *records, const struct outbox_item *item);
/* The same in a list for people: where the issue is the one of the item before, `issue`, which becomes that of this one (nil: none), its
 * words are not said again. With --json they always are. */
struct text outbox_item_listed(struct context *context, struct storage *records, const struct outbox_item *item, struct id *issue);

#endif
