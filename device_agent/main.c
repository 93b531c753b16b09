#include "device_agent/commands.h"
#include "shell/runner.h"

int main(int argc, char **argv)
{
	return runner_main(&device_program, argc, argv);
}
