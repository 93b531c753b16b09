/* Remarks on a work order. */
#include "protocol/domain/handler.h"
#include "protocol/domain/note.h"

enum status handle_note(struct handling *handling)
{
	const struct operation_head *head = &handling->operation->head;
	const struct note_arguments *arguments = handling->operation->arguments;
	const struct work_order *order;
	const void *row;
	struct note note;
	enum status status = handling_subject(handling, RECORD_WORK_ORDER, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	order = row;
	note = (struct note){
		.id = handling_next_id(handling),
		.work_order_id = order->id,
		.territory_id = order->territory_id,
		.text = arguments->text,
		.author_id = head->actor,
		.at_ms = head->at_ms,
		.late = work_order_is_over(order),
	};
	status = records_put(handling->records, RECORD_NOTE, &note);
	return status == STATUS_OK ? handling_flag_late(handling, order, NULL) : status;
}
