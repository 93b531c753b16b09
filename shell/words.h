/* Outcomes and issues told in sentences that a dispatcher understands. */
#ifndef TRUCKROLL_SHELL_WORDS_H
#define TRUCKROLL_SHELL_WORDS_H

#include "protocol/domain/decide.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/operation_outcome.h"
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

/* The sentence of `key` with the values of `detail`; ids among them become names, numbers ending in "_at_ms" become times. */
struct text words_print(const struct words *words, const char *key, struct text detail);

/* The sentence of a rule, such as "visit_not_yours", with its field and detail set in. */
struct text words_of_rule(const struct words *words, struct text rule, struct text field, struct text detail);

/* "Applied." / "Refused: visit 3f… is already held by Ana." */
struct text words_of_verdict(const struct words *words, enum outcome outcome, struct text rule, struct text field, struct text detail);
struct text words_of_outcome(const struct words *words, const struct operation_outcome *outcome);

/* What happened and what a person may do about it. */
struct text words_of_issue(const struct words *words, const struct issue *issue);

/* The record's name, or its id shortened to 8 digits. */
struct text words_of_id(const struct words *words, const struct id *id);

/* What an operation is called: "arrive", "use a part". */
struct text words_of_operation(const struct words *words, enum operation_kind kind);

#endif
