/* The files that an attachment speaks of: what was taken, and its thumbnail. */
#ifndef TRUCKROLL_SYNC_ATTACHMENT_FILES_H
#define TRUCKROLL_SYNC_ATTACHMENT_FILES_H

#include <stdbool.h>

#include "protocol/domain/attachment.h"
#include "protocol/wire/blob.h"

#define ATTACHMENT_FILES_MAX 2

struct attachment_file {
	struct hash id;
	int64_t size; /* bytes, as the attachment says; 0: it does not */
	bool thumbnail;
};

/* Those that travel, and how many they are. */
size_t attachment_files(const struct attachment *attachment, struct attachment_file out_files[ATTACHMENT_FILES_MAX]);

#endif
