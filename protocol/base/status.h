/* What went wrong, in terms of what the caller can do about it. */
#ifndef TRUCKROLL_BASE_STATUS_H
#define TRUCKROLL_BASE_STATUS_H

/* clang-format off */
enum [[nodiscard]] status {
	STATUS_OK = 0,
	STATUS_REFUSED,      /* a rule of the domain says no; the reason names it */
	STATUS_INVALID,      /* the input is malformed; do not retry it */
	STATUS_NOT_FOUND,    /* no such record */
	STATUS_OFFLINE,      /* no path to the peer now; retry later */
	STATUS_CORRUPT,      /* stored or received bytes cannot be trusted */
	STATUS_CANNOT_WRITE, /* the disk is full, read-only or failing */
	STATUS_NEWER,        /* made by a newer version of the program */
	STATUS_BUSY,         /* another process holds it */
	STATUS_AMBIGUOUS,    /* a shortened reference fits several records: send it whole */
};
/* clang-format on */

/* Longest reason kept, in bytes with its NUL; a longer one is cut. */
#define REASON_SIZE 512

/* Records the reason (printf style) for this thread and returns `status`. Every failure is born
 * here, so one breakpoint shows them all. */
enum status fail(enum status status, const char *reason, ...) __attribute__((cold, format(printf, 2, 3)));

#if defined(__clang_analyzer__) || defined(TRUCKROLL_ANALYSER) /* the latter with gcc's -fanalyzer */
/* Analysers read one file at a time: without this they follow paths on which fail(STATUS_CORRUPT, ...) gives STATUS_OK. */
#define fail(status, ...) ((void)fail(status, __VA_ARGS__), (status)) /* NOLINT(readability-identifier-naming) */
#endif

/* From now on this thread's reasons have the formats that `translation` gives for theirs, with the same conversions in the same order;
 * NULL: their own, as in every new thread. */
typedef const char *(*fail_translation)(const char *reason);
void fail_translate(fail_translation translation);

/* The reason of this thread's latest failure; "" when there was none. Valid until the next fail(). */
const char *fail_reason(void);

/* The system's words for a value of errno, for use within a reason. Valid until this thread's next call. */
const char *error_to_text(int error);

/* A short fixed word for the status, such as "refused"; never NULL. */
const char *status_to_text(enum status status);

#endif
