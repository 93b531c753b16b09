/* What the running agent says of its link to a command beside it. */
#ifndef TRUCKROLL_DEVICE_AGENT_AGENT_ANSWER_H
#define TRUCKROLL_DEVICE_AGENT_AGENT_ANSWER_H

#include "shell/command.h"

struct agent_answer {
	bool runs;
	bool answered;         /* false: none runs, or it is too busy to: what follows says nothing then */
	bool connected;
	bool synced;
	bool rows_held, files_held; /* by what the link may carry */
	int64_t files_waiting, file_bytes_waiting;
	struct text failure;   /* the latest, in English, in the command's arena; empty: none */
	int64_t contact_at_ms; /* always: when the office was reached last, by an agent or not; 0: never */
};

/* Asks the agent of the command's directory; waits for it a moment, not long. */
struct agent_answer agent_answer_ask(struct context *context);

#endif
