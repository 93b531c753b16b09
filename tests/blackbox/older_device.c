/* truckroll as it was shipped first. For tests only. */
#include "device_agent/commands.h"
#include "protocol/domain/revision.h"
#include "shell/runner.h"

int main(int argc, char **argv)
{
	schema_speak(SCHEMA_REVISION_PLAIN);
	return runner_main(&device_program, argc, argv);
}
