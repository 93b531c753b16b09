/* The files of a device or of the server: DIR/blobs, as protocol/sync/blob_files.h asks for it. What is kept was written under another
 * name, synced, renamed, and its folder synced. */
#ifndef TRUCKROLL_SHELL_BLOB_FOLDER_H
#define TRUCKROLL_SHELL_BLOB_FOLDER_H

#include "protocol/base/arena.h"
#include "protocol/sync/blob_files.h"

/* The folder is made with its first file. Everything lives in `arena`, and nothing is to be closed. */
const struct blob_files *blob_folder(struct arena *arena, struct text dir);

/* The same for a reader beside the owner: nothing can be written (STATUS_REFUSED), and what is to be removed is left to the owner. */
const struct blob_files *blob_folder_to_read(struct arena *arena, struct text dir);

/* The same for names that begin with a folder of their own beside that: protocol/sync/page_cache.c has such. */
const struct blob_files *plain_folder(struct arena *arena, struct text dir);

/* As blob_folder(), on a disk of which nothing is kept for work: it may be filled to its last byte, as with a backup. */
const struct blob_files *blob_folder_to_fill(struct arena *arena, struct text dir);

#endif
