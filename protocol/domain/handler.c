#include "protocol/domain/handler.h"

#include "protocol/domain/asset.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/territory_grant.h"

struct id handling_next_id(struct handling *handling)
{
	uint32_t given = handling->ids_given++;

	return given == 0 ? handling->decision->operation_id : handling->decision->derive_id(&handling->decision->operation_id, given);
}

static enum status give_verdict(struct handling *handling, enum outcome outcome, enum rule rule, const char *field, struct text detail)
{
	*handling->verdict = (struct verdict){
		.outcome = outcome,
		.rule = text_of(rule_find(rule)->word),
		.field = text_of(field),
		.detail = detail,
	};
	return STATUS_OK;
}

enum status handling_reject(struct handling *handling, enum rule rule, const char *field, struct text detail)
{
	return give_verdict(handling, OUTCOME_REJECTED, rule, field, detail);
}

enum status handling_park(struct handling *handling, enum rule rule, const char *field, struct text detail, const struct id *waits_for)
{
	enum status status = give_verdict(handling, OUTCOME_PARKED, rule, field, detail);

	if (waits_for != NULL)
		handling->verdict->waits_for = *waits_for;
	return status;
}

enum status handling_note(struct handling *handling, enum rule rule, const char *field, struct text detail)
{
	if (handling->verdict->outcome != OUTCOME_APPLIED)
		return STATUS_OK;
	return give_verdict(handling, OUTCOME_APPLIED_NOTE, rule, field, detail);
}

enum status handling_missing(struct handling *handling, enum record_kind kind, const struct id *id, const char *field)
{
	const struct schema *schema = schema_find(kind);
	struct text detail =
		arena_print(handling->arena, "record=%s;id=%s", schema == NULL ? "record" : schema->name, id_to_text(id).characters);

	if (operation_find(handling->operation->head.kind)->sort == SORT_CLAIM)
		return handling_reject(handling, RULE_NO_SUCH_RECORD, field, detail);
	return handling_park(handling, RULE_MISSING_RECORD, field, detail, id);
}

enum status handling_open_issue(struct handling *handling, struct issue *issue)
{
	const struct operation_head *head = &handling->operation->head;
	struct verdict *verdict = handling->verdict;

	issue->id = handling_next_id(handling);
	/* What stands in a row that is of no territory stays with the office: who edits it may not hold it. */
	if (issue->kind != ISSUE_KIND_EDIT_CONFLICT || !id_is_nil(&issue->territory_id))
		issue->device_id = handling->decision->device_id;
	issue->technician_id = head->actor;
	issue->operation_id = handling->decision->operation_id;
	issue->state = ISSUE_STATE_OPEN;
	issue->opened_at_ms = head->at_ms;
	if (verdict->outcome != OUTCOME_ISSUE) {
		*verdict = (struct verdict){
			.outcome = OUTCOME_ISSUE,
			.rule = choice_to_text(handling->arena, issue_kind_names, issue->kind),
			.field = issue->field,
			.detail = issue->detail,
			.issue_id = issue->id,
		};
	}
	return records_put(handling->records, RECORD_ISSUE, issue);
}

struct open_issue {
	const struct issue *like;
	struct arena *arena;
	struct issue *found; /* NULL: none */
};

static enum status look_for_open(void *context, const void *row)
{
	struct open_issue *search = context;
	const struct issue *issue = row;

	if (search->found == NULL && issue->kind == search->like->kind && issue->state == ISSUE_STATE_OPEN &&
		id_equal(&issue->visit_id, &search->like->visit_id))
		search->found = row_copy(search->arena, &issue_schema, row);
	return STATUS_OK;
}

enum status handling_open_issue_once(struct handling *handling, struct issue *issue)
{
	struct open_issue search = { .like = issue, .arena = handling->arena };
	struct verdict *verdict = handling->verdict;
	enum status status =
		records_each(handling->records, RECORD_ISSUE, "work_order_id", &issue->work_order_id, look_for_open, &search);

	if (status != STATUS_OK || search.found == NULL)
		return status == STATUS_OK ? handling_open_issue(handling, issue) : status;
	search.found->detail = issue->detail; /* the latest of them tells most */
	search.found->mine_value = issue->mine_value;
	if (verdict->outcome != OUTCOME_ISSUE)
		*verdict = (struct verdict){ .outcome = OUTCOME_ISSUE,
			.rule = choice_to_text(handling->arena, issue_kind_names, issue->kind),
			.detail = issue->detail,
			.issue_id = search.found->id };
	return records_put(handling->records, RECORD_ISSUE, search.found);
}

