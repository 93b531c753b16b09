#include "shell/exit_code.h"

#include <assert.h>
#include <stddef.h>

#include "protocol/base/no_memory.h"
#include "protocol/base/text.h"

/* clang-format off */
static const struct {
	enum exit_code code;
	const char *message;
} rows[] = {
	[STATUS_OK]           = { EXIT_CODE_DONE,         "status.ok" },
	[STATUS_REFUSED]      = { EXIT_CODE_REFUSED,      "status.refused" },
	[STATUS_INVALID]      = { EXIT_CODE_USAGE,        "status.invalid" },
	[STATUS_NOT_FOUND]    = { EXIT_CODE_NOT_FOUND,    "status.not_found" },
	[STATUS_OFFLINE]      = { EXIT_CODE_OFFLINE,      "status.offline" },
	[STATUS_CORRUPT]      = { EXIT_CODE_CORRUPT,      "status.corrupt" },
	[STATUS_CANNOT_WRITE] = { EXIT_CODE_CANNOT_WRITE, "status.cannot_write" },
	[STATUS_NEWER]        = { EXIT_CODE_NEWER,        "status.newer" },
	[STATUS_BUSY]         = { EXIT_CODE_CANNOT_WRITE, "status.busy" },
	[STATUS_AMBIGUOUS]    = { EXIT_CODE_USAGE,        "status.ambiguous" },
};
/* clang-format on */

static_assert(EXIT_CODE_NO_MEMORY == NO_MEMORY_EXIT_CODE, "the code is the same below");
static_assert(LENGTH(rows) == STATUS_AMBIGUOUS + 1, "every status has an exit code");

enum exit_code exit_code_of(enum status status)
{
	assert((size_t)status < LENGTH(rows));
	return rows[status].code;
}

const char *exit_code_message(enum status status)
{
	assert((size_t)status < LENGTH(rows));
	return rows[status].message;
}
