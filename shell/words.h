/* Outcomes and issues told in sentences that a dispatcher understands: ids become names, numbers ending in "at_ms" times. */
#ifndef TRUCKROLL_SHELL_WORDS_H
#define TRUCKROLL_SHELL_WORDS_H

#include "protocol/domain/decide.h"
#include "protocol/domain/issue.h"
#include "shell/catalogue.h"
#include "shell/zone.h"

/* How to speak, and what the ids in a detail are called. */
struct words {
	struct arena *arena; /* of all results */
	enum language language;
	const struct zone *zone; /* NULL: UTC */
	/* A short name for a record, such as a technician's name; empty when unknown. NULL: ids are shown shortened. */
	struct text (*name_of)(void *context, struct arena *arena, const struct id *id);
	void *context;
};

/* The sentence of a rule, such as "visit_not_yours", with its field and detail set in. */
struct text words_of_rule(const struct words *words, struct text rule, struct text field, struct text detail);

/* "Applied." / "Refused: visit 3f… is already held by Ana." */
struct text words_of_verdict(const struct words *words, enum outcome outcome, struct text rule, struct text field, struct text detail);

/* What happened and what a person may do about it. */
struct text words_of_issue(const struct words *words, const struct issue *issue);

/* What an operation is called: "arrive", "use a part". */
struct text words_of_operation(const struct words *words, enum operation_kind kind);

#endif
