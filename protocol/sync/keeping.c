#include "protocol/sync/keeping.h"

#define LET_GO_MOST 4096 /* at a time: the rest at the next welcome */

int64_t keeping_count(const struct outbox_state *outbox, const struct kept_state *kept)
{
	return kept->former + (outbox->last_seq == 0 ? 0 : outbox->last_seq - kept->first_seq + 1);
}

/* Everything settled that the server has by this commit. */
static struct kept_mark mark_of(const struct welcome *welcome, const struct replica_state *replica)
{
	return (struct kept_mark){ .epoch = welcome->epoch,
		.gseq = welcome->gseq,
		.seq = welcome->last_seq < replica->settled_seq ? welcome->last_seq : replica->settled_seq,
		.at_ms = welcome->time_ms };
}

static bool holds_any(const struct kept_state *kept, const struct kept_mark *mark)
{
	return kept->former > 0 || mark->seq > kept->first_seq;
}

/* The rest of what the mark stands for goes at the next welcome. */
static enum status let_go(struct device_store *store, const struct kept_mark *mark, int64_t *out_count)
{
	enum status status = device_store_let_go(store, mark->seq, LET_GO_MOST, out_count);

	if (status == STATUS_OK && *out_count < LET_GO_MOST)
		status = device_store_put_mark(store, &(struct kept_mark){ .seq = 0 });
	return status;
}

enum status keeping_look(struct device_store *store, const struct welcome *welcome, enum seeded_bug bug, int64_t *out_unbacked)
{
	struct replica_state replica;
	struct kept_state kept;
	int64_t count;
	enum status status = device_store_kept(store, &kept);

	*out_unbacked = 0;
	if (status == STATUS_OK)
		status = device_store_replica(store, &replica);
	if (status != STATUS_OK)
		return status;
	if (!id_equal(&kept.mark.epoch, &welcome->epoch)) { /* there is none, or it is of a life of the server that has ended */
		kept.mark = mark_of(welcome, &replica);
		if (!holds_any(&kept, &kept.mark))
			return STATUS_OK;
		status = device_store_put_mark(store, &kept.mark);
	}
	if (status != STATUS_OK)
		return status;
	if (welcome->backup_gseq >= kept.mark.gseq || bug == BUG_KEPT_TOO_SHORT)
		return let_go(store, &kept.mark, &count);
	if (welcome->time_ms - kept.mark.at_ms > KEEPING_MS_MAX || kept.bytes > KEEPING_BYTES_MAX)
		return let_go(store, &kept.mark, out_unbacked);
	return STATUS_OK;
}

enum status keeping_meet(struct device_store *store, const struct id *epoch, const struct cursor *cursor, bool *out_restored)
{
	struct kept_state kept;
	enum status status = device_store_kept(store, &kept);
	bool met;

	if (status != STATUS_OK)
		return status;
	met = !id_is_nil(&kept.epoch);
	if (!met && cursor->gseq != 0)
		kept.epoch = cursor->epoch;
	*out_restored = !id_is_nil(&kept.epoch) && !id_equal(&kept.epoch, epoch);
	return met || *out_restored ? STATUS_OK : device_store_put_epoch(store, epoch);
}

enum status keeping_compare(struct device_store *store, int64_t last_seq, struct keeping_gap *out_gap)
{
	struct kept_state kept;
	enum status status = device_store_kept(store, &kept);

	if (status != STATUS_OK)
		return status;
	*out_gap = (struct keeping_gap){ .anew = kept.former > 0 };
	if (last_seq < kept.first_seq - 1)
		*out_gap = (struct keeping_gap){ .anew = true, .first = last_seq + 1, .last = kept.first_seq - 1 };
	return STATUS_OK;
}
