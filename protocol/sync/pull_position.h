/* Where a pull stands between its pages: what the resume token holds. The server keeps nothing. */
#ifndef TRUCKROLL_SYNC_PULL_POSITION_H
#define TRUCKROLL_SYNC_PULL_POSITION_H

#include "protocol/sync/delivery_class.h"
#include "protocol/wire/message.h"

/* The parts of a pass. The first three are of one scope, the last is over all of them. */
enum pass_part {
	PART_ROWS,
	PART_LINKS,
	PART_LEFT,
	PART_WORDS, /* digests of scopes, and scopes dropped: when there are too many for the cut */
	PART_COUNT
};

/* A pass goes once over all scopes; changes that commit meanwhile are the next pass's. */
struct pull_position {
	int64_t first_gseq; /* state when the first pass began */
	int64_t pass_gseq;  /* when this one began */
	int64_t low;        /* rows after it are wanted: the cursor's gseq, later the last pass's */
	int64_t words_gseq; /* the words given are of this state or a later one; 0: none were given */
	int64_t scope;      /* number of the scope being read */
	enum pass_part part;
	enum delivery_class class; /* being read; CLASS_COUNT: every class */
	enum record_kind kind;
	int64_t gseq; /* of the last row given (0: rows are read by id) */
	struct id id;
	bool shared;   /* pages that every device of the scope is given begin here (page_cache.h) */
	bool with_own; /* rows that the device computed by itself are among those given */
};

struct bytes pull_position_encode(struct arena *arena, const struct pull_position *position);
/* False for a token that another version gave. */
bool pull_position_decode(struct bytes token, struct pull_position *out_position);

#endif
