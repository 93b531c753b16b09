/* How long a device keeps operations that the server has acknowledged: until a backup of the server holds them, so that a server that
 * is put back from its newest backup is sent again what that lacks. Each welcome says, signed, up to which commit there is a backup.
 * The device sets a mark (all up to this operation was decided by that commit), lets go of what is before it once a backup has come so
 * far, and sets the next: one comparison a session, and what is kept is some two backups' worth. When no backup comes, it keeps
 * operations for 30 days after the mark, and 64 MiB of them at most, and says so. */
#ifndef TRUCKROLL_SYNC_KEEPING_H
#define TRUCKROLL_SYNC_KEEPING_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/device_store.h"

#define KEEPING_MS_MAX    ((int64_t)30 * 24 * 3600 * 1000)
#define KEEPING_BYTES_MAX ((int64_t)64 * 1024 * 1024)

/* What a welcome led to. `*out_unbacked`: so many were let go of that are in no backup that the device knows of. The welcome is of the
 * outbox's own history. Adds the store's statuses. */
enum status keeping_look(
	struct device_store *store, const struct welcome *welcome, enum seeded_bug bug, int64_t *out_unbacked);

/* So many operations are kept: of the current incarnation, whose outbox this is, and of former ones. */
int64_t keeping_count(const struct outbox_state *outbox, const struct kept_state *kept);

/* Whether the server was put back from a backup since the outbox met it last: it counts in another epoch. An outbox that has met none goes
 * by the replica's cursor, and then notes this one. Adds the store's statuses. */
enum status keeping_meet(struct device_store *store, const struct id *epoch, const struct cursor *cursor, bool *out_restored);

/* A server that was put back from a backup has come only to `last_seq` of the current incarnation. */
struct keeping_gap {
	bool anew;              /* it is sent what is kept as a new history: a part is missing, or is of former incarnations */
	int64_t first, last;    /* operations that neither side has any more; 0: none */
};
enum status keeping_compare(struct device_store *store, int64_t last_seq, struct keeping_gap *out_gap);

#endif
