#include "server/commands.h"
#include "shell/runner.h"

int main(int argc, char **argv)
{
	return runner_main(&server_program, argc, argv);
}
