/* Who packs by a dictionary, and for whom. */
#include "protocol/domain/revision.h"
#include "tests/unit/protocol/sync/by_hand.h"

#define NEWEST 4
#define REMARK "Customer says that the pump leaks again; the seal was replaced in spring, and the filter cleaned."

static struct hand_device hand; /* large */

/* The page of the latest answer; none is a failure. */
static struct bytes page_of_answer(void)
{
	struct section *sections;
	size_t count;

	assert_true(hand.answer.answered);
	assert_int_equal(sections_read(hand.answer.message, &hand.arena, &sections, &count), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		if (sections[i].number == SECTION_PAGE)
			return sections[i].body;
	fail_msg("no page came");
	return (struct bytes){ 0 };
}

/* As a program of that revision reads it. */
static enum status read_page_as(uint32_t revision, struct bytes body)
{
	struct page page;
	enum status status;

	schema_speak(revision);
	status = page_decode(body, &hand.arena, NULL, &page);
	schema_speak(SCHEMA_REVISION);
	return status;
}

/* What the office makes comes to a device that says its revision. */
static struct bytes page_for(struct simulation *pair, uint32_t revision)
{
	struct hand_device *hands[] = { &hand };
	struct pull question = { .class_max = 5 };

	hand_device_open_as(&hand, pair, 1, 9, revision);
	question.cursor = (struct cursor){ hand.ground.epoch, pair->last_gseq };
	(void)pair_order_saying(pair, REMARK);
	hand_device_pull(&hand, &question);
	hand_devices_flush(pair, hands, 1);
	return page_of_answer();
}

static void a_server_packs_small_pages_by_the_dictionary_that_the_device_knows(void **state)
{
	struct bytes page = page_for(*state, SCHEMA_REVISION);

	assert_int_equal(read_page_as(SCHEMA_REVISION, page), STATUS_OK);
	assert_int_equal(read_page_as(NEWEST - 1, page), STATUS_NEWER);
	hand_device_close(&hand);
}

static void an_older_device_is_sent_none(void **state)
{
	struct bytes page = page_for(*state, NEWEST - 1);

	assert_int_equal(read_page_as(NEWEST - 1, page), STATUS_OK);
	hand_device_close(&hand);
}

/* Does a program that knows no dictionary take the batch that the device sends for a newer one's? The server says its revision. */
static bool is_too_new(struct simulation *pair, int64_t server_revision)
{
	const struct note_arguments note = { .text = text_of(REMARK) };
	struct hand_server server = { .revision = server_revision };
	struct id order = pair_order(pair, 0);
	struct batch batch;
	enum status status;

	pair_settle(pair);
	pair_device(pair, 1)->link_up = false;
	device_node_lost(pair, pair_device(pair, 1));
	(void)pair_do(pair, 1, OPERATION_ADD_NOTE, &order, &note);
	pair_device(pair, 1)->link_up = true;
	device_node_go(pair, pair_device(pair, 1));
	hand_server_take(&server, pair, 1);
	hand_server_welcome(&server);
	hand_server_answer(&server);
	hand_server_take(&server, pair, 1);
	assert_true(server.has_batch);
	schema_speak(NEWEST - 1);
	status = batch_decode_within(&server.batch, server.batch.brief ? &server.ground : NULL, &server.arena, NULL, &batch);
	schema_speak(SCHEMA_REVISION);
	hand_server_close(&server);
	return status == STATUS_NEWER;
}

static void a_device_packs_its_batches_by_the_dictionary_that_the_server_knows(void **state)
{
	assert_true(is_too_new(*state, SCHEMA_REVISION));
}

static void an_older_server_is_sent_none(void **state)
{
	assert_false(is_too_new(*state, NEWEST - 1));
}

/* Nobody knows who will read it, and with which program. */
static void a_bundle_is_read_by_an_older_program(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), remark;
	const struct note_arguments note = { .text = text_of(REMARK) };
	struct bytes file;
	struct id made;

	pair_settle(pair);
	device->link_up = false;
	device_node_lost(pair, device);
	remark = pair_do(pair, 1, OPERATION_ADD_NOTE, &order, &note);
	assert_true(device_node_write_bundle(pair, device, &file));
	schema_speak(NEWEST - 1);
	server_node_read_bundle(pair, file, true);
	schema_speak(SCHEMA_REVISION);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	made = pair_order_saying(pair, REMARK);
	assert_true(server_node_write_bundle(pair, 1, &file));
	device->older = true;
	device_node_read_bundle(pair, device, file, true);
	device->older = false;
	assert_false(pair->violated);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &made));
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(a_server_packs_small_pages_by_the_dictionary_that_the_device_knows),
		PROMISE(an_older_device_is_sent_none),
		PROMISE(a_device_packs_its_batches_by_the_dictionary_that_the_server_knows),
		PROMISE(an_older_server_is_sent_none),
		PROMISE(a_bundle_is_read_by_an_older_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
