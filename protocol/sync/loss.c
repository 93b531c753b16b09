#include "protocol/sync/loss.h"

bool loss_look(struct losses *losses, const struct server_state *state, const struct id *device, const struct cursor *cursor)
{
	if (cursor->gseq <= state->gseq || !id_equal(&cursor->epoch, &state->epoch))
		return false;
	for (size_t i = 0; i < losses->count; i++)
		if (id_equal(&losses->signs[i].device, device))
			return false;
	if (losses->count == LOSS_SIGNS_MAX)
		return false;
	losses->signs[losses->count++] = (struct loss_sign){ *device, cursor->gseq, state->gseq };
	return true;
}
