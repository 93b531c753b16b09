#include "protocol/domain/machine.h"

bool machine_next(const struct machine *machine, uint32_t from, uint32_t event, uint32_t *out_to)
{
	for (size_t i = 0; i < machine->move_count; i++) {
		const struct move *move = &machine->moves[i];
		if (move->from == from && move->event == event) {
			*out_to = move->to;
			return true;
		}
	}
	return false;
}
