#include "device_agent/budget.h"

#define KEPT_FOR_ROWS 4              /* one in so many of a day's bytes */
#define PIECE_BYTES   INT64_C(60000) /* what a step of a file takes at most, with all around it */

static bool has_limit(const struct budget *budget)
{
	return budget->metered && budget->bytes_a_day > 0;
}

int64_t budget_left(const struct budget *budget)
{
	if (!has_limit(budget))
		return -1;
	return budget->bytes_used < budget->bytes_a_day ? budget->bytes_a_day - budget->bytes_used : 0;
}

int64_t budget_for_files(const struct budget *budget)
{
	int64_t kept = budget->bytes_a_day / KEPT_FOR_ROWS, left = budget_left(budget);

	if (budget->metered && budget->class_max < CLASS_FILES)
		return 0;
	if (left < 0)
		return -1;
	return left > kept ? left - kept : 0;
}

enum delivery_class budget_class(const struct budget *budget)
{
	if (!budget->metered)
		return CLASS_FILES;
	if (budget_left(budget) == 0)
		return CLASS_CONTROL;
	if (budget->class_max == CLASS_FILES && has_limit(budget) && budget_for_files(budget) < PIECE_BYTES)
		return CLASS_KNOWLEDGE;
	return budget->class_max;
}
