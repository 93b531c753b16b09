/* How this device is let into an organisation: by a code from the office, and six words that two people compare
 * (protocol/wire/enrolment.h). */
#ifndef TRUCKROLL_DEVICE_AGENT_ENROL_H
#define TRUCKROLL_DEVICE_AGENT_ENROL_H

#include "device_agent/keystore.h"
#include "protocol/base/clock.h"

struct enrol_options {
	struct text dir; /* is there, and locked by the caller */
	struct text keys_directory;
	struct text code;
	struct text url;  /* where the server is: addresses as in route.h */
	struct text name; /* of the device */
	struct text platform;
	int64_t wait_ms; /* for the approval */
	bool bench;
	const struct clock *clock;
	void (*show_words)(void *context, struct text words); /* once, before the waiting begins */
	void *context;
};

/* Enrols: keys, then the two files. An enrolment that was interrupted goes on when the same code is given again. STATUS_REFUSED (the
 * code is no good, or there is a device here already), STATUS_INVALID (malformed code or address), STATUS_OFFLINE (no server, or not
 * approved within the time), STATUS_CORRUPT (who answers is not a server of any organisation), STATUS_CANNOT_WRITE. Texts of
 * `out_keys` are in `arena`. */
enum status enrol_device(struct arena *arena, const struct enrol_options *options, struct keystore *out_keys);

/* Asks whoever answers at the first of `addresses` (route.h) that answers for its keys: is it there, and is it a server? STATUS_OFFLINE,
 * STATUS_CORRUPT, STATUS_INVALID. */
enum status enrol_ask(struct arena *arena, struct text addresses, int timeout_ms, struct server_keys *out_server);

#endif
