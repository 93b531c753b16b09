/* A request being put together within the size of one frame. */
#ifndef TRUCKROLL_SYNC_REQUEST_H
#define TRUCKROLL_SYNC_REQUEST_H

#include "protocol/sync/device_store.h"
#include "protocol/wire/envelope.h"
#include "protocol/wire/recon.h"
#include "protocol/wire/session.h"

struct request {
	struct arena *arena;
	struct writer writer;
	size_t size_max;
	const struct common_ground *ground; /* borrowed; of a session whose server knows short forms; NULL: the long ones */
};

void request_init(struct request *request, struct arena *arena, size_t size_max);
void request_hello(struct request *request, const struct outbox_state *outbox, const struct replica_state *replica, int64_t now_ms,
	int64_t free_disk_bytes, enum carrier_class carrier);
void request_recon(struct request *request, const struct recon_request *recon);
/* Where this incarnation comes from. Nothing when it is the first. */
enum status request_origin(struct request *request, struct device_store *store);
void request_incident(struct request *request, const struct told_incident *told);
void request_pull(struct request *request, const struct pull *pull);

/* Whose operations are sent, and from where on. */
struct outgoing {
	struct device_store *store;
	const struct identity *identity;
	const struct id *organisation;
	const struct outbox_state *outbox;
	int64_t acknowledged_seq;
	size_t batch_max; /* bytes, by the pace of the link; one operation goes all the same */
	bool whole_ids;   /* no short references, nor a short form: one was ambiguous */
};

/* The operations after `acknowledged_seq`, as many as the frame and the link take. `*raw_max` is how much raw batch has lately filled a
 * frame; adapted. `*out_last_seq`: the last one that went in. */
enum status request_batch(struct request *request, const struct outgoing *outgoing, size_t *raw_max, int64_t *out_last_seq);

struct bytes request_bytes(const struct request *request);

/* What a hello says before its sections. */
struct opening {
	struct id incarnation;
	struct id server_epoch; /* nil: none known */
	const struct ephemeral *ephemeral;
};

/* Seals the request as the hello that opens a session. */
enum status request_seal_hello(const struct request *request, const struct identity *identity, const struct id *organisation,
	const struct party *server, const struct opening *opening, struct bytes *out_sealed);

#endif
