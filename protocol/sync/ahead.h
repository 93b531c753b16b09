/* The answer to the pull that follows a page, made while the device takes that page in.
 * One device at a time: who comes between loses nothing but the head start. */
#ifndef TRUCKROLL_SYNC_AHEAD_H
#define TRUCKROLL_SYNC_AHEAD_H

#include "protocol/base/arena.h"
#include "protocol/sync/inquiry.h"

/* Zero-initialised it expects nothing. */
struct ahead {
	bool wanted; /* a page went out that more follows: worth making */
	bool ready;  /* `sections` answers the request, as long as nothing commits */
	struct id device;
	struct id incarnation;
	struct common_ground ground;
	bool speaks_short;
	struct pull pull; /* as it will come; resume points into resume_bytes */
	uint8_t resume_bytes[64];
	int64_t gseq; /* the sections speak of */
	struct arena arena;
	struct bytes sections;
	struct bytes resume; /* of the page in them */
};

/* A request was answered by a page that ends with `resume`; does nothing when that is empty. */
void ahead_expect(struct ahead *ahead, const struct inquiry *answered, struct bytes resume);
/* Do the sections that lie ready answer this request's pull at commit `gseq`? */
bool ahead_answers(const struct ahead *ahead, const struct inquiry *asked, int64_t gseq);

#endif
