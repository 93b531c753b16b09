#include "shell/bundle_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "shell/draft.h"
#include "shell/file.h"

#define BUNDLE_MODE 0644 /* sealed: whoever carries it learns nothing from it */
#define BEGINNING   8

static struct text path_of(const struct context *context, struct text path)
{
	return path_join(context->arena, context->working_dir, path);
}

static enum status check_head(const struct bundle_head *head, const struct bundle_head *wanted)
{
	if (!id_equal(&head->organisation, &wanted->organisation))
		return fail(STATUS_REFUSED, "this bundle is of another organisation");
	if (head->direction != wanted->direction && head->direction == BUNDLE_TO_SERVER)
		return fail(STATUS_REFUSED, "this bundle is for the office: \"truckrolld bundle import\" takes it in there");
	if (head->direction != wanted->direction)
		return fail(STATUS_REFUSED, "this bundle is for device %.8s: \"truckroll bundle import\" takes it in there",
			id_to_text(&head->device).characters);
	if (!id_is_nil(&wanted->device) && !id_equal(&head->device, &wanted->device))
		return fail(STATUS_REFUSED, "this bundle is for device %.8s, not for this one", id_to_text(&head->device).characters);
	return STATUS_OK;
}

/* What is wrong with it, in words for whoever carried it. */
static enum status explain(struct bytes file, enum status status)
{
	if (status == STATUS_NEWER)
		return fail(STATUS_NEWER, "this bundle is of another version than this program knows: update the program");
	if (!bundle_looks_like(file))
		return fail(STATUS_CORRUPT, "this is not a bundle, or its beginning is damaged");
	return fail(STATUS_CORRUPT, "this bundle was cut, changed, joined with another or added to on its way, and nothing of it is taken: "
		"copy it again, or have it made again");
}

enum status bundle_file_read_raw(const struct context *context, struct text path, const struct bundle_head *wanted, struct arena *arena,
	struct bundle *out_bundle, struct bytes *out_file)
{
	enum status status = file_read(arena, path_of(context, path).data, BUNDLE_SIZE_MAX, out_file);

	if (status != STATUS_OK)
		return status;
	status = bundle_read(*out_file, arena, out_bundle);
	return status == STATUS_OK ? check_head(&out_bundle->head, wanted) : explain(*out_file, status);
}

enum status bundle_file_read(const struct context *context, struct text path, const struct bundle_head *wanted, struct arena *arena,
	struct bundle *out_bundle)
{
	struct bytes file;

	return bundle_file_read_raw(context, path, wanted, arena, out_bundle, &file);
}

/* A slip of the hand must not cost a photo. */
static enum status check_name(const char *path)
{
	uint8_t beginning[BEGINNING];
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	ssize_t got = descriptor < 0 ? 0 : read(descriptor, beginning, sizeof(beginning));

	if (descriptor < 0)
		return STATUS_OK; /* writing will tell, also what is no file */
	(void)close(descriptor);
	if (got == 0 || (got > 0 && bundle_looks_like((struct bytes){ beginning, (size_t)got })))
		return STATUS_OK;
	return fail(STATUS_REFUSED, "%s is there already and is not a bundle: give another name", path);
}

static enum status write_draft(struct arena *arena, const char *name, struct bytes file)
{
	struct draft draft = { .descriptor = -1 };
	enum status status = draft_begin(arena, name, &draft);

	if (status == STATUS_OK)
		status = draft_put(&draft, file);
	if (status == STATUS_OK)
		return draft_keep(&draft, BUNDLE_MODE);
	draft_drop(&draft);
	return status;
}

enum status bundle_file_write(const struct context *context, struct text path, struct bundle_writer *bundle, size_t *out_size)
{
	const char *name = path_of(context, path).data;
	struct bytes file;
	enum status status = check_name(name);

	if (status == STATUS_OK && bundle_end(bundle, &file) != STATUS_OK)
		status = fail(STATUS_INVALID, "this is more than one bundle takes (%zu MiB): sync over a network once",
			BUNDLE_SIZE_MAX >> 20);
	if (status == STATUS_OK)
		status = write_draft(context->arena, name, file);
	if (status == STATUS_OK)
		*out_size = file.size;
	return status;
}
