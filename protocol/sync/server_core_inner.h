/* What the files of the server's core share. Nobody else includes this, but tests that put them into a state. */
#ifndef TRUCKROLL_SYNC_SERVER_CORE_INNER_H
#define TRUCKROLL_SYNC_SERVER_CORE_INNER_H

#include "protocol/sync/ahead.h"
#include "protocol/sync/bundle_files.h"
#include "protocol/sync/careful.h"
#include "protocol/sync/carrier_table.h"
#include "protocol/sync/commit.h"
#include "protocol/sync/herd.h"
#include "protocol/sync/incident.h"
#include "protocol/sync/ingest.h"
#include "protocol/sync/inquiry.h"
#include "protocol/sync/own_chain.h"
#include "protocol/sync/parked.h"
#include "protocol/sync/poll_table.h"
#include "protocol/sync/recon.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/server_core.h"
#include "protocol/sync/server_event.h"
#include "protocol/sync/window.h"

/* What the calls of server_core.h do; they come in through server_event.c. */
enum status server_on_frame(struct server_core *core, uint64_t connection, struct bytes frame);
enum status server_on_bundle(struct server_core *core, uint64_t connection, struct bytes sealed);
enum status server_on_bundle_for(struct server_core *core, const struct id *device, int64_t file_bytes_max, envelope_take take,
	void *context, struct server_bundle *out_bundle);
enum status server_on_operation(
	struct server_core *core, const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id);
void server_on_abandon(struct server_core *core);
enum status server_on_open_commit(struct server_core *core);
enum status server_on_parked(struct server_core *core, const struct parked_order *order, struct verdict *out_verdict);
enum status server_on_revoke(struct server_core *core, const struct id *device, uint32_t state);
void server_on_queue(struct server_core *core, bool waiting);
enum status server_on_flush(struct server_core *core);
enum status server_on_committed(struct server_core *core, enum status result);
enum status server_on_prepare(struct server_core *core);
enum status server_on_tick(struct server_core *core);
void server_on_incident(struct server_core *core, const struct incident *incident);

#define NO_CONNECTION (UINT64_MAX - 1) /* nobody waits for the answer */

struct effect_entry {
	struct effect_entry *next;
	struct server_effect effect;
};

/* What time alone does, and how far that came. */
struct rounds {
	int64_t next_at_ms;    /* monotonic; when to do it again */
	int64_t note_at_ms;    /* monotonic; when to note the time of a commit again */
	int64_t archive_at_ms; /* monotonic; when to look at aged facts again */
	struct window_place archived;     /* how far that came */
	struct parked_place looked_after; /* how far the latest look at parked operations came; zero: all were looked at */
};

struct server_core {
	struct server_core_options options;
	struct server_state state;
	struct own_chain own;
	struct own_chain own_before; /* as of the last durable commit */
	struct session_table *sessions;
	int64_t sweep_at_ms;  /* monotonic; when to look for sessions that are over */
	struct rounds rounds;
	struct rounds rounds_before; /* as of the last durable commit */
	int64_t rounds_retry_at_ms;  /* monotonic; not before that, should they have failed */
	/* monotonic; when first to look at parked operations again: not at the start, one that ends the server would not let it serve */
	int64_t look_again_at_ms;
	struct change_ring *ring;
	struct commit commit;
	bool in_commit;
	bool changed;             /* something in the commit is to be kept */
	enum status failed;       /* the store, while a frame was taken in */
	struct arena commit_arena;  /* life of the commit */
	struct arena request_arena; /* life of one event */
	struct arena effect_arena;  /* until all effects are taken */
	struct inquiry *answering;  /* wait for the commit, oldest first */
	struct inquiry **answering_end;
	struct hello_index hellos;  /* of those */
	struct poll_table *polls;   /* wait for news */
	struct inquiry *woken;      /* polls that there is news for, oldest first */
	struct inquiry **woken_end;
	/* monotonic; when to look again for polls that a commit has news for, since the store could not be read; 0: not */
	int64_t wake_at_ms;
	struct effect_entry *effects;
	struct effect_entry **effects_end;
	struct page_cache *pages; /* NULL: none are kept */
	size_t page_raw_max; /* adapts to how well pages compress */
	struct ahead ahead;
	struct recon_cache recon_cache;
	struct server_sender sender; /* of the latest frame */
	struct server_core_counts counts;
	struct losses losses;
	struct incidents incidents; /* to be told, not durable yet */
	struct careful careful;
	struct herd herd;
	struct carrier_table carriers;
	struct hash program;       /* that reads batches: as its text says */
	struct attempt own_tried;  /* the office's operation in the open commit, when it was suspected; seq 0: none */
};

int64_t server_core_now_ms(const struct server_core *core);
int64_t server_core_monotonic_ms(const struct server_core *core);

void server_core_emit(struct server_core *core, enum server_effect_kind kind, uint64_t connection, struct bytes bytes);
enum status server_core_ensure_commit(struct server_core *core);
struct ingest server_core_make_ingest(struct server_core *core, int64_t handler_revision);
/* Reads a batch and judges its sender, before any commit is opened for it: `waiting->fault` says what is wrong with it. */
enum status server_core_read_batch(struct server_core *core, struct inquiry *waiting, const struct section *section, struct arena *arena,
	struct device_entry *out_device, struct batch *out_batch);
/* A batch that is at fault, or cannot be stored through no failure of the store, leaves no trace in the commit that others share; its
 * sender is told. `verified` NULL: it is to be verified first. */