/* Is a record that is there there for the author, too? */
static enum status is_in_sight(struct handling *handling, enum record_kind kind, const struct id *id, bool *out_seen)
{
	struct sight *sight = handling->decision->sight;
	enum status status = sight == NULL ? STATUS_OK : sight->reaches(sight, kind, id);

	*out_seen = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status handling_look(struct handling *handling, enum record_kind kind, const struct id *id, const void **out_row)
{
	bool seen = true;
	enum status status = records_look(handling->records, kind, id, out_row);

	if (status == STATUS_OK && *out_row != NULL)
		status = is_in_sight(handling, kind, id, &seen);
	if (!seen)
		*out_row = NULL;
	return status;
}

enum status handling_subject(struct handling *handling, enum record_kind kind, const void **out_row)
{
	const struct id *subject = &handling->operation->head.subject;
	enum status status = handling_look(handling, kind, subject, out_row);

	if (status != STATUS_OK || *out_row != NULL)
		return status;
	return handling_missing(handling, kind, subject, "subject");
}

enum status reference_holds(struct records *records, enum record_kind kind, const struct id *id, bool *out_holds)
{
	const void *row;
	enum status status;

	if (id_is_nil(id) || (kind == RECORD_STOCK_LOCATION && location_is_virtual(id))) {
		*out_holds = true;
		return STATUS_OK;
	}
	status = records_look(records, kind, id, &row);
	if (status == STATUS_OK)
		*out_holds = row != NULL;
	return status;
}

static bool refers_to(const struct schema *schema, const void *row, const struct id *id)
{
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if (field->kind == FIELD_ID && field->refers != RECORD_NONE && id_equal(field_at(field, row), id))
			return true;
	}
	return false;
}

/* Does a row that `row` names, and that its author has, name it too? Who has a machine may say where it stands. */
static enum status is_named_beside(
	struct handling *handling, const struct schema *schema, const void *row, const struct id *id, bool *out_named)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < schema->field_count && status == STATUS_OK && !*out_named; i++) {
		const struct field *field = &schema->fields[i];
		const void *other = NULL;
		if (field->kind != FIELD_ID || field->refers == RECORD_NONE || field_is_default(field, row))
			continue;
		status = handling_look(handling, field->refers, field_at(field, row), &other);
		*out_named = other != NULL && refers_to(schema_find(field->refers), other, id);
	}
	return status;
}

/* Whether it is there, and its author can name it. */
static enum status can_name(
	struct handling *handling, const struct schema *schema, const void *row, const struct field *field, bool *out_can)
{
	const struct id *id = field_at(field, row);
	enum status status = reference_holds(handling->records, field->refers, id, out_can);

	if (status != STATUS_OK || !*out_can)
		return status;
	status = is_in_sight(handling, field->refers, id, out_can);
	return status == STATUS_OK && !*out_can ? is_named_beside(handling, schema, row, id, out_can) : status;
}

enum status handling_check_references(
	struct handling *handling, const struct schema *schema, const void *row, uint64_t mask, bool *out_complete)
{
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		bool exists;
		enum status status;
		if (field->kind != FIELD_ID || field->refers == RECORD_NONE || (mask >> field->tag & 1) == 0)
			continue;
		status = can_name(handling, schema, row, field, &exists);
		if (status != STATUS_OK)
			return status;
		if (!exists) {
			*out_complete = false;
			return handling_missing(handling, field->refers, field_at(field, row), field->name);
		}
	}
	*out_complete = true;
	return STATUS_OK;
}

enum status handling_refresh_order(struct handling *handling, const struct id *work_order_id)
{
	const void *row;
	struct work_order order;
	enum status status = records_look(handling->records, RECORD_WORK_ORDER, work_order_id, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	order = *(const struct work_order *)row;
	status = work_order_derive(handling->records, &order);
	if (status != STATUS_OK || row_equal(&work_order_schema, row, &order))
		return status;
	return records_put(handling->records, RECORD_WORK_ORDER, &order);
}

enum status handling_occasion(struct handling *handling, struct occasion *out_occasion)
{
	const struct operation *operation = handling->operation;
	struct occasion occasion = { 0 };
	const void *row;
	enum status status = handling_subject(handling, RECORD_VISIT, &row);

