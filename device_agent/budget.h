/* What a link may carry now: everything while it costs nothing; on a metered one what the settings leave of the day. Pure. */
#ifndef TRUCKROLL_DEVICE_AGENT_BUDGET_H
#define TRUCKROLL_DEVICE_AGENT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/sync/delivery_class.h"

struct budget {
	bool metered;
	int64_t bytes_a_day;           /* on metered links; 0: no limit */
	int64_t bytes_used;            /* of them, today */
	enum delivery_class class_max; /* on metered links: nothing above it */
};

/* The highest class that may go now. Operations always go: what is done must not wait for tomorrow. Rows go while any of the day's bytes
 * is left, and may so pass it by a page; files while a piece of one leaves a quarter, which is kept for rows. */
enum delivery_class budget_class(const struct budget *budget);
/* What files may still take today; -1: no limit. */
int64_t budget_for_files(const struct budget *budget);
/* What is left of the day's bytes, not below 0; -1: no limit. */
int64_t budget_left(const struct budget *budget);

#endif
