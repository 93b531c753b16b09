#include "protocol/sync/bugs.h"

#include <stddef.h>
#include <string.h>

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
		[BUG_SCOPE_NOT_CHECKED]         = "scope-not-checked",
		[BUG_AMBIGUOUS_REFERENCE]       = "ambiguous-reference",
		[BUG_LEDGER_LEG_DROPPED]        = "ledger-leg-dropped",
		[BUG_PURGE_SKIPPED]             = "purge-skipped",
		[BUG_STALE_GRANT]               = "stale-grant",
		[BUG_SEQUENCE_REUSED]           = "sequence-reused",
		[BUG_PARTLY_APPLIED]            = "partly-applied",
		[BUG_PARKED_NOT_KEPT]           = "parked-not-kept",
		[BUG_EARLIER_EDIT_WINS]         = "earlier-edit-wins",
		[BUG_LEFT_NOT_WRITTEN]          = "left-not-written",
		[BUG_CLOSURE_NOT_WALKED]        = "closure-not-walked",
		[BUG_ROW_LOST_AT_RESUME]        = "row-lost-at-resume",
		[BUG_PATCH_OF_LATER_BASE]       = "patch-of-later-base",
		[BUG_SYNC_AT_CHECKPOINT]        = "sync-at-checkpoint",
		[BUG_TRY_NOT_COUNTED]           = "try-not-counted",
		[BUG_PART_LEFT_OUT]             = "part-left-out",
		[BUG_FILE_SWEPT]                = "file-swept",
		[BUG_FILE_THOUGHT_SENT]         = "file-thought-sent",
		[BUG_EXTRA_DROPPED]             = "extra-dropped",
		[BUG_WATERMARK_TOO_FAR]         = "watermark-too-far",
		[BUG_KEPT_TOO_SHORT]            = "kept-too-short",
		[BUG_FORMER_NOT_SENT]           = "former-not-sent",
		[BUG_CARRIED_THOUGHT_TAKEN]     = "carried-thought-taken",
		[BUG_ARCHIVED_IN_USE]           = "archived-in-use",
	};
	/* clang-format on */

	return (unsigned int)bug < BUG_COUNT ? names[bug] : NULL;
}

/* The least byte that goes on; STATUS_NOT_FOUND cannot be, since several begin so. */
static enum status resolve_next(
	const struct references *whole, enum record_kind kind, uint8_t prefix[static REFERENCE_WIDTH_MAX], size_t width, struct id *out_id)
{
	enum status status = STATUS_NOT_FOUND;

	for (unsigned byte = 0; byte <= UINT8_MAX && status == STATUS_NOT_FOUND; byte++) {
		prefix[width - 1] = (uint8_t)byte;
		status = whole->resolve(whole->context, kind, prefix, width, out_id);
	}
	return status;
}

static enum status resolve_first(void *context, enum record_kind kind, const uint8_t *prefix, size_t width, struct id *out_id)
{
	const struct references *whole = context;
	uint8_t bytes[REFERENCE_WIDTH_MAX];
	enum status status = whole->resolve(whole->context, kind, prefix, width, out_id);

	memcpy(bytes, prefix, width);
	while (status == STATUS_AMBIGUOUS && width < REFERENCE_WIDTH_MAX)
		status = resolve_next(whole, kind, bytes, ++width, out_id);
	return status;
}

struct references bug_first_reference(const struct references *whole)
{
	return (struct references){ .width = whole->width, .resolve = resolve_first, .context = (void *)(uintptr_t)whole };
}
