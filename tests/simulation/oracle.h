/* What people were told, kept apart from the code under test: which operations were saved, and which the server acknowledged. */
#ifndef TRUCKROLL_TESTS_SIMULATION_ORACLE_H
#define TRUCKROLL_TESTS_SIMULATION_ORACLE_H

#include "protocol/domain/operation.h"

enum promise_state {
	PROMISE_MAYBE, /* the device failed while it saved: it may be there or not */
	PROMISE_SAVED, /* its author was told so */
	PROMISE_LOST,  /* saved, but nobody need have it any more: its device was restored from an older copy before the server had it, or
			* let go of what the newest backup held, and the server was put back from an older one */
};

/* One operation of a device. */
struct promise {
	struct id id;
	unsigned device;
	enum promise_state state;
	bool acknowledged; /* the server said that it is decided */
	bool backed_up;    /* the newest backup of the server holds it */
	struct id told_under; /* incarnation of its device when the server was put back to before a backup that held it; nil: it was not */
	enum operation_kind kind;
	struct id subject;
	int64_t base_gseq;   /* the commit its author had seen */
	int64_t quantity;    /* of parts */
	int64_t spent_ms;    /* of time */
	uint8_t content[16]; /* hash of its canonical form */
};

struct oracle {
	struct promise *promises; /* in the order they were made */
	size_t count;
	size_t capacity;
	struct id *orders; /* work orders whose making was durable */
	size_t order_count;
	size_t order_capacity;
};

void oracle_finish(struct oracle *oracle);
/* NULL when it was never made. */
struct promise *oracle_find(struct oracle *oracle, const struct id *id);
/* Finds it, or notes it in the state given. */
struct promise *oracle_note(struct oracle *oracle, const struct id *id, unsigned device, enum promise_state state,
	const struct operation *operation, struct bytes canonical);
void oracle_note_order(struct oracle *oracle, const struct id *id);

/* What the oracle remembers of an operation's bytes. */
void oracle_content(struct bytes canonical, uint8_t out_content[static 16]);

#endif
