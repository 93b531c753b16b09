#include "protocol/domain/revision.h"

#include <assert.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/operation.h"

/* Numbers that were added to choices which were there. The kinds of operations are one of them. */
static const struct {
	const struct choice *choices;
	uint32_t number;
	uint32_t since;
} added[] = {
	{ asset_status_names, ASSET_STATUS_STANDBY, 4 },
	{ operation_kind_names, OPERATION_DELAY, 4 },
};

static uint32_t spoken = SCHEMA_REVISION;

uint32_t schema_revision(void)
{
	return spoken;
}

void schema_speak(uint32_t revision)
{
	assert(revision >= SCHEMA_REVISION_PLAIN && revision <= SCHEMA_REVISION);
	spoken = revision;
}

uint32_t choice_since(const struct choice *choices, uint32_t number)
{
	for (size_t i = 0; i < LENGTH(added); i++)
		if (added[i].choices == choices && added[i].number == number)
			return added[i].since;
	return 0;
}

bool choice_spoken(const struct choice *choices, uint32_t number)
{
	return choice_since(choices, number) <= spoken;
}

bool field_is_retired(const struct field *field)
{
	return field->retired != 0 && field->retired <= spoken;
}

/* What came later stands behind what was there. */
const struct schema *schema_at_revision(const struct schema *schema, uint32_t revision)
{
	static struct schema views[SCHEMA_REVISION - SCHEMA_REVISION_PLAIN][RECORD_KIND_MAX + 1];
	struct schema *view;

	if (revision == SCHEMA_REVISION || schema->kind > RECORD_KIND_MAX)
		return schema;
	view = &views[revision - SCHEMA_REVISION_PLAIN][schema->kind];
	*view = *schema;
	while (view->fields[view->field_count - 1].since > revision)
		view->field_count--;
	return view;
}
