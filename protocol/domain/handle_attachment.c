/* Photos, documents and signatures: what is known of them. The files come apart. */
#include "protocol/domain/handler.h"

static struct attachment attachment_of(struct handling *handling, const struct occasion *occasion)
{
	return (struct attachment){
		.id = handling_next_id(handling),
		.record = RECORD_VISIT,
		.record_id = occasion->visit.id,
		.visit_id = occasion->visit.id,
		.work_order_id = occasion->visit.work_order_id,
		.territory_id = occasion->visit.territory_id,
		.technician_id = handling->operation->head.actor,
		.taken_at_ms = handling->operation->head.at_ms,
		.late = occasion_is_late(occasion),
	};
}

/* NULL with the verdict of handling_missing() when the owner that was named is not there. */
static enum status find_owner(struct handling *handling, enum record_kind kind, const struct id *id, const void **out_row)
{
	enum status status = handling_look(handling, kind, id, out_row);

	return status != STATUS_OK || *out_row != NULL ? status : handling_missing(handling, kind, id, "record_id");
}

enum status handle_add_photo(struct handling *handling)
{
	const struct photo_arguments *arguments = handling->operation->arguments;
	bool named = !id_is_nil(&arguments->record_id);
	struct occasion occasion;
	struct attachment photo;
	const void *owner = NULL;
	enum status status = handling_occasion(handling, &occasion);

	if (status != STATUS_OK || !occasion.complete)
		return status;
	if (named)
		status = find_owner(handling, (enum record_kind)arguments->record, &arguments->record_id, &owner);
	if (status != STATUS_OK || (named && owner == NULL))
		return status;
	photo = attachment_of(handling, &occasion);
	if (named) {
		photo.record = arguments->record;
		photo.record_id = arguments->record_id;
	}
	photo.kind = (enum attachment_kind)arguments->kind;
	photo.blob = arguments->blob;
	photo.size = arguments->size;
	photo.media_type = arguments->media_type;
	photo.caption = arguments->caption;
	photo.thumbnail = arguments->thumbnail;
	status = records_put(handling->records, RECORD_ATTACHMENT, &photo);
	return status == STATUS_OK ? handling_flag_fact(handling, &occasion.visit, occasion.order) : status;
}

enum status handle_sign(struct handling *handling)
{
	const struct sign_arguments *arguments = handling->operation->arguments;
	struct occasion occasion;
	struct attachment signature;
	struct visit signed_visit;
	enum status status = handling_occasion(handling, &occasion);

	if (status != STATUS_OK || !occasion.complete)
		return status;
	signature = attachment_of(handling, &occasion);
	signature.kind = ATTACHMENT_KIND_SIGNATURE;
	signature.blob = arguments->blob;
	signature.size = arguments->size;
	signature.media_type = arguments->media_type;
	signature.caption = arguments->signer_name;
	signature.thumbnail = arguments->thumbnail;
	signed_visit = occasion.visit;
	signed_visit.signer_name = arguments->signer_name;
	signed_visit.signer_role = arguments->signer_role;
	signed_visit.signature_id = signature.id;
	status = records_put(handling->records, RECORD_ATTACHMENT, &signature);
	if (status == STATUS_OK)
		status = records_put(handling->records, RECORD_VISIT, &signed_visit);
	return status == STATUS_OK ? handling_flag_fact(handling, &occasion.visit, occasion.order) : status;
}

/* The id that a row has in the field of that name; nil: it has none. */
static struct id reference_of(const struct schema *schema, const void *row, const char *name)
{
	const struct field *field = schema_field(schema, text_of(name));
	struct id id = { 0 };

	if (field != NULL)
		id = *(const struct id *)field_at(field, row);
	return id;
}

enum status handling_post_attachment(struct handling *handling, struct attachment *attachment)
{
	enum record_kind kind = (enum record_kind)attachment->record;
	const struct schema *schema = schema_find(kind);
	const void *owner;
	enum status status = find_owner(handling, kind, &attachment->record_id, &owner);

	if (status != STATUS_OK || owner == NULL)
		return status;
	attachment->territory_id = reference_of(schema, owner, "territory_id");
	attachment->work_order_id = kind == RECORD_WORK_ORDER ? attachment->record_id : reference_of(schema, owner, "work_order_id");
	attachment->visit_id = kind == RECORD_VISIT ? attachment->record_id : reference_of(schema, owner, "visit_id");
	return records_put(handling->records, RECORD_ATTACHMENT, attachment);
}
