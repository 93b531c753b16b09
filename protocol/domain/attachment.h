/* What is known of a file that belongs to a record; the file itself travels apart. */
#ifndef TRUCKROLL_DOMAIN_ATTACHMENT_H
#define TRUCKROLL_DOMAIN_ATTACHMENT_H

#include "protocol/domain/schema.h"

#define BLOB_DIGITS                64
#define BLOB_SIZE_MAX              (INT64_C(1) << 40)

#define ATTACHMENT_THUMBNAIL_SINCE 4 /* the revision of the schema that added thumbnails to attachments, and to what makes them */

enum attachment_kind {
	ATTACHMENT_KIND_PHOTO = 0,
	ATTACHMENT_KIND_SIGNATURE = 1,
	ATTACHMENT_KIND_DOCUMENT = 2,
	ATTACHMENT_KIND_COUNT,
};

extern const struct choice attachment_kind_names[];

struct attachment {
	struct id id;
	int64_t record;      /* enum record_kind of its owner */
	struct id record_id; /* its owner */
	struct id visit_id;
	struct id work_order_id;
	struct id territory_id;
	struct id technician_id;
	enum attachment_kind kind;
	struct text blob;       /* BLAKE2b-256 as 64 digits; empty: not known yet */
	int64_t size;           /* bytes */
	struct text media_type; /* such as "image/jpeg" */
	struct text caption;
	int64_t taken_at_ms;
	bool late;             /* the order was closed or cancelled already */
	struct text thumbnail; /* a file as `blob` is: the same made small; empty: there is none */
	bool archived;         /* older than its window: only the office has it */
	struct bytes extra;
};

extern const struct schema attachment_schema;

/* It shows what happened on an order, and not what a machine, a site or a customer has in writing. */
bool attachment_is_fact(const struct attachment *attachment);

/* The office may attach a file to records of the kind: to those that live where the attachment may. */
bool attachment_fits(enum record_kind kind);

#endif
