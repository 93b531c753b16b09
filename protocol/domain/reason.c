#include "protocol/domain/reason.h"

#include <assert.h>
#include <stddef.h>

/* clang-format off */
static const struct reason_row rows[] = {
	{ REASON_NONE, "", "" },
	{ REASON_SPEAKS_FOR_OTHERS, "speaks_for_others", "it speaks only for its technician" },
	{ REASON_ID_TAKEN, "id_taken", "another record has this id" },
	{ REASON_NEVER_HAD, "never_had", "the device never had the record" },
	{ REASON_NOT_REMEMBERED, "not_remembered", "the server does not remember whether the device had the record" },
	{ REASON_ROLE_CREATE, "role_create", "this role may not create a {record}" },
	{ REASON_ROLE_EDIT, "role_edit", "this role may not edit {field} of a {record}" },
	{ REASON_ROLE_OPERATION, "role_operation", "this role may not {operation}" },
	{ REASON_ONLY_OPERATIONS, "only_operations", "only operations change it" },
	{ REASON_STOLEN, "stolen", "it is stolen" },
	{ REASON_OTHER_EPOCH, "other_epoch", "made under another epoch of the server" },
	{ REASON_AFTER_LEASE, "after_lease", "it came more than 14 days after the lease ended" },
	{ REASON_NOTHING_GRANTED, "nothing_granted", "made while nothing was granted to the device" },
	{ REASON_SEEN_LESS, "seen_less", "it claims to have seen less than the device had" },
	{ REASON_FIELD_MISSING, "field_missing", "{field} is missing" },
	{ REASON_TEXT_FORM, "text_form", "{field} is too long, or no proper text" },
	{ REASON_NUMBER_RANGE, "number_range", "{field} is beyond its limits" },
	{ REASON_TIME_RANGE, "time_range", "{field} is no time between 1970 and 9999" },
	{ REASON_CHOICE_UNKNOWN, "choice_unknown", "{field} has a choice that is not known here" },
	{ REASON_FIELD_COMPUTED, "field_computed", "{field} is computed, not given" },
	{ REASON_KIND_UNKNOWN, "kind_unknown", "this kind of operation is not known here" },
	{ REASON_RECORD_UNKNOWN, "record_unknown", "this kind of record is not known here" },
	{ REASON_ARGUMENTS_MISSING, "arguments_missing", "what belongs to it is missing" },
	{ REASON_SUBJECT_MISSING, "subject_missing", "it does not say what it is about" },
	{ REASON_ACTOR_MISSING, "actor_missing", "it does not say which technician made it" },
	{ REASON_OTHER_SUBJECT, "other_subject", "the new {record} has another id than the operation says" },
	{ REASON_NO_FIELD, "no_field", "it names no field with its old and its new value" },
	{ REASON_NO_SUCH_FIELD, "no_such_field", "a {record} has no such field" },
	{ REASON_BEFORE_1970, "before_1970", "the device's clock stood before 1970" },
	{ REASON_TIME_MISSING, "time_missing", "it does not say when it happened" },
	{ REASON_AFTER_9999, "after_9999", "the device's clock stood after the year 9999" },
	{ REASON_FIXED_NEEDS, "fixed_needs", "\"fixed\" needs {field}" },
	{ REASON_NO_SIGNER, "no_signer", "it says neither who signed nor why nobody did" },
	{ REASON_ENDS_EARLY, "ends_early", "it ends before it starts" },
	{ REASON_NO_PLACE, "no_place", "a part is used from and returned to a van or a depot" },
	{ REASON_SAME_PLACE, "same_place", "it comes from where it goes to" },
	{ REASON_PROPOSED_SENT, "proposed_sent", "a visit that is only proposed is not dispatched" },
	{ REASON_BLOB_NAME, "blob_name", "the file is not named by 64 digits 0-9 and a-f" },
	{ REASON_HALF_OWNER, "half_owner", "the owner needs both its kind and its id" },
	{ REASON_SIGNATURE_AS_PHOTO, "signature_as_photo", "a signature comes with who signed" },
	{ REASON_OTHER_ORDER, "other_order", "the task belongs to another order" },
	{ REASON_MERGED_ROUND, "merged_round", "the other asset was merged into this one already" },
	{ REASON_VALUE_UNREADABLE, "value_unreadable", "{field} cannot be set again" },
	{ REASON_ANSWER_CONFIRM, "answer_confirm", "it is confirmed, or skipped with a reason" },
	{ REASON_ANSWER_YES_NO, "answer_yes_no", "the answer is yes or no" },
	{ REASON_ANSWER_NUMBER, "answer_number", "the answer is a number" },
	{ REASON_ANSWER_TEXT, "answer_text", "the answer is a text" },
	{ REASON_ANSWER_CHOICE, "answer_choice", "the answer is one of the options" },
	{ REASON_ANSWER_PHOTO, "answer_photo", "the answer is a photo" },
	{ REASON_COUNTER_BACK, "counter_back", "it showed {last} before, and a counter only goes up" },
	{ REASON_BEYOND_METER, "beyond_meter", "it begins again at 0 after {limit}" },
};
/* clang-format on */
static_assert(LENGTH(rows) == REASON_COUNT, "every reason has a row");

const struct reason_row *reason_find(enum reason reason)
{
	assert(reason < REASON_COUNT && rows[reason].reason == reason);
	return &rows[reason];
}

const struct reason_row *reason_by_word(struct text word)
{
	for (size_t i = 1; i < LENGTH(rows); i++)
		if (text_equals(word, rows[i].word))
			return &rows[i];
	return NULL;
}
