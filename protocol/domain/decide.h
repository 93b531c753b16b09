/* The one decide function, linked into server and device: what an operation does to the records. */
#ifndef TRUCKROLL_DOMAIN_DECIDE_H
#define TRUCKROLL_DOMAIN_DECIDE_H

#include "protocol/domain/operation.h"
#include "protocol/domain/overlay.h"

/* Raised whenever a handler's effect changes: a device with another revision gets its own rows back from the server. */
#define HANDLER_REVISION 3

/* Outcome codes are on the wire: never reuse one. */
enum outcome {
	OUTCOME_APPLIED = 0,
	OUTCOME_APPLIED_NOTE = 1, /* applied, but nothing moved: no_op or superseded; `rule` says which */
	OUTCOME_ISSUE = 2,        /* applied, and something is for a person */
	OUTCOME_REJECTED = 3,     /* only a CLAIM, or an EDIT without the right */
	OUTCOME_PARKED = 4,       /* kept, not applied: `rule` says what it waits for */
};

/* Which records the author of an operation can name. What it cannot is, in the outcome, as if it were not there. */
struct sight {
	/* STATUS_NOT_FOUND: there, but not for this author; others: the store failed. Nil and what has no row are in everybody's sight. */
	enum status (*reaches)(struct sight *sight, enum record_kind kind, const struct id *id);
};

/* Everything about an operation that its own bytes do not say. The same values on both sides. */
struct decision {
	const struct operation *operation;
	struct id operation_id;
	struct id device_id;
	int64_t seq;
	int64_t gseq; /* of the commit it is decided in; 0 on a device, which makes none */
	bool first;   /* never decided before: no row tells what became of it */
	/* The k-th further id: first 128 bits of BLAKE2b(operation id ‖ k), k from 1. Passed in, since the rules hold no hash. */
	struct id (*derive_id)(const struct id *operation_id, uint32_t k);
	/* The id of what belongs to a pair (a part's balance at a location): first 128 bits of a BLAKE2b over both. */
	struct id (*pair_id)(const struct id *left, const struct id *right);
	struct sight *sight; /* NULL: whatever is there; a device decides on what it has */
};

/* What became of it. Texts are borrowed from the arena given to decide(). */
struct verdict {
	enum outcome outcome;
	struct text rule;    /* stable word such as "visit_not_yours"; "" for APPLIED */
	struct text field;   /* the field it is about; may be "" */
	struct text detail;  /* arguments for the words, "key=value" joined by ';', ids in hex; may be "" */
	struct id issue_id;  /* OUTCOME_ISSUE */
	struct id waits_for; /* OUTCOME_PARKED: the record that must appear; nil when a person must act */
};

/* Decides `decision->operation` on `overlay` (freshly laid over the store): effects are left there, to be flushed by the caller.
 * REJECTED and PARKED leave only the outcome row. A verdict other than plain APPLIED writes the `operation` record of that id
 * (struct operation_outcome), homed in the author's device scope.
 * Returns STATUS_OK with a verdict for every well-formed operation, however wrong; another status only when the store failed. */
enum status decide(const struct decision *decision, struct overlay *overlay, struct arena *arena, struct verdict *out_verdict);

#endif
