#include "tests/simulation/mule.h"

#include "device_agent/store.h"
#include "protocol/sync/carry_answer.h"
#include "protocol/sync/carry_store.h"
#include "protocol/wire/blob.h"
#include "server/store.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/post.h"

void mule_note_letter(struct simulation *simulation, struct device_node *device, struct bytes file)
{
	struct letter *letter = &simulation->letters[simulation->letter_count % LETTERS_MAX];
	struct outbox_state outbox;

	if (device_store_outbox(device->store, &outbox) != STATUS_OK)
		return;
	*letter = (struct letter){ .mark = blob_chunk_hash(file),
		.device = outbox.device,
		.incarnation = outbox.incarnation,
		.last_seq = outbox.last_seq };
	simulation->letter_count++;
}

/* What was put together anew on its way is nobody's letter. */
static void note_carrier(struct simulation *simulation, const struct device_node *device, const struct hash *mark)
{
	for (size_t i = 0; i < LETTERS_MAX && i < simulation->letter_count; i++)
		if (hash_equal(&simulation->letters[i].mark, mark)) {
			simulation->letters[i].carrier = device->number;
			simulation->letters[i].carried_at_ms = clock_now_ms(&device->clock);
		}
}

void mule_take(struct simulation *simulation, struct device_node *device, struct bytes file)
{
	const struct blob_files *files = memory_files_of(device->blobs);
	struct hash mark = blob_chunk_hash(file);
	struct bundle bundle;
	enum status status;

	if (device->core == NULL || bundle_read(file, &simulation->arena, &bundle) != STATUS_OK)
		return;
	status = carry_add(files, &bundle, file);
	note(simulation, "device %u carries: %s", device->number, status_to_text(status));
	if (status == STATUS_OK)
		note_carrier(simulation, device, &mark);
	device_node_look_at_files(simulation, device, status == STATUS_BUSY ? STATUS_OK : status);
}

static unsigned number_of(const struct simulation *simulation, const struct id *id)
{
	for (unsigned number = 1; number <= simulation->device_count; number++) {
		struct id device = organisation_device_id(number);
		if (id_equal(&device, id))
			return number;
	}
	return 0;
}

void mule_hand_out(struct simulation *simulation, struct device_node *device)
{
	const struct blob_files *files = memory_files_of(device->blobs);
	struct whole_answer *answers = NULL;
	size_t count = 0;

	if (device->core == NULL || carry_answer_list(files, &simulation->arena, &answers, &count) != STATUS_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct bundle_head head = {
			.direction = BUNDLE_TO_DEVICE, .organisation = organisation_self, .device = answers[i].device
		};
		struct bundle_writer bundle;
		struct bytes file = { 0 };
		bundle_begin(&bundle, &simulation->arena, &head);
		if (carry_answer_write(files, &answers[i].device, &bundle) != STATUS_OK || bundle_end(&bundle, &file) != STATUS_OK)
			violate(simulation, "I20", "device %u carries an answer that cannot be read: %s", device->number, fail_reason());
		else
			post_to_device(simulation, number_of(simulation, &answers[i].device), file);
	}
}

/* ---- what must be true ---- */

enum delivery { STILL_CARRIED, NOT_TAKEN, DELIVERED };

static enum delivery delivery_of(struct simulation *simulation, const struct device_node *device, const struct letter *letter)
{
	struct carried_bundle *carried = NULL;
	size_t count = 0;

	if (carry_list(memory_files_of(device->blobs), &simulation->arena, &carried, &count) != STATUS_OK)
		return STILL_CARRIED;
	for (size_t i = 0; i < count; i++) {
		if (!hash_equal(&carried[i].mark, &letter->mark))
			continue;
		if (carried[i].fault != 0 || carried[i].refused)
			return NOT_TAKEN;
		return carried[i].taken < carried[i].count ? STILL_CARRIED : DELIVERED;
	}
	return DELIVERED;
}

static void check_delivered(struct simulation *simulation, const struct device_node *device, const struct letter *letter)
{
	struct chain_state chain = { 0 };
	enum status status = server_store_chain(simulation->server.store, &letter->device, &letter->incarnation, &chain);

	if ((status == STATUS_OK || status == STATUS_NOT_FOUND) && chain.last_seq < letter->last_seq)
		violate(simulation, "I20", "device %u says that it has delivered operation %lld, but the server has come to %lld",
			device->number, (long long)letter->last_seq, (long long)chain.last_seq);
}

void mule_check(struct simulation *simulation, struct device_node *device)
{
	for (size_t i = 0; i < LETTERS_MAX && i < simulation->letter_count; i++) {
		struct letter *letter = &simulation->letters[i];
		enum delivery delivery;
		if (letter->carrier != device->number || simulation->server.core == NULL)
			continue;
		if (clock_now_ms(&device->clock) - letter->carried_at_ms >= CARRY_AGE_MS) { /* by a clock that was put forward: dropped */
			letter->carrier = 0;
			continue;
		}
		delivery = delivery_of(simulation, device, letter);
		if (delivery == STILL_CARRIED)
			continue;
		if (delivery == DELIVERED && !device->swapped && !simulation->server.swapped)
			check_delivered(simulation, device, letter);
		letter->carrier = 0;
	}
}

void mule_grow_old(struct simulation *simulation, struct device_node *device)
{
	mule_check(simulation, device);
	for (size_t i = 0; i < LETTERS_MAX && i < simulation->letter_count; i++)
		if (simulation->letters[i].carrier == device->number)
			simulation->letters[i].carrier = 0;
}
