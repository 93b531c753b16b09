/* Files on their way into a bundle: whole ones only, each as the section with its list and one for each piece, as many as there is room
 * for. */
#ifndef TRUCKROLL_SYNC_BUNDLE_FILES_H
#define TRUCKROLL_SYNC_BUNDLE_FILES_H

#include "protocol/sync/blob_store.h"

/* The body of a section, valid during the call. */
typedef enum status (*bundle_file_take)(void *context, bool is_list, struct bytes body);

struct bundle_files {
	const struct blob_files *files;
	int64_t room; /* bytes of content that still fit */
	bundle_file_take take;
	void *context;
	int64_t count; /* that went in */
	int64_t left;  /* that did not fit, or could not be read */
};

/* Hands over the sections of one. What cannot be read counts as left: whoever has it tells of it elsewhere. Adds the statuses of `take`. */
enum status bundle_files_add(struct bundle_files *files, const struct hash *id);

#endif
