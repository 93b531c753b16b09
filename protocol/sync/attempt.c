#include "protocol/sync/attempt.h"

bool attempt_equal(const struct attempt *left, const struct attempt *right)
{
	return left->seq == right->seq && id_equal(&left->device, &right->device) && id_equal(&left->incarnation, &right->incarnation) &&
	       hash_equal(&left->hash, &right->hash);
}
