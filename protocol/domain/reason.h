/* Why an operation was not taken, beneath its rule: a word that is stored and sent, and the sentence for it. */
#ifndef TRUCKROLL_DOMAIN_REASON_H
#define TRUCKROLL_DOMAIN_REASON_H

#include "protocol/base/text.h"

/* Only the words are stored and on the wire; the numbers are free to change. A detail of an earlier version has a whole English sentence in
 * the place of the word. */
enum reason {
	REASON_NONE,
	/* who may */
	REASON_SPEAKS_FOR_OTHERS,
	REASON_ID_TAKEN,
	REASON_NEVER_HAD,
	REASON_NOT_REMEMBERED,
	REASON_ROLE_CREATE,
	REASON_ROLE_EDIT,
	REASON_ROLE_OPERATION,
	REASON_ONLY_OPERATIONS,
	/* of a revoked device */
	REASON_STOLEN,
	REASON_OTHER_EPOCH,
	REASON_AFTER_LEASE,
	REASON_NOTHING_GRANTED,
	REASON_SEEN_LESS,
	/* form of one field */
	REASON_FIELD_MISSING,
	REASON_TEXT_FORM,
	REASON_NUMBER_RANGE,
	REASON_TIME_RANGE,
	REASON_CHOICE_UNKNOWN,
	REASON_FIELD_COMPUTED,
	/* form of the whole */
	REASON_KIND_UNKNOWN,
	REASON_RECORD_UNKNOWN,
	REASON_ARGUMENTS_MISSING,
	REASON_SUBJECT_MISSING,
	REASON_ACTOR_MISSING,
	REASON_OTHER_SUBJECT,
	REASON_NO_FIELD,
	REASON_NO_SUCH_FIELD,
	REASON_BEFORE_1970,
	REASON_TIME_MISSING,
	REASON_AFTER_9999,
	/* fields that do not go together */
	REASON_FIXED_NEEDS,
	REASON_NO_SIGNER,
	REASON_ENDS_EARLY,
	REASON_NO_PLACE,
	REASON_SAME_PLACE,
	REASON_PROPOSED_SENT,
	REASON_BLOB_NAME,
	REASON_HALF_OWNER,
	REASON_SIGNATURE_AS_PHOTO,
	/* what does not fit what is here */
	REASON_OTHER_ORDER,
	REASON_MERGED_ROUND,
	REASON_VALUE_UNREADABLE,
	/* an answer that does not fit its task */
	REASON_ANSWER_CONFIRM,
	REASON_ANSWER_YES_NO,
	REASON_ANSWER_NUMBER,
	REASON_ANSWER_TEXT,
	REASON_ANSWER_CHOICE,
	REASON_ANSWER_PHOTO,
	/* a reading that cannot be right */
	REASON_COUNTER_BACK,
	REASON_BEYOND_METER,
	REASON_COUNT,
};

struct reason_row {
	enum reason reason;
	const char *word;
	const char *sentence; /* {key} stands for the detail's value of that key, {field} for the verdict's field */
};

/* `reason` < REASON_COUNT. */
const struct reason_row *reason_find(enum reason reason);
/* NULL for a word that this version does not know. */
const struct reason_row *reason_by_word(struct text word);

#endif