enum status server_core_ingest_apart(struct server_core *core, struct ingest *ingest, const struct device_entry *device,
	struct batch *batch, struct verified_batch *verified, struct wire_fault *out_fault);
/* Marks what the core is at (suspect.h): one more of the open commit. False: it cannot. */
bool server_core_mark_reading(struct server_core *core, const struct inquiry *waiting);
bool server_core_mark_deciding(struct server_core *core, const struct attempt *first, int64_t last_seq);

/* A device's word on where its incarnation comes from (`waiting->fault`: it has begun too many); what it found wrong with itself. */
enum status server_core_take_origin(struct server_core *core, struct inquiry *waiting);
void server_core_note_incarnations(struct server_core *core, const struct id *device);
enum status server_core_take_told(struct server_core *core, const struct inquiry *waiting, struct bytes body);
/* Before a commit is opened for nothing but incidents: forgets those noted that stand on record often enough. The store's statuses. */
enum status server_core_drop_told(struct server_core *core);
void server_core_note_fork(struct server_core *core, const struct id *device, int64_t seq);
/* At the first frame of a session. */
void server_core_look_for_copy(struct server_core *core, const struct live_session *live);

/* Goes on with the batches that are held, until something is to be committed or none is left. One step at a time: between two of them
 * comes whatever else is waiting. */
enum status server_core_careful_next(struct server_core *core);
/* Counts a try of the office's operation, when that is called for; `*out_attempt` as it was before, seq 0: not counted. */
enum status server_core_count_own(struct server_core *core, const struct operation *operation, struct attempt *out_attempt);

/* Answers a request's section about files (server_blobs.c), before the pull: what the answer takes of the frame, the page has less. The
 * read snapshot is open. Adds the store's statuses; what the store of files cannot do is told to the device. */
enum status server_core_answer_blob(struct server_core *core, const struct inquiry *waiting, const struct device_entry *device,
	struct reply *reply);

/* Tells the device in a bundle which of the files that came by its bundles are whole. Of those that are not here any more it forgets that
 * they came. */
void server_core_tell_known(struct server_core *core, const struct id *device, struct reply *reply);

/* Takes in an envelope of a bundle; `waiting` is then to wait for the commit. A failure of the store is in core->failed; any other status
 * says that it is none of a device of ours. */
enum status server_core_take_bundled(struct server_core *core, struct inquiry *waiting, struct bytes sealed);
/* Of what was carried, held, and has come to its end durably. */
void server_core_tell_carriers(struct server_core *core, const struct inquiry *carried);
/* A piece of a carried bundle (server_carry.c): waiting->carried says what became of it. The store's statuses. */
enum status server_core_take_carried(struct server_core *core, struct inquiry *waiting);
/* Tells that, or the next piece of the answer. The read snapshot is open. Adds the store's statuses. */
enum status server_core_answer_carry(struct server_core *core, const struct inquiry *waiting, struct reply *reply);

/* A bundle for a device, part by part. The read snapshot is open, core->state is read. Statuses of server_core_bundle_for(). */
enum status server_core_begin_pass(struct server_core *core, const struct id *device, struct answer_pass *out_pass);
/* The next part, sealed, in the request's arena; pass->part.last: there is no other. */
enum status server_core_next_part(struct server_core *core, struct answer_pass *pass, struct bytes *out_sealed);

/* Adds what would come to the device over a link by itself, but for what it told that it has. The read snapshot is open. Adds the store's
 * statuses and those of `take`. */
enum status server_core_files_for(struct server_core *core, const struct device_entry *device, struct bundle_files *files);

/* Every hour: parts go that nothing came to for a day, and of a sixteenth of the files those that no row speaks of. What the store of
 * files cannot do is tried again. */
void server_core_sweep_blobs(struct server_core *core);

/* Reads a request's sections. STATUS_CORRUPT: malformed, nothing of it was taken. */
enum status server_core_take_sections(
	struct server_core *core, struct inquiry *waiting, struct bytes message, int64_t handler_revision);
/* Keeps a request until the commit that holds its operations is durable. */
void server_core_wait_for_commit(struct server_core *core, struct inquiry *waiting);

/* A batch of `size` bytes came in a session. True: not now; `waiting->fault` tells its sender when to come again. */
bool server_core_turn_away(struct server_core *core, struct inquiry *waiting, size_t size);

/* What time alone does: once, when the core opens; in each commit of something else; with each tick, when it is due. */
void server_core_begin_rounds(struct server_core *core);
enum status server_core_note_time(struct server_core *core);
enum status server_core_do_rounds(struct server_core *core);

/* Nothing of the open commit happened. */
void server_core_abandon_commit(struct server_core *core);

/* Puts an inquiry with those that wait for the commit. */
void server_core_let_wait(struct server_core *core, struct inquiry *waiting);
/* No answer will come. */
void server_core_refuse(struct server_core *core, uint64_t connection);

/* Whoever waits for what the open commit changed is put with the woken. O(scopes it changed + polls woken). */
void server_core_wake(struct server_core *core);
/* Everything that waited for the commit is answered, or parked; whoever was woken is answered. Adds the store's statuses. */
enum status server_core_answer_all(struct server_core *core);
/* The device has asked again: whatever it was waiting for before it waits for no more, and gets no answer. */
void server_core_leave_poll(struct server_core *core, const struct id *device);
/* The seeded bug: tells the devices before anything is durable. */
void server_core_answer_early(struct server_core *core);

#endif
