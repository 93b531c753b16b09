/* The device's flight recorder: writes down what goes into its core, what the core is given, and what comes out
 * (protocol/sync/flight.h), into legs below DIR/flight (shell/flight_folder.h) that only the device's own keys open. Nothing is synced,
 * and what cannot be written is not recorded: the device works as without. One at a time in a process, on one thread, but see
 * flight_break_off(). */
#ifndef TRUCKROLL_DEVICE_AGENT_FLIGHT_H
#define TRUCKROLL_DEVICE_AGENT_FLIGHT_H

#include "device_agent/store.h"
#include "protocol/sync/device_core.h"

struct flight;

struct flight_options {
	struct text dir;     /* of the device */
	struct text program; /* with its version */
	const struct clock *clock;
	int64_t size_max; /* bytes that all legs may take; 0: nothing is recorded, and what there is goes */
	int64_t copy_max; /* bytes of a file that are copied at the beginning of a leg; 0: as much as fits */
	int64_t leg_ms;   /* a core is not made anew before for the recorder\'s sake; 0: the usual. Tests take few */
	bool bench;       /* the store has the benchmark's record */
};

/* Never NULL. */
struct flight *flight_create(const struct flight_options *options);
/* After the core. Accepts NULL. */
void flight_destroy(struct flight *flight);

/* A leg begins, and ends the one before: a core is about to be created with `options`, on a store that is as it will find it. Copies the
 * store's files, and puts itself between the core and its clock, files, keys and watcher; these must live as long as `flight`. */
void flight_begin_leg(struct flight *flight, struct device_core_options *options);
/* The leg ends: something comes that is in no order with other events, such as a cut on another thread. Until another leg begins, at the
 * usual time (flight_is_full()), that thread may use what the core was given. */
void flight_break_off(struct flight *flight);
/* The leg has taken up most of its room, and has not begun just now: at the next good moment a new core should be made, with a leg of its
 * own. */
bool flight_is_long(const struct flight *flight);
/* … and what happens is not recorded any more: at the next moment. Not while another thread has the store. */
bool flight_is_full(const struct flight *flight);

#endif