	*out_occasion = occasion;
	if (status != STATUS_OK || row == NULL)
		return status;
	occasion.visit = *(const struct visit *)row;
	status = handling_check_references(
		handling, operation_find(operation->head.kind)->arguments, operation->arguments, UINT64_MAX, &occasion.complete);
	if (status == STATUS_OK)
		status = records_look(handling->records, RECORD_WORK_ORDER, &occasion.visit.work_order_id, &row);
	if (status != STATUS_OK)
		return status;
	if (row != NULL)
		occasion.order = arena_copy(handling->arena, row, sizeof(*occasion.order));
	*out_occasion = occasion;
	return STATUS_OK;
}

bool occasion_is_late(const struct occasion *occasion)
{
	return occasion->order != NULL && work_order_is_over(occasion->order);
}

enum status handling_use_asset(struct handling *handling, const struct id *named, struct used_asset *out_used)
{
	const struct asset *asset;
	struct used_asset used = { .named = *named, .id = *named };
	enum status status = asset_follow(handling->records, named, &used.id, &asset);

	if (status != STATUS_OK)
		return status;
	used.gone = !id_equal(&used.named, &used.id) ||
		    (asset != NULL && (asset->status == ASSET_STATUS_RETIRED || asset->status == ASSET_STATUS_REPLACED));
	*out_used = used;
	return STATUS_OK;
}

enum status handling_flag_asset(struct handling *handling, const struct used_asset *used, const struct visit *visit)
{
	const struct operation_head *head = &handling->operation->head;
	struct issue issue = { .kind = ISSUE_KIND_ASSET_GONE, .record = RECORD_ASSET, .record_id = used->named };
	const struct asset *asset;
	const void *row;
	enum status status;

	if (!used->gone)
		return STATUS_OK;
	status = records_look(handling->records, RECORD_ASSET, &used->id, &row);
	if (status != STATUS_OK)
		return status;
	asset = row;
	if (asset != NULL)
		issue.territory_id = asset->territory_id;
	if (visit != NULL) {
		issue.territory_id = visit->territory_id;
		issue.work_order_id = visit->work_order_id;
		issue.visit_id = visit->id;
	}
	issue.detail = arena_print(handling->arena, "technician=%s;operation=%s;asset=%s;survivor=%s", id_to_text(&head->actor).characters,
		operation_find(head->kind)->name, id_to_text(&used->named).characters, id_to_text(&used->id).characters);
	return handling_open_issue(handling, &issue);
}

enum status handling_refuse_over(struct handling *handling, const struct work_order *order)
{
	struct text state = handling_order_state(handling, order->state);

	return handling_reject(handling, RULE_ORDER_OVER, "", arena_print(handling->arena, "state=%.*s", TEXT_ARGUMENTS(state)));
}

struct grant_search {
	const struct id *territory_id;
	bool found;
};

static enum status see_grant(void *context, const void *row)
{
	struct grant_search *search = context;
	const struct territory_grant *grant = row;

	search->found |= !grant->ended && id_equal(&grant->territory_id, search->territory_id);
	return STATUS_OK;
}

enum status handling_serves(
	struct handling *handling, const struct technician *technician, const struct id *territory_id, bool *out_serves)
{
	struct grant_search search = { .territory_id = territory_id, .found = id_equal(&technician->territory_id, territory_id) };
	enum status status = STATUS_OK;

	if (!search.found)
		status = records_each(handling->records, RECORD_TERRITORY_GRANT, "technician_id", &technician->id, see_grant, &search);
	*out_serves = search.found;
	return status;
}

enum status handling_may_tell(struct handling *handling, const struct id *territory_id, const struct id *works_in, bool *out_may)
{
	const struct operation_head *head = &handling->operation->head;
	const void *author;
	enum status status;

	*out_may = head->role != ROLE_TECHNICIAN || id_equal(territory_id, works_in);
	if (*out_may)
		return STATUS_OK;
	status = records_look(handling->records, RECORD_TECHNICIAN, &head->actor, &author);
	return status == STATUS_OK && author != NULL ? handling_serves(handling, author, territory_id, out_may) : status;
}

struct text handling_plain(struct handling *handling, struct text text)
{
	char *characters = arena_copy(handling->arena, text.data, text.size);

	for (size_t i = 0; i < text.size; i++)
		if (characters[i] == ';')
			characters[i] = ',';
	return (struct text){ characters, text.size };
}

struct text handling_visit_state(struct handling *handling, enum visit_state state)
{
	return choice_to_text(handling->arena, visit_state_names, state);
}

struct text handling_order_state(struct handling *handling, enum work_order_state state)
{
	return choice_to_text(handling->arena, work_order_state_names, state);
}
