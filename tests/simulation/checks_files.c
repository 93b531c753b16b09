/* What must hold of files when all is quiet: none is lost that a row speaks of, none is another than its name says, and none stays that a
 * device has no right to any more (I8, I19). */
#include <stdlib.h>
#include <string.h>

#include "device_agent/store.h"
#include "protocol/domain/device.h"
#include "protocol/sync/attachment_files.h"
#include "protocol/sync/blob_store.h"
#include "server/store.h"
#include "tests/simulation/checks.h"

/* ---- what lies where ---- */

struct look {
	struct simulation *simulation;
	const struct memory_files *files;
	const char *whose;
	const struct snapshot *rows; /* NULL: whether a row speaks of each does not matter */
};

static bool speaks_of(const struct attachment *attachment, const struct hash *id)
{
	struct attachment_file files[ATTACHMENT_FILES_MAX];
	size_t count = attachment_files(attachment, files);

	for (size_t i = 0; i < count; i++)
		if (hash_equal(&files[i].id, id))
			return true;
	return false;
}

static bool is_spoken_of(const struct snapshot *rows, const struct hash *id)
{
	const struct snapshot_table *attachments = snapshot_table(rows, RECORD_ATTACHMENT);

	for (size_t i = 0; i < attachments->count; i++)
		if (speaks_of(attachments->rows[i].row, id))
			return true;
	return false;
}

static void look_at_file(void *user, const char *name, struct bytes content)
{
	const struct look *look = user;
	const char *last = strrchr(name, '/');
	struct hash id;
	struct blob_text found;

	if (last == NULL || strlen(name) != 6 + 2 * BLOB_HASH_SIZE || blob_from_text(text_of(last + 1), &id) != STATUS_OK)
		return; /* a part, or a name in a list */
	found = blob_id(content);
	if (strcmp(found.characters, last + 1) != 0)
		violate(look->simulation, "I8", "%s: file %s has the content of %s", look->whose, last + 1, found.characters);
	if (look->rows != NULL && !is_spoken_of(look->rows, &id) && !blob_listed(memory_files_of(look->files), BLOB_OUT, &id))
		violate(look->simulation, "I19", "%s still has file %s, of which no row speaks", look->whose, last + 1);
}

static bool has(const struct memory_files *files, const struct hash *id)
{
	int64_t size;

	return blob_whole(memory_files_of(files), id, &size) == STATUS_OK;
}

/* ---- what must be there ---- */

/* Who was put back from a copy, or ran as one, may have lost what only it had; from who was revoked nothing more is taken. */
static bool may_be_lost(const struct simulation *simulation, const struct promise *promise)
{
	const struct device_node *author = promise == NULL ? NULL : &simulation->devices[promise->device - 1];

	return author == NULL || author->swapped || author->gone || simulation->revoked[author->who].state != DEVICE_STATE_PENDING;
}

static bool somebody_may_have_lost(struct simulation *simulation, const struct snapshot *server, const struct hash *id)
{
	const struct snapshot_table *attachments = snapshot_table(server, RECORD_ATTACHMENT);
	bool all = true;

	for (size_t i = 0; i < attachments->count; i++) {
		const struct attachment *attachment = attachments->rows[i].row;
		if (speaks_of(attachment, id))
			all = all && may_be_lost(simulation, oracle_find(&simulation->oracle, &attachment->id));
	}
	return all;
}

/* Every file of an attachment that the server ought to have. */
static void check_at_server(struct simulation *simulation, const struct snapshot *server, const struct attachment *attachment)
{
	struct attachment_file files[ATTACHMENT_FILES_MAX];
	size_t count = attachment_files(attachment, files);

	for (size_t i = 0; i < count; i++)
		if (!has(simulation->server.blobs, &files[i].id) && !somebody_may_have_lost(simulation, server, &files[i].id))
			violate(simulation, "I8", "the server lacks file %s of attachment %s", blob_to_text(&files[i].id).characters,
				id_to_text(&attachment->id).characters);
}

static void check_server(struct simulation *simulation, const struct snapshot *server)
{
	const struct snapshot_table *attachments = snapshot_table(server, RECORD_ATTACHMENT);
	struct look look = { simulation, simulation->server.blobs, "the server", NULL };

	memory_files_each(simulation->server.blobs, look_at_file, &look);
	for (size_t i = 0; i < attachments->count; i++)
		check_at_server(simulation, server, attachments->rows[i].row);
}

/* An older program has no thumbnails. */
static void check_at_device(struct simulation *simulation, const struct device_node *device, const struct attachment *attachment)
{
	struct attachment_file files[ATTACHMENT_FILES_MAX];
	size_t count = attachment_files(attachment, files);

	for (size_t i = 0; i < count; i++)
		if (!(device->older && files[i].thumbnail) && has(simulation->server.blobs, &files[i].id) &&
			!has(device->blobs, &files[i].id))
			violate(simulation, "I6", "device %u lacks file %s, which the server has", device->number,
				blob_to_text(&files[i].id).characters);
}

static void check_device(struct simulation *simulation, struct device_node *device)
{
	struct snapshot rows;
	struct look look = { simulation, device->blobs, device->dir, device->damaged ? NULL : &rows };

	snapshot_open(&rows, device_store_replica_storage(device->store));
	memory_files_each(device->blobs, look_at_file, &look);
	for (size_t i = 0; i < snapshot_table(&rows, RECORD_ATTACHMENT)->count; i++) {
		const struct attachment *attachment = snapshot_table(&rows, RECORD_ATTACHMENT)->rows[i].row;
		const struct snapshot_row *order = snapshot_find(&rows, RECORD_WORK_ORDER, &attachment->work_order_id);
		if (order != NULL && !work_order_is_over(order->row))
			check_at_device(simulation, device, attachment);
	}
	snapshot_finish(&rows);
}

void checks_of_files(struct simulation *simulation, const struct snapshot *server)
{
	if (simulation->faults.percent[FAULT_FILES] == 0)
		return;
	check_server(simulation, server);
	for (unsigned i = 0; i < simulation->device_count; i++)
		check_device(simulation, &simulation->devices[i]);
}
