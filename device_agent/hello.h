/* A hello only to hear the server's welcome: for who looks whether it knows this device. */
#ifndef TRUCKROLL_DEVICE_AGENT_HELLO_H
#define TRUCKROLL_DEVICE_AGENT_HELLO_H

#include "device_agent/keystore.h"
#include "device_agent/store.h"
#include "protocol/base/clock.h"
#include "protocol/wire/message.h"

/* Says hello over a connection of its own and waits for the welcome; changes nothing here, and `store` may be open for reading only.
 * An agent's session goes on beside it. STATUS_OFFLINE: the address cannot be reached; STATUS_REFUSED: nothing came in time, or not
 * from this device's server. Texts are in `arena`. */
enum status hello_ask(const struct keystore *keys, struct device_store *store, const struct clock *clock, struct arena *arena,
	int timeout_ms, struct welcome *out_welcome);

#endif
