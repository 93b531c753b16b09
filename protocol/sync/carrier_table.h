/* Devices that carry bundles of others to the server: for each the envelope that is on its way, up or down, and the answer that it is
 * given. A cache: whoever is not in it any more begins the envelope, or the answer, anew. */
#ifndef TRUCKROLL_SYNC_CARRIER_TABLE_H
#define TRUCKROLL_SYNC_CARRIER_TABLE_H

#include "protocol/wire/bundle.h"
#include "protocol/wire/carry.h"

#define CARRIERS_MAX 64 /* each holds an envelope: 4 MiB in all */

/* A bundle for a device that is made part by part, each of the latest commit. */
struct answer_pass {
	struct id device;
	struct bundle_part part; /* the latest that was made; number 0: none yet */
	struct pull pull;        /* of the next one; resume points into resume_bytes */
	uint8_t resume_bytes[64];
};

struct carrier {
	struct id device;     /* who carries; nil: nobody */
	int64_t last_used;    /* counts up */
	struct id carried;    /* whose envelope was the last one that was opened; nil: none */
	uint8_t *bytes;       /* owned; room for ENVELOPE_SIZE_MAX; NULL: none yet */
	struct hash envelope; /* what is in it … */
	size_t size;          /* … of which so much … */
	size_t got;           /* … is there */
	bool down;            /* it is the latest part of `answer` */
	bool decided;         /* the envelope was held, and came to this, which is told when it is brought again */
	struct carry_reply outcome;
	struct answer_pass answer;
};

/* Zero-initialised it is empty. */
struct carrier_table {
	struct carrier carriers[CARRIERS_MAX];
	int64_t uses;
};

/* The one of this device; when it is new, in the place of the one that was used least lately. */
struct carrier *carrier_table_take(struct carrier_table *table, const struct id *device);
/* Room for an envelope that goes this way; what was in it is gone. */
void carrier_begin(struct carrier *carrier, bool down, const struct hash *envelope, size_t size);
void carrier_table_finish(struct carrier_table *table);

#endif
