/* What a device must keep secret, and whom it trusts: its own keys, the server's, the organisation. It lies outside the directory of
 * the databases, so that a copy of those opens nothing by itself; it knows no incarnation, so that they can be restored without it. */
#ifndef TRUCKROLL_DEVICE_AGENT_KEYSTORE_H
#define TRUCKROLL_DEVICE_AGENT_KEYSTORE_H

#include "protocol/base/arena.h"
#include "protocol/wire/enrolment.h"

struct keystore {
	struct identity identity;
	struct id organisation;
	struct id technician;
	struct party server;
	struct text url; /* where the server is: addresses as in route.h. NUL-terminated, as the names */
	struct text organisation_name;
	struct text technician_name;
	struct text device_name;
	bool bench; /* the replica has the benchmark's record */
};

/* An enrolment that was begun: the same code goes on with the same keys. */
struct keystore_pending {
	struct id ticket_id;
	struct identity identity;
};

/* Where the keys of the device in `dir` are: `asked` (--keys) when not empty, else $TRUCKROLL_KEYS, else DIR.keys beside DIR. Made
 * absolute below `working_dir`; NUL-terminated. */
struct text keystore_directory(struct arena *arena, struct text working_dir, struct text dir, struct text asked);

/* Texts are in `arena`. STATUS_NOT_FOUND: not enrolled; STATUS_REFUSED: it is kept from this user; STATUS_CORRUPT: damaged, the
 * reason says what to do. Wipe it with keystore_wipe(). */
enum status keystore_load(struct arena *arena, struct text directory, struct keystore *out_keys);
/* Makes the directory (0700) and replaces the file (0600) whole, durably. STATUS_CANNOT_WRITE. */
enum status keystore_save(struct arena *arena, struct text directory, const struct keystore *keys);
void keystore_wipe(struct keystore *keys);

/* The same for an enrolment under way. STATUS_NOT_FOUND when there is none. */
enum status keystore_load_pending(struct arena *arena, struct text directory, struct keystore_pending *out_pending);
enum status keystore_save_pending(struct arena *arena, struct text directory, const struct keystore_pending *pending);
/* Does nothing when there is none. */
void keystore_drop_pending(struct arena *arena, struct text directory);

#endif
