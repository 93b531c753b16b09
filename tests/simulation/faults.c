#include "tests/simulation/faults.h"

#include <stddef.h>

static const struct {
	const char *name;
	unsigned percent_max;
	unsigned off_percent; /* of the seeds */
} rows[FAULT_COUNT] = {
	/* clang-format off */
	[FAULT_DROP]          = { "drop",          25,  45 },
	[FAULT_DELAY]         = { "delay",         15,  45 },
	[FAULT_DUPLICATE]     = { "duplicate",     20,  45 },
	[FAULT_DAMAGE]        = { "damage",        10,  45 },
	[FAULT_CUT]           = { "cut",           100, 45 },
	[FAULT_CLOG]          = { "clog",          100, 75 },
	[FAULT_KILL_DEVICE]   = { "kill-device",   100, 45 },
	[FAULT_KILL_SERVER]   = { "kill-server",   100, 45 },
	[FAULT_RESTORE]       = { "restore",       60,  45 },
	[FAULT_CLONE]         = { "clone",         100, 70 },
	[FAULT_REVOKE]        = { "revoke",        100, 70 },
	[FAULT_FULL_DEVICE]   = { "full-device",   50,  45 },
	[FAULT_FULL_SERVER]   = { "full-server",   50,  60 },
	[FAULT_CLOCK]         = { "clock",         100, 45 },
	[FAULT_SMALL_PAGES]   = { "small-pages",   100, 50 },
	[FAULT_SMALL_BATCHES] = { "small-batches", 100, 50 },
	[FAULT_ROT]           = { "rot",           100, 70 },
	[FAULT_FORGETTING]    = { "forgetting",    100, 70 },
	[FAULT_POISON]        = { "poison",        10,  75 },
	[FAULT_CHAOS_AGAIN]   = { "chaos-again",   100, 80 },
	[FAULT_RESTORE_SERVER]= { "restore-server", 100, 80 },
	[FAULT_HERD]          = { "herd",          40,  60 },
	[FAULT_BUNDLES]       = { "bundles",       100, 50 },
	[FAULT_FILES]         = { "files",         100, 50 },
	[FAULT_REVISIONS]     = { "revisions",     100, 70 },
	[FAULT_METERED]       = { "metered",       100, 50 },
	[FAULT_DESK]          = { "desk",          40,  50 },
	[FAULT_WINDOW]        = { "window",        100, 50 },
	/* clang-format on */
};

void faults_choose(struct faults *faults, struct stream *chance, struct stream *const apart[static FAULT_COUNT], uint32_t without)
{
	for (int fault = 0; fault < FAULT_COUNT; fault++) {
		struct stream *stream = apart[fault] != NULL ? apart[fault] : chance;
		bool off = stream_chance(stream, rows[fault].off_percent);
		unsigned percent = (unsigned)stream_between(stream, 1, rows[fault].percent_max);
		faults->percent[fault] = off || (without >> fault & 1) != 0 ? 0 : percent;
	}
}

const char *fault_to_text(enum fault_kind fault)
{
	return (unsigned)fault < FAULT_COUNT ? rows[fault].name : NULL;
}
