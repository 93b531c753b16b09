#include "protocol/sync/bugs.h"

#include <stddef.h>

const char *bug_to_text(enum seeded_bug bug)
{
	/* clang-format off */
	static const char *const names[BUG_COUNT] = {
		[BUG_NONE]                      = "none",
		[BUG_ACKNOWLEDGE_BEFORE_COMMIT] = "acknowledge-before-commit",
		[BUG_NO_DEDUPLICATION]          = "no-deduplication",
		[BUG_DIGEST_AFTER_REPLAY]       = "digest-after-replay",
		[BUG_FACT_REFUSED_AFTER_CLAIM]  = "fact-refused-after-claim",
		[BUG_CURSOR_BEFORE_COMMIT]      = "cursor-before-commit",
		[BUG_SHADOW_NOT_RESTORED]       = "shadow-not-restored",
		[BUG_FORGOTTEN_ABOVE_HORIZON]   = "forgotten-above-horizon",
		[BUG_RANGE_NOT_REPLACED]        = "range-not-replaced",
	};
	/* clang-format on */

	return (unsigned int)bug < BUG_COUNT ? names[bug] : NULL;
}
