/* What comes out of the server's core. */
#include "protocol/sync/server_core_inner.h"

void server_core_emit(struct server_core *core, enum server_effect_kind kind, uint64_t connection, struct bytes bytes)
{
	struct effect_entry *entry;

	if (connection == NO_CONNECTION)
		return;
	entry = arena_allocate(&core->effect_arena, sizeof(*entry));
	entry->effect = (struct server_effect){ kind, connection, arena_copy_bytes(&core->effect_arena, bytes) };
	*core->effects_end = entry;
	core->effects_end = &entry->next;
}

bool server_core_next(struct server_core *core, struct server_effect *out_effect)
{
	struct effect_entry *entry = core->effects;

	if (entry == NULL) {
		arena_reset(&core->effect_arena);
		core->effects_end = &core->effects;
		return false;
	}
	*out_effect = entry->effect;
	core->effects = entry->next;
	if (core->effects == NULL)
		core->effects_end = &core->effects;
	if (core->options.tap != NULL)
		core->options.tap->effect(core->options.tap->context, out_effect);
	return true;
}
