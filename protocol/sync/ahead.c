#include "protocol/sync/ahead.h"

#include <string.h>

void ahead_expect(
	struct ahead *ahead, const struct id *device, const struct id *incarnation, const struct pull *pull, struct bytes resume)
{
	if (resume.size == 0 || resume.size > sizeof(ahead->resume_bytes))
		return;
	ahead->device = *device;
	ahead->incarnation = *incarnation;
	ahead->pull = *pull;
	memcpy(ahead->resume_bytes, resume.data, resume.size);
	ahead->pull.resume = (struct bytes){ ahead->resume_bytes, resume.size };
	ahead->wanted = true;
	ahead->ready = false;
}

bool ahead_answers(
	const struct ahead *ahead, const struct id *device, const struct id *incarnation, const struct pull *pull, int64_t gseq)
{
	const struct pull *expected = &ahead->pull;

	return ahead->ready && ahead->gseq == gseq && id_equal(device, &ahead->device) && id_equal(incarnation, &ahead->incarnation) &&
	       id_equal(&pull->cursor.epoch, &expected->cursor.epoch) && pull->cursor.gseq == expected->cursor.gseq &&
	       pull->settled_seq == expected->settled_seq && pull->byte_budget == expected->byte_budget &&
	       pull->class_max == expected->class_max && pull->own_rows == expected->own_rows &&
	       pull->resume.size == expected->resume.size &&
	       memcmp(pull->resume.data, expected->resume.data, pull->resume.size) == 0;
}
