/* docs/truckrolld.8 against the server's commands. */
#include "server/commands.h"
#include "tests/golden/manual_page.h"

int main(int argc, char **argv)
{
	return manual_page_main(&server_program, argc, argv);
}
