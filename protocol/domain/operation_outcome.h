/* What became of an operation that was not plainly applied. It has the operation's id; its schema is called "operation". */
#ifndef TRUCKROLL_DOMAIN_OPERATION_OUTCOME_H
#define TRUCKROLL_DOMAIN_OPERATION_OUTCOME_H

#include "protocol/domain/operation.h"

struct operation_outcome {
	struct id id;
	struct id device_id;
	int64_t seq;
	enum operation_kind kind;
	struct id subject;
	uint32_t outcome; /* enum outcome of decide.h */
	struct text rule; /* a word of rule.h */
	struct text field;
	struct text detail;  /* "key=value" joined by ";" */
	struct id issue_id;  /* when a person has something to do */
	struct id waits_for; /* parked until this record appears */
	int64_t at_ms;
	struct bytes extra;
};

extern const struct schema operation_outcome_schema;

extern const struct choice outcome_names[];

#endif
