/* Symptom, cause and fix, written down for the next time. */
#ifndef TRUCKROLL_DOMAIN_KB_ARTICLE_H
#define TRUCKROLL_DOMAIN_KB_ARTICLE_H

#include "protocol/domain/schema.h"

enum kb_article_state {
	KB_ARTICLE_STATE_WORK_IN_PROGRESS = 0,
	KB_ARTICLE_STATE_NOT_VALIDATED = 1,
	KB_ARTICLE_STATE_VALIDATED = 2,
	KB_ARTICLE_STATE_ARCHIVED = 3,
	KB_ARTICLE_STATE_COUNT,
};

extern const struct choice kb_article_state_names[];

struct kb_article {
	struct id id;
	struct text number;
	struct text language;
	struct text title;
	struct text product;
	struct text symptom;
	struct text cause;
	struct text fix;
	struct text body;
	struct text tools;
	struct text parts;
	enum kb_article_state state;
	struct text source;
	struct text source_id;
	struct bytes extra;
};

extern const struct schema kb_article_schema;

#endif
