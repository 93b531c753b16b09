/* The office: an organisation's directory opened by its owner, with the core that decides. Every command of the server that
 * writes works on one, whether it runs by itself or inside the serving process. */
#ifndef TRUCKROLL_SERVER_OFFICE_H
#define TRUCKROLL_SERVER_OFFICE_H

#include "protocol/sync/server_core.h"
#include "protocol/transport/listener.h"
#include "server/front_watch.h"
#include "server/commit_note.h"
#include "server/flight.h"
#include "server/run_mark.h"
#include "server/server_keys.h"
#include "server/store.h"
#include "shell/command.h"

/* Marks an organisation made with --bench, which has the benchmark's record. */
#define OFFICE_BENCH_FILE "bench"

struct office {
	struct arena arena; /* life of the office */
	struct text dir;
	struct server_keys keys;
	struct identity identity;
	struct server_store *store;
	const struct blob_files *blobs; /* DIR/blobs */
	struct server_core *core;  /* NULL when opened for reading */
	struct listener *listener; /* NULL unless serving */
	struct front_watch *front; /* NULL unless serving with --front */
	struct text listen_url;    /* as the listener was told to listen; NUL-terminated */
	const struct clock *clock;
	struct commit_note note; /* as the file has it */
	int64_t noted_at_ms;     /* monotonic */
	bool to_note;            /* the store has come further */
	struct run_mark mark;    /* says that it is open, and what it is at */
	struct arena *answer_arena; /* while a command waits for an answer of the core */
	struct bytes answer;        /* to OFFICE_CONNECTION */
	struct server_flight *flight; /* NULL: nothing is recorded */
	bool bench;              /* it has the benchmark's record */
	bool lost;               /* the note has come further than the store: nothing is changed */
};

/* Opens the organisation in `dir`. For writing, the caller holds the lock. */
enum status office_open(struct text dir, const struct clock *clock, bool read_only, struct office **out_office);
/* For writing, with a flight recorder that may take so many bytes; 0: without. */
enum status office_open_recorded(struct text dir, const struct clock *clock, int64_t flight_bytes, struct office **out_office);
/* Sees whether the store lacks commits that were durable; whoever opens for writing has done so, a reader that hands something out does it
 * itself. STATUS_CORRUPT: there is no organisation in it. */
enum status office_read_history(struct office *office);
/* STATUS_CORRUPT when the store lacks commits that were durable: then it is only looked at. */
enum status office_check_loss(const struct office *office);
/* Goes on with what is left, and takes a new epoch, so that every device starts over and sends again what it has. */
enum status office_accept_loss(struct office *office);
/* Notes how far the store has come, at most once a second. Returns whether there is something left to note. */
bool office_take_note(struct office *office);
/* Accepts NULL. An owner's log goes into the file itself. */
void office_close(struct office *office);

/* For tests: called before each operation is decided, in every office that is opened from here on. The product never sets it. */
void office_watch_decisions(void (*before_decide)(const struct operation *operation));

/* The office of a command. */
struct office *office_of(const struct context *context);

/* Decides one operation of the office in the open commit; not durable before office_settle(). REJECTED is STATUS_REFUSED with
 * the rule's words as the reason. Fills in the role (dispatcher when 0) and event time of the command. */
enum status office_operation(
	struct context *context, struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id);

/* Carries out everything the core asks for: commits, answers devices. STATUS_CANNOT_WRITE: nothing of the commit happened. */
enum status office_settle(struct office *office);
/* The connection of what came by a command, not from a listener. */
#define OFFICE_CONNECTION UINT64_MAX

/* office_settle() until the core has answered OFFICE_CONNECTION, in `arena`. STATUS_BUSY: it was turned away, or it takes too long. */
enum status office_settle_for(struct office *office, struct arena *arena, struct bytes *out_answer);
/* The reason so far, and that the running server reads a file, not who gave the command: they need not see the same files. */
enum status office_cannot_see(const struct context *context);
/* Drops what the command decided since the last office_settle(). */
void office_abandon(struct office *office);

/* One operation, settled, and its outcome told in words. */
enum status office_run(struct context *context, struct operation *operation, struct id *out_operation_id);

/* The record a person means by `text`: digits of its id (at least four), or its exact number or name. STATUS_NOT_FOUND,
 * STATUS_AMBIGUOUS. */
enum status office_find(struct context *context, enum record_kind kind, struct text text, struct id *out_id);

/* A record by what a person calls it, in the context's arena. */
enum status office_get(struct context *context, enum record_kind kind, struct text text, void **out_row);

#endif
