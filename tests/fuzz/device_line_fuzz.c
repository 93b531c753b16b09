#include "device_agent/commands.h"
#include "tests/fuzz/command_line.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	command_line_try(&device_program, (struct text){ (const char *)data, size });
	return 0;
}
