/* Files against the rows that speak of them, and against their own names. */
#ifndef TRUCKROLL_SHELL_FILE_CHECK_H
#define TRUCKROLL_SHELL_FILE_CHECK_H

#include "db/storage.h"
#include "protocol/sync/blob_files.h"
#include "protocol/wire/chain.h"

struct file_check {
	int64_t files;    /* that rows speak of and that are here, sound or not */
	int64_t missing;  /* rows speak of them; they may still have to come */
	int64_t damaged;  /* their content is not what their name says … */
	struct hash first_damaged;
	int64_t dropped;  /* … of these, taken away */
	int64_t unspoken; /* no row speaks of them; they go by themselves when they are old enough */
};

enum file_check_how {
	FILE_CHECK_DROP = 1 << 0,     /* a damaged one is taken away, so that it is fetched again, unless it was not sent yet */
	FILE_CHECK_UNSPOKEN = 1 << 1, /* whole files that no row speaks of are counted */
};

/* Reads every file that a row speaks of. `how`: any of enum file_check_how, or 0. Adds the statuses of both stores. O(bytes). */
enum status file_check_run(struct storage *storage, const struct blob_files *files, unsigned int how, struct file_check *out_check);

#endif
