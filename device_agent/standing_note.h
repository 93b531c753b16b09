/* DIR.keys/standing: what is remembered of a device beside its databases: the machine it is on, where its outbox stood, and what the office
 * last said of it. It lags behind, and can be lost without harm. */
#ifndef TRUCKROLL_DEVICE_AGENT_STANDING_NOTE_H
#define TRUCKROLL_DEVICE_AGENT_STANDING_NOTE_H

#include "protocol/base/arena.h"
#include "protocol/sync/standing.h"

#define MACHINE_SIZE 16

struct standing_note {
	struct id device;
	struct standing standing;
	uint8_t machine[MACHINE_SIZE]; /* zeros: not known */
	uint32_t device_state;         /* enum device_state, as the office last said */
	int64_t lease_until_ms;        /* 0: the office has not said yet */
	uint16_t server_revision;      /* of the schema, as the office last said; 0: it has not said yet */
	uint16_t refused;              /* why the server takes nothing of what is pending, see standing_note_refusal(); 0: it does */
};

/* A hash of this machine's own id, salted with the device's: zeros when the machine has none. $TRUCKROLL_MACHINE_ID names another file than
 * /etc/machine-id. */
void machine_hash(struct arena *arena, const struct id *device, uint8_t out_machine[static MACHINE_SIZE]);

/* No note, or one that is damaged or of another device, is empty. Scratch comes from `arena`, here and below. */
struct standing_note standing_note_read(struct arena *arena, struct text directory, const struct id *device);
/* Over the last one, without waiting for the disk; what fails is written with the next change. */
void standing_note_write(struct arena *arena, struct text directory, const struct standing_note *note);
bool standing_note_equal(const struct standing_note *left, const struct standing_note *right);
/* What a person should know of how the device stands with the office; NULL: all is well. */
const char *standing_note_warning(const struct standing_note *note, int64_t now_ms);
/* Why the server takes nothing of what is pending, and what to do, by enum wire_error; "" for 0. */
const char *standing_note_refusal(uint32_t refused);
/* True when both machines are known, and they are two. */
bool machine_differs(const uint8_t left[static MACHINE_SIZE], const uint8_t right[static MACHINE_SIZE]);

#endif
