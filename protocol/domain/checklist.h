/* The tasks of a work order together: what an answer has to be, and what a visit still lacks before it is finished. */
#ifndef TRUCKROLL_DOMAIN_CHECKLIST_H
#define TRUCKROLL_DOMAIN_CHECKLIST_H

#include "protocol/domain/operation.h"
#include "protocol/domain/records.h"
#include "protocol/domain/task.h"
#include "protocol/domain/work_order.h"

/* Which state of the question an answer is about: it grows when the task is edited and when the order gets another asset or
 * site. `order` may be NULL: not held here. */
int64_t checklist_version(const struct task *task, const struct work_order *order);

/* Why the arguments are no answer to this kind of task; REASON_NONE when they are one. An option that is not offered (any
 * more) is no misfit: see checklist_offers(). */
enum reason checklist_misfit(const struct task *task, const struct answer_arguments *answer);

/* True when a choice offers this option; `*out_failing` (may be NULL) says whether choosing it means failed. */
bool checklist_offers(const struct task *task, struct text option, bool *out_failing);

/* True when a fit answer says that something is wrong: "no", outside the limits, a failing option. A skipped task did not fail. */
bool checklist_fails(const struct task *task, const struct answer_arguments *answer);

/* What has to be answered before a visit is finished as fixed. */
struct checklist_lack {
	size_t count;
	struct text titles; /* of the first few, joined by ", " */
};

/* The mandatory tasks of the order that nobody answered. Both sides ask this before a finish is made; of one that was made all the
 * same, the handler tells a person. Statuses: those of the store. */
enum status checklist_lacks(struct records *records, struct arena *arena, const struct id *work_order_id, struct checklist_lack *out_lack);

#endif
