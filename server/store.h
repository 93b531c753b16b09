/* Opening the server's store, and what only the server program keeps in it: tickets and lists. The rest of its interface is
 * protocol/sync/server_store.h. A store belongs to one thread. */
#ifndef TRUCKROLL_SERVER_STORE_H
#define TRUCKROLL_SERVER_STORE_H

#include "db/storage.h"
#include "protocol/sync/server_store.h"
#include "protocol/wire/enrolment.h"

struct server_store_options {
	const char *path; /* of the file */
	const char *vfs;  /* SQLite VFS name; NULL: the system's */
	enum storage_mode mode;
	bool bench; /* STORAGE_CREATE: also the benchmark's record */
};

/* Statuses as storage_open(). */
enum status server_store_open(const struct server_store_options *options, struct server_store **out_store);
/* Accepts NULL; rolls back what is open. */
void server_store_close(struct server_store *store);

/* The storage below, for listing commands; owned by the store. Rows changed in the open transaction are in it; scope digests are written at
 * commit. */
struct storage *server_store_storage(struct server_store *store);

/* Names the organisation, with gseq 0, or gives it a new epoch, keeping its gseq. In a transaction of its own when none is open. */
enum status server_store_init_organisation(struct server_store *store, const struct id *organisation, const struct id *epoch);

typedef enum status (*device_visit)(void *context, const struct device_entry *device);
/* All devices in id order; the store's devices must not be changed meanwhile. */
enum status server_store_each_device(struct server_store *store, device_visit visit, void *context);

/* Numbers are on disk. */
enum ticket_state {
	TICKET_STATE_OPEN = 0,    /* invited, not used */
	TICKET_STATE_PENDING = 1, /* a device asked with it and waits for approval */
	TICKET_STATE_APPROVED = 2,
	TICKET_STATE_REFUSED = 3,
	TICKET_STATE_DEAD = 4, /* too many failures or expired */
};

/* An invitation; the code itself is never stored. */
struct ticket_entry {
	struct ticket ticket;
	struct id technician;
	struct text device_name;
	struct text platform;
	int64_t created_at_ms;
	int64_t expires_at_ms;
	int64_t failures;
	enum ticket_state state;
	struct id device;               /* nil until a device asked */
	struct public_keys device_keys; /* zeros until then */
	struct text words;              /* empty until then */
};

/* STATUS_NOT_FOUND; texts are in `arena`. */
enum status server_store_ticket(struct server_store *store, const struct id *id, struct arena *arena, struct ticket_entry *out_ticket);
/* Inserts or replaces by id. */
enum status server_store_put_ticket(struct server_store *store, const struct ticket_entry *ticket);
/* Removes the tickets, in whatever state, that expired before then. O(tickets). */
enum status server_store_forget_tickets(struct server_store *store, int64_t before_ms);
typedef enum status (*ticket_visit)(void *context, const struct ticket_entry *ticket);
/* All tickets, oldest first; the entry is valid during the call, and tickets must not be changed meanwhile. */
enum status server_store_each_ticket(struct server_store *store, ticket_visit visit, void *context);

/* An incident as it is kept. */
struct kept_incident {
	int64_t number;
	struct incident incident;
	int64_t count; /* how often it happened */
	int64_t first_at_ms;
	int64_t last_at_ms;
	int64_t acknowledged_at_ms; /* 0: it is open */
	struct text note;           /* of whoever acknowledged it */
};
typedef enum status (*kept_incident_visit)(void *context, const struct kept_incident *incident);
/* Open incidents, or all, latest first; an entry is valid during the call, and incidents must not be changed meanwhile. */
enum status server_store_each_incident(struct server_store *store, bool all, int64_t limit, kept_incident_visit visit, void *context);
/* Somebody has seen it. STATUS_NOT_FOUND when it is not open. */
enum status server_store_acknowledge(struct server_store *store, int64_t number, int64_t now_ms, struct text note);
/* Open ones. */
enum status server_store_count_incidents(struct server_store *store, int64_t *out_count);

/* Operations of a device that are parked, in the order it made them; in `arena`. */
enum status server_store_parked_of(
	struct server_store *store, const struct id *device, struct arena *arena, struct id **out_operations, size_t *out_count);

/* What a person last decided of a parked operation. */
struct decided_by_person {
	uint32_t decision; /* enum parked_decision; 0: nothing */
	int64_t at_ms;
	struct text reason; /* in `arena` */
};
enum status server_store_decided_by_person(
	struct server_store *store, const struct id *operation, struct arena *arena, struct decided_by_person *out_decided);

#endif
