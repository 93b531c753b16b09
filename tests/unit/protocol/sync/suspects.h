/* Suspects on a pair: whoever was at work when the server stopped without a word, and what was counted of whose operations. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_SUSPECTS_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_SUSPECTS_H

#include "protocol/sync/careful.h"
#include "tests/unit/protocol/sync/by_hand.h"

struct poison_found {
	size_t count;
	struct kept_incident latest; /* without its texts */
};

struct poison_found suspects_poison(struct simulation *pair);
enum outcome suspects_outcome(struct simulation *pair, const struct id *operation);
bool suspects_attempts_are_left(struct simulation *pair);
/* As when the server had been at work for that device when it stopped without a word. */
struct suspect suspects_of(struct simulation *pair, unsigned number, enum suspect_work work, int64_t first, int64_t last);
void suspects_stop(struct simulation *pair, const struct suspect *suspect);
/* A device by hand that is suspected of its first operations. */
void suspects_open(struct hand_device *hand, struct simulation *pair, enum suspect_work work, int64_t last);
/* The counts that the first operation of the hand's chain has come to. */
int64_t suspects_count(struct simulation *pair, const struct hand_device *hand, int64_t seq, const struct hash *hash);
void suspects_carry_out_effects(struct simulation *pair);
/* One commit, of which nothing is answered. */
void suspects_carry_out_one(struct simulation *pair);

#endif
