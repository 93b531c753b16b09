/* The device on line: carries what its core asks for over the carrier that its route names. A failed carrier is closed and a new one
 * opened for the next try, so that a try always means a fresh attempt to connect. One thread; never blocks longer than the store does. */
#ifndef TRUCKROLL_DEVICE_AGENT_LINK_H
#define TRUCKROLL_DEVICE_AGENT_LINK_H

#include "device_agent/cut_worker.h"
#include "device_agent/device.h"
#include "device_agent/link_meter.h"
#include "protocol/base/log.h"
#include "protocol/transport/route.h"

struct link {
	struct local_device *device;
	struct log *log;             /* NULL: silent */
	struct route route;          /* the addresses of the server */
	enum status route_status;    /* STATUS_INVALID: it has none that can be used */
	struct transport *transport; /* NULL between tries */
	struct link_meter meter;
	struct arena arena;          /* of one reply */
	struct arena addresses;      /* of the route */
	uint64_t sent, received;     /* bytes over carriers that are closed */
	int64_t failures;            /* tries that came to nothing since the start */
	int64_t cuts, incidents;     /* as the core counted them at the last look */
	bool damaged;                /* a command found that the replica's file is */
	bool fresh;                  /* a cut came since link_take_fresh() */
	int64_t cut_at_ns;           /* when the latest one was on disk, CLOCK_MONOTONIC */
	struct cut_worker worker;    /* takes in what is large, when the link is not `once` */
	struct device_store *store;  /* the device's own */
	struct device_store *beside; /* while a command works meanwhile; else NULL */
	bool beside_unsynced;        /* one of those was device_store_unsynced() */
	bool once;                   /* asks nothing more of the server once everything is exchanged */
	char failure[REASON_SIZE];   /* why the latest try failed */
};

/* The link of `device`, which keeps a pointer to it until link_finish(). `once`: falls silent when everything is exchanged. */
void link_init(struct link *link, struct local_device *device, struct log *log, bool once);
void link_finish(struct link *link);

/* Wants to be on line; `now`: at once, whatever waiting time a failure has left. STATUS_CANNOT_WRITE and the like: the store fails. */
enum status link_go(struct link *link, bool now);
/* Does what can be done without waiting: takes a reply, sends, commits, sees what is overdue. */
enum status link_step(struct link *link);
/* There is leisure: device_core_leisure(), with what it leads to. */
enum status link_leisure(struct link *link, size_t rows_max, bool *out_done);
/* What to poll for (POLLIN); -1: nothing. */
int link_descriptor(const struct link *link);
/* Milliseconds until link_step() is worth a call by itself; at most a second. */
int link_timeout_ms(const struct link *link);
/* Payload bytes over all carriers. */
void link_count(const struct link *link, uint64_t *out_sent, uint64_t *out_received);
/* A hello went out to the server, and no welcome came: to the latest one, or not yet. */
bool link_unanswered(const struct link *link);
/* The address that is used, or tried next. Valid until the addresses change. */
const char *link_address(const struct link *link);
/* The device has other addresses now (keystore.h): what is under way is given up, and asked there at once. STATUS_CANNOT_WRITE and the
 * like: the store fails. */
enum status link_reroute(struct link *link);
/* The device has another core: the carrier goes, and the core on line. Adds the store's statuses. */
enum status link_begin_again(struct link *link);
/* The settings changed. Adds the store's statuses. */
enum status link_settings(struct link *link);
/* A cut is being carried out: the device's store and core are its own, but for commands that work beside it. */
bool link_busy(const struct link *link);
/* Waits until it is done, and takes the device's own store again. Adds the store's statuses. */
enum status link_settle(struct link *link);
/* Waits for so long at most; true: link_settle() would not wait. A signal ends the wait. */
bool link_is_settled_within(const struct link *link, int timeout_ms);
/* A sync failed, of the device's store or of one beside it: the process is to end. */
bool link_unsynced(const struct link *link);
/* As struct program has them: a command of an owner on line works beside what is under way, or waits for its end. */
enum status link_enter(struct context *context);
void link_leave(struct context *context);
/* True once after rows came; when the latest were on disk, CLOCK_MONOTONIC in ns. */
bool link_take_fresh(struct link *link, int64_t *out_at_ns);

#endif
