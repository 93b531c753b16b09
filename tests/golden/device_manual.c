/* docs/truckroll.1 against the device's commands. */
#include "device_agent/commands.h"
#include "tests/golden/manual_page.h"

int main(int argc, char **argv)
{
	return manual_page_main(&device_program, argc, argv);
}
