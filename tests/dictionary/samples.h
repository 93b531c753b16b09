/* What was packed while somebody worked: the raw bytes of small blocks, for a dictionary to be trained on. Linked with
 * --wrap=pack_write. */
#ifndef TRUCKROLL_TESTS_DICTIONARY_SAMPLES_H
#define TRUCKROLL_TESTS_DICTIONARY_SAMPLES_H

#include "protocol/base/id.h"

struct samples {
	uint8_t *bytes; /* one behind the other */
	size_t size;
	size_t *sizes;
	size_t count;
};

/* From now on what is packed is kept, but for empty blocks and what was kept just before. Each of the ids, and a reference to it, is
 * another id there: it is the same in all runs, and of no use to anybody else. NULL: nothing is kept any more. */
void samples_keep(const struct id *ids, const struct id *others, size_t count);

/* All that was kept; borrowed. */
struct samples samples_kept(void);

#endif
