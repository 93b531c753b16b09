/* The device that a frame came from. */
#ifndef TRUCKROLL_SYNC_SENDER_H
#define TRUCKROLL_SYNC_SENDER_H

#include "protocol/sync/inquiry.h"
#include "protocol/sync/server_store.h"

struct server_sender {
	bool welcome;     /* no nonsense, no hello that came before, of a device that may take part: active, or with work to deliver */
	bool fresh;       /* only the device can have sent it now; else it may be a recording */
	struct id device; /* when welcome */
};

/* Finds the keys of whoever seals a hello, for envelope_open(); `store` is a struct server_store. STATUS_NOT_FOUND. */
enum status sender_find(void *store, const struct id *sender, uint32_t key_number, struct public_keys *out_keys);
/* Of a request that was opened. */
struct server_sender sender_of(struct server_store *store, const struct inquiry *inquiry);

/* May the device hand over operations? A stolen one may, up to STOLEN_KEPT_MAX: nothing of it counts, but all is kept. */
bool sender_may_deliver(struct server_store *store, const struct device_entry *device);

/* What is known of a device's latest contact goes into its entry: its later operations are judged by that when it is revoked. `live` may be
 * NULL. */
void sender_note_contact(const struct live_session *live, struct device_entry *entry);
/* The same into the store, in the open commit that holds a batch of the device. */
enum status sender_keep_contact(struct server_store *store, const struct live_session *live, struct device_entry *entry);

#endif
