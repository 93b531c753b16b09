/* truckrolld with a handler that has a fault: a remark of these words ends the process while it is decided. For tests only. */
#include <stdlib.h>

#include "server/commands.h"
#include "server/office.h"
#include "shell/runner.h"

#define WORDS "end the process"

static void end_the_process(const struct operation *operation)
{
	const struct note_arguments *remark = operation->arguments;

	if (operation->head.kind == OPERATION_ADD_NOTE && text_equals(remark->text, WORDS))
		abort();
}

int main(int argc, char **argv)
{
	office_watch_decisions(end_the_process);
	return runner_main(&server_program, argc, argv);
}
