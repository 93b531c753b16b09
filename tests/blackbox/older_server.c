/* truckrolld as it was one revision of the schema ago. For tests only. */
#include "protocol/domain/revision.h"
#include "server/commands.h"
#include "shell/runner.h"

int main(int argc, char **argv)
{
	schema_speak(SCHEMA_REVISION - 1);
	return runner_main(&server_program, argc, argv);
}
