/* A person at a customer. */
#ifndef TRUCKROLL_DOMAIN_CONTACT_H
#define TRUCKROLL_DOMAIN_CONTACT_H

#include "protocol/domain/schema.h"

enum contact_channel {
	CONTACT_CHANNEL_NONE = 0,
	CONTACT_CHANNEL_PHONE = 1,
	CONTACT_CHANNEL_EMAIL = 2,
	CONTACT_CHANNEL_MESSAGE = 3,
	CONTACT_CHANNEL_COUNT,
};

extern const struct choice contact_channel_names[];

struct contact {
	struct id id;
	struct id account_id;
	struct id territory_id; /* the account's, unless another is given */
	struct text name;
	struct text role; /* what for to call them, such as "caretaker" */
	struct text phone;
	struct text email;
	enum contact_channel preferred_channel;
	struct text language; /* RFC 5646 tag */
	bool inactive;        /* not to be called any more */
	struct text source;
	struct text source_id;
	struct bytes extra;
};

extern const struct schema contact_schema;

#endif
