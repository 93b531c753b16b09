#include "protocol/sync/standing.h"

enum status standing_take(struct device_store *store, struct standing *out_standing)
{
	struct outbox_state outbox;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		*out_standing =
			(struct standing){ .incarnation = outbox.incarnation, .seq = outbox.last_seq, .head = outbox.last_hash };
	return status;
}

/* An incarnation that the outbox does not know began after it was copied. */
static enum status is_unknown(const struct standing *standing, struct device_store *store, bool *out_lost)
{
	enum status status = device_store_knows_incarnation(store, &standing->incarnation);

	*out_lost = status == STATUS_NOT_FOUND;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status standing_proves_loss(const struct standing *standing, struct device_store *store, bool *out_lost)
{
	struct outbox_state outbox;
	struct hash head;
	enum status status = device_store_outbox(store, &outbox);

	*out_lost = false;
	if (status != STATUS_OK || id_is_nil(&standing->incarnation))
		return status;
	if (!id_equal(&standing->incarnation, &outbox.incarnation))
		return is_unknown(standing, store, out_lost);
	*out_lost = standing->seq > outbox.last_seq;
	if (*out_lost)
		return STATUS_OK;
	status = device_store_outbox_head(store, standing->seq, &head);
	*out_lost = status == STATUS_OK && !hash_equal(&head, &standing->head);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
