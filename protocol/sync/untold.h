/* What a device found wrong with itself and the server is still to be told: the latest such incident. Beside the files it outlives the
 * process, so that a device of which every command is a process of its own, and which has no sessions, tells it in its next bundle. */
#ifndef TRUCKROLL_SYNC_UNTOLD_H
#define TRUCKROLL_SYNC_UNTOLD_H

#include "protocol/sync/blob_files.h"
#include "protocol/wire/message.h"

/* Zero-initialised there is none. */
struct untold {
	struct told_incident told; /* its texts are below; what empty: none */
	char what[TOLD_WHAT_MAX];
	char detail[TOLD_DETAIL_MAX];
	struct cursor said; /* where the device stood by the latest bundle that tells it; gseq 0: none has, or it stood nowhere */
};

/* `files` NULL: it lives as long as the process. What cannot be kept does so, too. */
void untold_load(struct untold *untold, const struct blob_files *files);
/* Takes the place of an earlier one. What is too long is cut. */
void untold_note(struct untold *untold, const struct blob_files *files, int64_t at_ms, struct text what, struct text detail);
/* A bundle is durable that tells it and says that the device stands there. */
void untold_said(struct untold *untold, const struct blob_files *files, const struct cursor *cursor);
/* The server knows it. */
void untold_clear(struct untold *untold, const struct blob_files *files);
bool untold_is(const struct untold *untold);

#endif
