/* A damaged replica gives its place to a new one: nothing in it is the technician's alone, and the server has all of it. */
#ifndef TRUCKROLL_DEVICE_AGENT_REPLICA_ASIDE_H
#define TRUCKROLL_DEVICE_AGENT_REPLICA_ASIDE_H

#include "db/storage.h"
#include "shell/command.h"

/* Reads every page of one of the device's two files. STATUS_OK, STATUS_CORRUPT with what is wrong, STATUS_NOT_FOUND, other statuses of
 * storage_open(). Takes time in the size of the file. */
enum status replica_aside_verify(struct context *context, const char *name, enum storage_kind kind);

/* Renames replica.db and its log to replica.damaged-TIME.db; of earlier ones none is kept. The caller holds the lock and has nothing open.
 * The new name is in the command's arena. STATUS_CANNOT_WRITE. */
enum status replica_aside_put(struct context *context, struct text *out_name);

/* For who just failed with STATUS_CORRUPT: puts the replica aside when it is damaged and the outbox is sound. STATUS_OK with its new name
 * and what was wrong with it (in the command's arena); otherwise STATUS_CORRUPT with the reason of before. The caller holds the lock
 * and has nothing open. */
enum status replica_aside_if_damaged(struct context *context, struct text *out_name, struct text *out_why);

#endif
