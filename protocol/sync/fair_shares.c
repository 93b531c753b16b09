#include "protocol/sync/fair_shares.h"

#include <assert.h>

static bool anything_waits(const int64_t *heads, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (heads[i] > 0)
			return true;
	return false;
}

/* A queue keeps what a round left it only while something waits in it. */
static bool may_send(struct fair_shares *shares, int64_t quantum, int64_t head)
{
	int64_t *deficit = &shares->deficits[shares->turn];

	if (head == 0) {
		*deficit = 0;
		return false;
	}
	if (!shares->credited)
		*deficit += quantum;
	shares->credited = true;
	if (head > *deficit)
		return false;
	*deficit -= head;
	return true;
}

size_t fair_shares_next(struct fair_shares *shares, const int64_t *quanta, const int64_t *heads, size_t count)
{
	assert(count <= SHARES_MAX);
	if (!anything_waits(heads, count))
		return count;
	shares->turn %= count;
	while (!may_send(shares, quanta[shares->turn], heads[shares->turn])) {
		shares->turn = (shares->turn + 1) % count;
		shares->credited = false;
	}
	return shares->turn;
}
