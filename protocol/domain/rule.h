/* The words of verdicts: every rule that an outcome can name, with the English sentence for it. */
#ifndef TRUCKROLL_DOMAIN_RULE_H
#define TRUCKROLL_DOMAIN_RULE_H

#include "protocol/base/text.h"

/* Only the words are on the wire; the numbers are free to change. */
enum rule {
	RULE_NONE,
	/* applied, but nothing moved */
	RULE_NO_OP,
	RULE_EXISTS,
	RULE_SUPERSEDED,
	/* parked */
	RULE_MISSING_RECORD,
	RULE_BAD_FORM,
	RULE_NOT_YOUR_TERRITORY,
	RULE_REVOKED,
	RULE_BUG,
	/* rejected */
	RULE_NOT_ALLOWED,
	RULE_NO_SUCH_RECORD,
	RULE_FIELD_NOT_EDITABLE,
	RULE_VISIT_NOT_YOURS,
	RULE_VISIT_REASSIGNED,
	RULE_VISIT_STATE,
	RULE_SAME_TECHNICIAN,
	RULE_ORDER_OVER,
	RULE_ISSUE_RESOLVED,
	RULE_NOT_A_CONFLICT,
	RULE_VALUE_CUT,
	RULE_RESOLUTION_UNFIT,
	RULE_ORDER_UNFINISHED,
	RULE_ORDER_UNDER_WAY,
	RULE_ORDER_NOT_OVER,
	RULE_REOPEN_TOO_LATE,
	RULE_DISCARDED,
	/* applied, and something is for a person: the names of issue kinds */
	RULE_NEGATIVE_STOCK,
	RULE_WORK_DONE_AFTER_CANCEL,
	RULE_OVERTAKEN,
	RULE_DOUBLE_VISIT,
	RULE_EDIT_CONFLICT,
	RULE_WORK_WITHOUT_CLAIM,
	RULE_LATE_FACT,
	RULE_CHAIN_GAP,
	RULE_FORK,
	RULE_PLAN_MOVED,
	RULE_TASK_CHANGED,
	RULE_DOUBLE_ANSWER,
	RULE_ASSET_GONE,
	RULE_FINISH_INCOMPLETE,
	RULE_READING_UNLIKELY,
	RULE_COUNT,
};

struct rule_row {
	enum rule rule;
	const char *word;     /* stable: it is stored and sent */
	const char *sentence; /* {key} stands for the verdict's detail of that key, {field} for its field */
};

/* `rule` < RULE_COUNT. */
const struct rule_row *rule_find(enum rule rule);
/* NULL for a word that this version does not know. */
const struct rule_row *rule_by_word(struct text word);

#endif
