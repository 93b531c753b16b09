#include "protocol/sync/file_order.h"

#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"

#define SOON_MS ((int64_t)24 * 3600 * 1000) /* a job that is planned for no later is before the technician */

struct visit_search {
	const struct id *technician;
	int64_t until_ms;
	bool found;
};

static enum status look_at_visit(void *context, const void *row)
{
	struct visit_search *search = context;
	const struct visit *visit = row;

	if (id_equal(&visit->technician_id, search->technician) && visit_state_find(visit->state)->open &&
		visit->planned_start_at_ms <= search->until_ms)
		search->found = true;
	return STATUS_OK;
}

enum status file_queue_of(struct records *records, const struct id *technician, int64_t now_ms, const struct id *work_order,
	enum blob_queue *out_queue)
{
	struct visit_search search = { .technician = technician, .until_ms = now_ms + SOON_MS };
	const void *order = NULL;
	enum status status = records_look(records, RECORD_WORK_ORDER, work_order, &order);

	*out_queue = BLOB_QUEUE_COUNT;
	if (status != STATUS_OK || order == NULL || work_order_is_over(order))
		return status;
	status = records_each(records, RECORD_VISIT, "work_order_id", work_order, look_at_visit, &search);
	*out_queue = search.found ? BLOB_QUEUE_SOON : BLOB_QUEUE_REST;
	return status;
}
