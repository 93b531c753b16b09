/* May a device's operation count at all? Whether it speaks for its technician only, and, once the device is revoked, whether
 * the operation can have been made before that (sync.md, "device revoked"). What may not count is set aside with the reason,
 * never refused: nothing vanishes. */
#ifndef TRUCKROLL_SYNC_AUTHORITY_H
#define TRUCKROLL_SYNC_AUTHORITY_H

#include "protocol/domain/rule.h"
#include "protocol/sync/bugs.h"
#include "protocol/sync/server_store.h"

/* How long after its lease ended a draining device's operations still count. */
#define DRAIN_MS ((int64_t)14 * 24 * 3600 * 1000)

struct authority {
	const struct device_entry *device;
	struct id epoch;
	int64_t now_ms;
	int64_t granted_from; /* the device's grants: the first commit of any, and the last */
	int64_t granted_until;
	int64_t base_gseq; /* of the operation before */
	enum seeded_bug bug;
};

/* For the operations that follow those of `chain`; `device` stays the caller's. */
enum status authority_open(struct authority *authority, struct server_store *store, struct arena *arena, const struct device_entry *device,
	const struct chain_state *chain, int64_t now_ms);

/* What stands against the next operation of the chain, and the reason as the detail of its outcome; RULE_NONE when nothing does. */
enum rule authority_judge(struct authority *authority, const struct operation *operation, const char **out_detail);

#endif
