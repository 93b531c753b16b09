/* The organisation that every simulation begins with: two territories, technicians with vans, and a few customers. */
#ifndef TRUCKROLL_TESTS_SIMULATION_ORGANISATION_H
#define TRUCKROLL_TESTS_SIMULATION_ORGANISATION_H

#include "protocol/domain/operation.h"
#include "protocol/sync/server_core.h"
#include "server/store.h"

#define DEVICES_MAX 200
#define TERRITORIES 2
#define PARTS       4
#define SITES       4

/* The n-th record of a kind made beforehand. The ids of a pair, 0 and 1, 2 and 3, begin alike and live in different territories: a short
 * reference by a device that knows one of them fits both at the server. */
struct id organisation_id(enum record_kind kind, unsigned n);
/* Keys of the server (0) and of device n (from 1), the same in every run. */
void organisation_identity(unsigned n, struct identity *out_identity);
struct id organisation_device_id(unsigned n);
struct id organisation_epoch(void);
/* Of the template's nodes. */
struct id organisation_incarnation(unsigned n);
extern const struct id organisation_self;

/* In the names of what belongs to a customer: CANARY, a letter for the kind, and the number. */
#define CANARY "canary-"
char canary_letter(enum record_kind kind);

unsigned organisation_territory_of(unsigned technician);

/* Gives the core the operations that make it all; the caller flushes. */
enum status organisation_create(struct server_core *core, unsigned devices, int64_t now_ms);
/* The devices' keys; in a transaction of its own. */
enum status organisation_enrol(struct server_store *store, unsigned devices, int64_t now_ms);

/* A CREATE by the office under a given id (nil: the operation's own). */
enum status organisation_make(
	struct server_core *core, enum record_kind kind, const void *row, uint32_t role, int64_t now_ms, struct id *out_id);

#endif
