#include "protocol/domain/kb_article.h"

#include <assert.h>

const struct choice kb_article_state_names[] = {
	{ KB_ARTICLE_STATE_WORK_IN_PROGRESS, "work_in_progress" },
	{ KB_ARTICLE_STATE_NOT_VALIDATED, "not_validated" },
	{ KB_ARTICLE_STATE_VALIDATED, "validated" },
	{ KB_ARTICLE_STATE_ARCHIVED, "archived" },
	{ 0, NULL },
};
static_assert(LENGTH(kb_article_state_names) == KB_ARTICLE_STATE_COUNT + 1, "every kb_article_state has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(kb_article, id),                             .tag = 1, .required = true },
	{ FIELD_OF(kb_article, number),                         .tag = 2, .max = 200 },
	{ FIELD_OF(kb_article, language),                       .tag = 3, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(kb_article, title),                          .tag = 4, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 300 },
	{ FIELD_OF(kb_article, product),                        .tag = 5, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(kb_article, symptom),                        .tag = 6, .merge = MERGE_LAST_COMMITTED, .max = 4000 },
	{ FIELD_OF(kb_article, cause),                          .tag = 7, .merge = MERGE_LAST_COMMITTED, .max = 4000 },
	{ FIELD_OF(kb_article, fix),                            .tag = 8, .merge = MERGE_LAST_COMMITTED, .max = 8000 },
	{ FIELD_OF(kb_article, body),                           .tag = 9, .merge = MERGE_LAST_COMMITTED, .max = 40000 },
	{ FIELD_OF(kb_article, tools),                          .tag = 10, .merge = MERGE_LAST_COMMITTED, .max = 1000 },
	{ FIELD_OF(kb_article, parts),                          .tag = 11, .merge = MERGE_LAST_COMMITTED, .max = 1000 },
	{ CHOICE_OF(kb_article, state, kb_article_state_names), .tag = 12 },
	{ FIELD_OF(kb_article, source),                         .tag = 13, .max = 200 },
	{ FIELD_OF(kb_article, source_id),                      .tag = 14, .max = 200 },
};
/* clang-format on */

const struct schema kb_article_schema = {
	.kind = RECORD_KB_ARTICLE,
	.name = "kb_article",
	.size = sizeof(struct kb_article),
	.extra = offsetof(struct kb_article, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_ALL,
};
