/* The bundle: envelopes in a file, for a stick or a mail (docs/protocol.md, "Bundles"). Permanent. magic "TRKBNDL1" ‖ direction ‖
 * organisation ‖ device ‖ count (4) ‖ count × (size (4) ‖ envelope) ‖ BLAKE2b-256 of all before under the key "truckroll/bundle/v1". The
 * hash tells a whole file from a damaged one; who wrote it, and for whom, only the envelopes prove. */
#ifndef TRUCKROLL_WIRE_BUNDLE_H
#define TRUCKROLL_WIRE_BUNDLE_H

#include "protocol/wire/envelope.h"
#include "protocol/wire/message.h"

#define BUNDLE_SIZE_MAX      ((size_t)256 * 1024 * 1024)
#define BUNDLE_ENVELOPES_MAX ((size_t)65536)
#define BUNDLE_HEAD_SIZE     (8 + 1 + 2 * ID_SIZE + 4) /* before the first envelope */

enum bundle_direction {
	BUNDLE_TO_SERVER = 1, /* requests of the device */
	BUNDLE_TO_DEVICE = 2, /* what the server answers it */
};

struct bundle_head {
	enum bundle_direction direction;
	struct id organisation;
	struct id device; /* who made it, or whom it is for */
};

struct bundle {
	struct bundle_head head;
	struct bytes *envelopes; /* views of the file */
	size_t count;            /* at least 1 */
};

/* A file being put together in an arena. */
struct bundle_writer {
	struct writer writer;
	size_t count;
};

void bundle_begin(struct bundle_writer *bundle, struct arena *arena, const struct bundle_head *head);
/* Adds one; at most ENVELOPE_SIZE_MAX bytes. */
void bundle_add(struct bundle_writer *bundle, struct bytes envelope);
/* The whole file, in the arena. STATUS_INVALID: nothing was added, or it is beyond BUNDLE_SIZE_MAX or BUNDLE_ENVELOPES_MAX. */
enum status bundle_end(struct bundle_writer *bundle, struct bytes *out_file);

/* Is it one, of any version, whole or not? */
bool bundle_looks_like(struct bytes file);
/* The first BUNDLE_HEAD_SIZE bytes of a bundle that was read whole before. STATUS_CORRUPT. */
enum status bundle_head_read(struct bytes beginning, struct bundle_head *out_head, size_t *out_count);
/* Takes it apart; `arena` holds the list only, which is never longer than the file allows. STATUS_CORRUPT with a sentence for what is cut,
 * appended to, merged or changed; STATUS_NEWER for another version. */
enum status bundle_read(struct bytes file, struct arena *arena, struct bundle *out_bundle);

/* What the server's envelope of a bundle stands on, in the place of a session. */
struct bundle_part {
	struct id bundle;      /* by chance: parts of two bundles do not mix */
	struct id incarnation; /* it speaks of; nil: of none, the server has not heard of one */
	struct cursor told;    /* the device's latest word in a bundle; nil and 0: none */
	struct cursor since;   /* what follows is what changed since; gseq 0: everything */
	int64_t settled_seq;   /* decisions after it are told */
	struct cursor until;   /* where the cut ends */
	bool own_rows;         /* also rows that the device computed */
	bool last;
	int64_t number; /* from 1 */
};
void bundle_part_encode(struct writer *writer, const struct bundle_part *part);
enum status bundle_part_decode(struct bytes body, struct bundle_part *out_part);

#endif
