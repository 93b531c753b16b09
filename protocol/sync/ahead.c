#include "protocol/sync/ahead.h"

#include <string.h>

void ahead_expect(struct ahead *ahead, const struct inquiry *answered, struct bytes resume)
{
	if (resume.size == 0 || resume.size > sizeof(ahead->resume_bytes))
		return;
	ahead->device = answered->device;
	ahead->incarnation = answered->incarnation;
	ahead->ground = answered->ground;
	ahead->speaks_short = answered->speaks_short;
	ahead->pull = answered->pull;
	memcpy(ahead->resume_bytes, resume.data, resume.size);
	ahead->pull.resume = (struct bytes){ ahead->resume_bytes, resume.size };
	ahead->wanted = true;
	ahead->ready = false;
}

static bool is_expected(const struct pull *expected, const struct pull *pull)
{
	return id_equal(&pull->cursor.epoch, &expected->cursor.epoch) && pull->cursor.gseq == expected->cursor.gseq &&
	       pull->settled_seq == expected->settled_seq && pull->byte_budget == expected->byte_budget &&
	       pull->class_max == expected->class_max && pull->own_rows == expected->own_rows &&
	       pull->resume.size == expected->resume.size && memcmp(pull->resume.data, expected->resume.data, pull->resume.size) == 0;
}

bool ahead_answers(const struct ahead *ahead, const struct inquiry *asked, int64_t gseq)
{
	return ahead->ready && ahead->gseq == gseq && id_equal(&asked->device, &ahead->device) &&
	       id_equal(&asked->incarnation, &ahead->incarnation) && id_equal(&asked->ground.epoch, &ahead->ground.epoch) &&
	       asked->ground.dictionary == ahead->ground.dictionary && asked->speaks_short == ahead->speaks_short &&
	       is_expected(&ahead->pull, &asked->pull);
}
