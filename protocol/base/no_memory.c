#include "protocol/base/no_memory.h"

#include <string.h>
#include <unistd.h>

static const char *said = "There is no memory left for this program.";

void no_memory_says(const char *sentence)
{
	said = sentence;
}

void no_memory(void)
{
	if (write(STDERR_FILENO, said, strlen(said)) > 0)
		(void)(write(STDERR_FILENO, "\n", 1) == 1);
	_exit(NO_MEMORY_EXIT_CODE);
}
