/* Opening the device's two files, and what its programs ask of them beyond the core's device_store.h. A store belongs to one
 * thread. */
#ifndef TRUCKROLL_DEVICE_AGENT_STORE_H
#define TRUCKROLL_DEVICE_AGENT_STORE_H

#include "db/storage.h"
#include "protocol/sync/device_store.h"

/* What the swap of a fresh replica asks of the file system; 0 or an errno value. */
struct store_files {
	int (*rename)(void *context, const char *from, const char *to);
	int (*remove)(void *context, const char *path); /* 0 also when there is none */
	int (*sync_directory)(void *context, const char *dir);
	void *context;
};

struct device_store_options {
	bool read_only;     /* beside the owner: reads only, and sees nothing half done */
	bool beside;        /* a second opening by the owner: saves to the outbox, and reads the replica as it was committed last */
	bool create;        /* makes the outbox when there is none, for `device` and its first `incarnation` */
	bool fresh_replica; /* owner: throws the replica away and makes an empty one, to be fetched again */
	bool bench;         /* a replica made now has the benchmark's record */
	struct id device;
	struct id incarnation;
	const char *vfs;                 /* SQLite VFS; NULL: the system's */
	const struct store_files *files; /* NULL: the system's; must outlive the store */
};

/* Opens DIR/outbox.db and DIR/replica.db. An owner (who holds DIR/lock) makes a missing replica anew and removes what an interrupted seed
 * left. STATUS_NOT_FOUND (no device here), STATUS_REFUSED (`create` over another device's outbox), and those of storage_open(). */
enum status device_store_open(const char *dir, const struct device_store_options *options, struct device_store **out_store);
/* Accepts NULL; an open transaction is rolled back, a seed is dropped. */
void device_store_close(struct device_store *store);
/* When an owner that was on line ends: the outbox's log goes into the file itself, see storage_fold(). A command that works by itself
 * leaves that out and syncs once, until the log has grown (LOG_PAGES_OUTBOX). The replica can be fetched again. */
void device_store_fold(struct device_store *store);
/* One of the files is storage_unsynced(): the process is to end. */
bool device_store_unsynced(const struct device_store *store);
/* A store beside this one is that of its outbox: this one writes nothing to it any more, either. */
void device_store_set_unsynced(struct device_store *store);

/* A reader's, before it hands out what it reads: on STATUS_OK all of that is on the disk (storage_settle()), and until
 * device_store_end_read() it is of one moment of each file, of the outbox of a later one. */
enum status device_store_begin_read(struct device_store *store);
void device_store_end_read(struct device_store *store);

/* The replica's records, for questions; the fresh one while seeding. Borrowed until seed_begin, seed_finish or close. */
struct storage *device_store_replica_storage(struct device_store *store);
struct storage *device_store_outbox_storage(struct device_store *store);

/* The newest incidents first. Texts are valid during the call. */
typedef enum status (*incident_visit)(void *context, int64_t at_ms, struct text what, struct text detail);
enum status device_store_incidents_each(struct device_store *store, int64_t limit, incident_visit visit, void *context);

#endif
