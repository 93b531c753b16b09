/* Readings of meters, and what a meter shows last. */
#include <inttypes.h>

#include "protocol/domain/handler.h"
#include "protocol/domain/meter.h"

/* True when the reading takes the place of the one that counts. */
static enum status corrects_last(struct handling *handling, const struct reading *reading, const struct meter *meter, bool *out_corrects)
{
	const struct reading *last;
	const void *row;
	enum status status;

	*out_corrects = false;
	if (id_is_nil(&reading->corrects_id))
		return STATUS_OK;
	*out_corrects = id_equal(&reading->corrects_id, &meter->last_reading_id);
	if (*out_corrects)
		return STATUS_OK;
	status = records_look(handling->records, RECORD_READING, &meter->last_reading_id, &row);
	last = row;
	if (status == STATUS_OK && last != NULL) /* the same reading is corrected once more */
		*out_corrects = id_equal(&last->corrects_id, &reading->corrects_id);
	return status;
}

/* A counter goes up until it begins again: after a turn it shows less than half of what it can, from more than half. */
static bool turned(const struct meter *meter, int64_t value)
{
	return meter->rollover > 0 && meter->last_value > meter->rollover / 2 && value <= meter->rollover / 2;
}

static enum reason doubt(const struct meter *meter, const struct reading *reading, bool corrects)
{
	bool first = id_is_nil(&meter->last_reading_id);

	if (meter->kind != METER_KIND_COUNTER)
		return REASON_NONE;
	if (meter->rollover > 0 && reading->value > meter->rollover)
		return REASON_BEYOND_METER;
	if (first || corrects || reading->value >= meter->last_value || turned(meter, reading->value))
		return REASON_NONE;
	return REASON_COUNTER_BACK;
}

/* Whoever names a meter elsewhere would learn what it shows. */
static enum status keep_back(struct handling *handling, const struct meter *meter, const struct reading *reading, const struct issue *issue)
{
	const void *visit;
	const struct id nowhere = { 0 };
	bool may = true;
	enum status status = records_look(handling->records, RECORD_VISIT, &reading->visit_id, &visit);

	if (status == STATUS_OK)
		status = handling_may_tell(
			handling, &meter->territory_id, visit == NULL ? &nowhere : &((const struct visit *)visit)->territory_id, &may);
	if (status == STATUS_OK && !may && id_equal(&handling->verdict->issue_id, &issue->id))
		handling->verdict->detail = arena_print(handling->arena, "meter=%s;value=%" PRId64, id_to_text(&meter->id).characters,
			reading->value);
	return status;
}

/* A reading is a fact and stands; whether it can be right, a person sees. `meter` as it was before. */
static enum status flag_doubt(struct handling *handling, const struct meter *meter, const struct reading *reading, bool corrects)
{
	enum reason reason = doubt(meter, reading, corrects);
	enum status status;
	struct issue issue = {
		.kind = ISSUE_KIND_READING_UNLIKELY,
		.territory_id = reading->territory_id,
		.work_order_id = reading->work_order_id,
		.visit_id = reading->visit_id,
		.record = RECORD_READING,
		.record_id = reading->id,
	};

	if (reason == REASON_NONE)
		return STATUS_OK;
	issue.detail = arena_print(handling->arena,
		"technician=%s;meter=%s;value=%" PRId64 ";last=%" PRId64 ";limit=%" PRId64 ";scale=%" PRId64 ";reason=%s",
		id_to_text(&reading->technician_id).characters, id_to_text(&meter->id).characters, reading->value, meter->last_value,
		meter->rollover, meter->scale, reason_find(reason)->word);
	status = handling_open_issue(handling, &issue);
	return status == STATUS_OK ? keep_back(handling, meter, reading, &issue) : status;
}

enum status handling_post_reading(struct handling *handling, const struct reading *reading)
{
	const void *row = NULL;
	struct meter meter;
	bool corrects;
	enum status status = records_put(handling->records, RECORD_READING, reading);

	if (status == STATUS_OK)
		status = records_look(handling->records, RECORD_METER, &reading->meter_id, &row);
	if (status != STATUS_OK || row == NULL)
		return status;
	meter = *(const struct meter *)row;
	status = corrects_last(handling, reading, &meter, &corrects);
	if (status != STATUS_OK)
		return status;
	/* A correction says what the meter showed then; a reading that comes later than a younger one changes nothing. */
	if (!corrects && (!id_is_nil(&reading->corrects_id) || reading->at_ms < meter.last_at_ms))
		return STATUS_OK;
	status = flag_doubt(handling, &meter, reading, corrects);
	if (status != STATUS_OK)
		return status;
	meter.last_value = reading->value;
	meter.last_reading_id = reading->id;
	if (!corrects)
		meter.last_at_ms = reading->at_ms;
	return records_put(handling->records, RECORD_METER, &meter);
}

enum status handle_read_meter(struct handling *handling)
{
	const struct reading_arguments *arguments = handling->operation->arguments;
	struct occasion occasion;
	struct used_asset used;
	struct reading reading;
	const void *meter;
	enum status status = handling_occasion(handling, &occasion);

	if (status != STATUS_OK || !occasion.complete)
		return status;
	status = records_get(handling->records, RECORD_METER, &arguments->meter_id, &meter);
	if (status == STATUS_OK)
		status = handling_use_asset(handling, &((const struct meter *)meter)->asset_id, &used);
	if (status != STATUS_OK)
		return status;
	reading = (struct reading){
		.id = handling_next_id(handling),
		.meter_id = arguments->meter_id,
		.value = arguments->value,
		.at_ms = handling->operation->head.at_ms,
		.corrects_id = arguments->corrects_id,
		.visit_id = occasion.visit.id,
		.work_order_id = occasion.visit.work_order_id,
		.territory_id = ((const struct meter *)meter)->territory_id,
		.asset_id = used.id,
		.technician_id = handling->operation->head.actor,
		.late = occasion_is_late(&occasion),
	};
	status = handling_post_reading(handling, &reading);
	if (status == STATUS_OK)
		status = handling_flag_asset(handling, &used, &occasion.visit);
	return status == STATUS_OK ? handling_flag_fact(handling, &occasion.visit, occasion.order) : status;
}
