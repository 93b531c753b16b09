/* Files that belong to records: which are here, and handing them out. */
#ifndef TRUCKROLL_SHELL_FILE_LISTING_H
#define TRUCKROLL_SHELL_FILE_LISTING_H

#include "db/storage.h"
#include "protocol/domain/attachment.h"
#include "protocol/sync/blob_files.h"
#include "shell/command.h"

/* What "file list" and "file get" are about, in both programs. */
extern const struct option file_list_positionals[];
extern const struct option file_get_positionals[];

/* The attachments of a work order and those of its machine and site, or all of them when `order` is nil, each with the state of its
 * file. */
enum status file_listing(struct context *context, struct storage *storage, const struct blob_files *files, const struct id *order);
/* By what it begins with, such as "image/jpeg"; "application/octet-stream" when that tells nothing. A literal. */
struct text file_media_type(struct bytes content);
/* The attachment of those first digits, in the command's arena; statuses of lookup_record(). */
enum status file_find(struct context *context, struct storage *storage, struct text which, struct attachment *out_attachment);
/* The name of the file that the command is about: with --thumbnail the thumbnail; empty: there is none. */
struct text file_chosen(const struct context *context, const struct attachment *attachment);
/* Writes that file of an attachment where --out says, else into the working directory under digits of its id, and tells so. What is there
 * is not replaced: STATUS_REFUSED. STATUS_NOT_FOUND: the file is not here. STATUS_CORRUPT: it is damaged. */
enum status file_hand_out(struct context *context, const struct blob_files *files, const struct attachment *attachment);

#endif
