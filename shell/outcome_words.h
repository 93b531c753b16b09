/* Telling a person what became of an operation. */
#ifndef TRUCKROLL_SHELL_OUTCOME_WORDS_H
#define TRUCKROLL_SHELL_OUTCOME_WORDS_H

#include "db/storage.h"
#include "protocol/domain/decide.h"
#include "protocol/domain/issue.h"
#include "shell/command.h"
#include "shell/words.h"

/* What became of the operation, with its id; ids in the words are told by the names that `storage` has for them. */
void outcome_tell(struct context *context, struct storage *storage, enum operation_kind kind, const struct id *operation_id,
	const struct verdict *verdict);

/* STATUS_REFUSED with the rule's sentence as the reason. */
enum status outcome_refused(struct context *context, struct storage *storage, const struct verdict *verdict);

/* The sentence of a rule or an issue kind, with its detail and field set in. */
struct text outcome_words(struct context *context, struct storage *storage, struct text rule, struct text field, struct text detail);

/* lookup_name() of the storage that `context` is. */
struct text outcome_name_of(void *context, struct arena *arena, const struct id *id);

/* What an operation is about, for a person: "WO-1042 Pump leaks", a part's number, the new record's kind. */
struct text outcome_subject(struct context *context, struct storage *storage, const struct operation_head *head);

/* How to speak to the person of this command; names come from `storage`. */
struct words outcome_speaker(struct context *context, struct storage *storage);

/* The word of an enum outcome, such as "applied". */
const char *outcome_name(uint32_t outcome);

/* Passes on `status` with the latest reason, in which the words and options of the command stand for the arguments of the operation. */
enum status outcome_in_options(struct context *context, enum status status);

#endif
