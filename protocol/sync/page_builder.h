/* A page being put together: entries in the order they are added, those of one scope, type and kind in one group. */
#ifndef TRUCKROLL_SYNC_PAGE_BUILDER_H
#define TRUCKROLL_SYNC_PAGE_BUILDER_H

#include "protocol/wire/message.h"

struct page_builder {
	struct arena *arena; /* of everything in the page */
	size_t raw_size;     /* about what it takes before compression */
	size_t row_count;    /* rows in it, named ones too */
	struct page_group *groups;
	size_t group_count;
	size_t group_capacity;
	size_t row_capacity; /* of the last group */
};

/* A whole row; copied. */
void page_builder_whole(struct page_builder *builder, const struct scope *scope, const struct schema *schema, const void *row);
/* The fields of `mask`; copied. */
void page_builder_patch(
	struct page_builder *builder, const struct scope *scope, const struct schema *schema, const void *row, uint64_t mask);
/* An entry of a type that names the row only. */
void page_builder_name(struct page_builder *builder, const struct scope *scope, enum entry_type type, const struct schema *schema,
	const struct id *id);

/* Everything of `more` behind what is there; both of one arena. */
void page_builder_append(struct page_builder *builder, const struct page_builder *more);

/* Words about a scope. */
void page_builder_digest(struct page_builder *builder, const struct scope_digest *digest);
void page_builder_dropped(struct page_builder *builder, const struct scope *scope);

#endif
