/* The parties of the security tests: keys from fixed seeds, so that a failure repeats. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_PARTIES_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_PARTIES_H

#include <string.h>

#include "protocol/wire/keys.h"

/* Keys and id from one byte; different bytes are different parties. */
static inline struct identity party_of(uint8_t number)
{
	struct identity identity;
	uint8_t seed[32];

	memset(seed, number, sizeof(seed));
	identity_from_seeds(seed, seed, &identity);
	memset(identity.id.bytes, number, ID_SIZE);
	return identity;
}

static inline struct id id_of_byte(uint8_t number)
{
	struct id id;

	memset(id.bytes, number, ID_SIZE);
	return id;
}

#endif
