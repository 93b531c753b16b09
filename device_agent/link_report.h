/* How far the owner of a device on line is: it says so, and commands beside it read that. */
#ifndef TRUCKROLL_DEVICE_AGENT_LINK_REPORT_H
#define TRUCKROLL_DEVICE_AGENT_LINK_REPORT_H

#include "device_agent/link.h"

struct link_report {
	bool synced;
	bool connected;
	bool unanswered; /* a hello went out, and no welcome came */
	bool outdated;   /* only an update of this program helps */
	int64_t failures;
	int64_t rounds, rows, rows_expected, sent, received;
	int64_t files_waiting, files_stuck, files_sent, files_received;
	int64_t file_bytes_waiting, file_bytes_sent, file_bytes_received;
	int64_t carried_waiting, carried_answers; /* bundles of others, and answers to them that came */
	bool rows_held, files_held;               /* by what a metered link may carry */
	int64_t repairs, repaired;                /* comparisons by range, and rows that they put right */
	bool revoked;                             /* the server says so */
	bool stolen;                              /* and this */
	int64_t last_contact_at_ms;               /* wall time; 0: not since the owner was started */
	struct text failure;                      /* of the latest try, in English; empty: it went well. Texts are in the command's arena */
	struct text file_trouble;                 /* why files cannot be moved; empty: nothing stands in the way */
	struct text refusal;                      /* why the server takes nothing that is pending; empty: it does */
};

/* Of a link in this process. */
struct link_report link_report_of(struct context *context, const struct link *link);
/* For people, and with --json for those who read it. */
void link_report_tell(struct output *output, const struct link_report *report);

enum link_asking {
	ASK_ONLY,
	ASK_GO,    /* it is to go on line at once */
	ASK_CHECK, /* and to compare its rows, too */
};
/* Asks the agent of the command's directory, and waits for it so long. Never from within an agent: it would wait for itself.
 * STATUS_NOT_FOUND: none runs; STATUS_OFFLINE: it does not say; adds the statuses of control_call(). */
enum status link_report_ask(
	struct context *context, enum link_asking asking, int timeout_ms, struct link_report *out_report);

#endif
