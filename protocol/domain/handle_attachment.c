/* Photos, documents and signatures: what is known of them. The files come apart. */
#include "protocol/domain/attachment.h"
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

/* Gives the verdict of handling_missing() when the owner that was named is not there. */
static enum status owner_is_there(struct handling *handling, const struct photo_arguments *photo, bool *out_there)
{
	const void *row;
	enum status status;

	*out_there = true;
	if (id_is_nil(&photo->record_id))
		return STATUS_OK;
	status = handling_look(handling, (enum record_kind)photo->record, &photo->record_id, &row);
	if (status != STATUS_OK || row != NULL)
		return status;
	*out_there = false;
	return handling_missing(handling, (enum record_kind)photo->record, &photo->record_id, "record_id");
}

enum status handle_add_photo(struct handling *handling)
{
	const struct photo_arguments *arguments = handling->operation->arguments;
	struct occasion occasion;
	struct attachment photo;
	bool there;
	enum status status = handling_occasion(handling, &occasion);

	if (status != STATUS_OK || !occasion.complete)
		return status;
	status = owner_is_there(handling, arguments, &there);
	if (status != STATUS_OK || !there)
		return status;
	photo = attachment_of(handling, &occasion);
	if (!id_is_nil(&arguments->record_id)) {
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
