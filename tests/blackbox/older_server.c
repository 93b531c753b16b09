/* truckrolld as it was shipped first. For tests only. */
#include "protocol/domain/revision.h"
#include "server/commands.h"
#include "shell/runner.h"

int main(int argc, char **argv)
{
	schema_speak(SCHEMA_REVISION_PLAIN);
	return runner_main(&server_program, argc, argv);
}
