/* Pages of a home scope are built once: what the next device is given, and what of it is built anew. */
#include <stdio.h>
#include <string.h>

#include "protocol/domain/part.h"
#include "tests/unit/protocol/sync/by_hand.h"
#include "tests/unit/protocol/sync/by_store.h"

enum {
	GASKETS = 9000, /* several pages */
	PAGES_MAX = 100
};

struct fetched {
	size_t pages;
	size_t parts;
	bool has_changed; /* a part with the new description */
	bool has_removed; /* the part that is not there any more */
};

static const char *const changed = "changed";

static struct id part_id(unsigned number)
{
	return by_store_id("part", number);
}

/* The one that the first page holds. */
static unsigned first_part(void)
{
	unsigned first = 0;

	for (unsigned i = 1; i < GASKETS; i++) {
		const struct id id = part_id(i), least = part_id(first);
		first = memcmp(&id, &least, sizeof(id)) < 0 ? i : first;
	}
	return first;
}

static struct part part_of(char number_text[static 16], unsigned number, const char *description)
{
	(void)snprintf(number_text, 16, "P-%u", number);
	return (struct part){ .id = part_id(number), .number = text_of(number_text), .description = text_of(description) };
}

static void put_parts(struct simulation *pair)
{
	static char numbers[GASKETS][16];
	static struct part parts[GASKETS];
	struct by_store by;

	by_store_begin(&by, pair);
	for (unsigned i = 0; i < GASKETS; i++) {
		parts[i] = part_of(numbers[i], i, "gasket");
		by_store_put(&by, RECORD_PART, &parts[i]);
	}
	(void)by_store_end(&by);
}

static void change_part(struct simulation *pair, unsigned number)
{
	char text[16];
	const struct part part = part_of(text, number, changed);

	(void)by_store_put_one(pair, RECORD_PART, &part);
}

static void remove_part(struct simulation *pair, unsigned number)
{
	const struct id id = part_id(number);
	struct by_store by;

	by_store_begin(&by, pair);
	assert_int_equal(records_remove(&by.overlay.records, RECORD_PART, &id), STATUS_OK);
	(void)by_store_end(&by);
}

static void look_at(const struct page *page, struct fetched *fetched)
{
	const struct id removed = part_id(first_part());

	for (size_t i = 0; i < page->group_count; i++) {
		const struct page_group *group = &page->groups[i];
		for (size_t k = 0; k < group->count && group->schema->kind == RECORD_PART; k++) {
			const struct part *part = group->rows[k];
			fetched->parts++;
			fetched->has_changed = fetched->has_changed || text_equals(part->description, changed);
			fetched->has_removed = fetched->has_removed || id_equal(&part->id, &removed);
		}
	}
}

static void ask(struct hand_device *hand, struct pull *pull, struct fetched *fetched, bool *out_end)
{
	struct hand_device *hands[] = { hand };
	struct section *sections;
	struct page page = { 0 };
	size_t count;

	hand_device_pull(hand, pull);
	hand_devices_flush(hand->pair, hands, 1);
	assert_true(hand->answer.answered);
	assert_int_equal(sections_read(hand->answer.message, &hand->arena, &sections, &count), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		*out_end = *out_end || sections[i].number == SECTION_CUT;
		if (sections[i].number == SECTION_PAGE)
			assert_int_equal(page_decode(sections[i].body, &hand->arena, NULL, &page), STATUS_OK);
	}
	look_at(&page, fetched);
	fetched->pages++;
	pull->resume = page.resume;
}

/* The first sync of a device, who says hello anew. */
static struct fetched fetch(struct simulation *pair, unsigned number, uint8_t incarnation, int64_t byte_budget)
{
	static struct hand_device hand;
	struct pull pull = { .class_max = 5, .own_rows = true, .byte_budget = byte_budget };
	struct fetched fetched = { 0 };
	bool end = false;

	hand_device_open(&hand, pair, number, incarnation);
	while (!end) {
		assert_true(fetched.pages < PAGES_MAX * 10);
		ask(&hand, &pull, &fetched, &end);
	}
	hand_device_close(&hand);
	return fetched;
}

static struct page_cache_counts counts(struct simulation *pair)
{
	return server_core_counts(pair->server.core).pages;
}

static void the_next_device_is_given_the_pages_that_were_built_for_the_first(void **state)
{
	struct simulation *pair = *state;
	struct fetched first, next;
	int64_t kept;

	put_parts(pair);
	first = fetch(pair, 1, 9, 0);
	kept = counts(pair).kept;
	assert_int_equal(first.parts, pair_count_on_server(pair, RECORD_PART));
	assert_true(kept >= 3);
	assert_int_equal(counts(pair).given, 0);
	next = fetch(pair, 2, 9, 0);
	assert_int_equal(next.parts, pair_count_on_server(pair, RECORD_PART));
	assert_int_equal(next.pages, first.pages);
	assert_int_equal(counts(pair).given, kept);
	assert_int_equal(counts(pair).kept, kept);
}

static void pages_are_given_after_a_restart(void **state)
{
	struct simulation *pair = *state;
	int64_t kept;

	put_parts(pair);
	(void)fetch(pair, 1, 9, 0);
	kept = counts(pair).kept;
	server_node_end(pair);
	server_node_start(pair);
	assert_int_equal(fetch(pair, 2, 9, 0).parts, pair_count_on_server(pair, RECORD_PART));
	assert_int_equal(counts(pair).given, kept);
	assert_int_equal(counts(pair).kept, 0);
}

static void a_changed_row_makes_its_own_page_anew_and_no_other(void **state)
{
	struct simulation *pair = *state;
	struct fetched next;
	int64_t kept;

	put_parts(pair);
	(void)fetch(pair, 1, 9, 0);
	kept = counts(pair).kept;
	change_part(pair, first_part());
	next = fetch(pair, 2, 9, 0);
	assert_int_equal(next.parts, pair_count_on_server(pair, RECORD_PART));
	assert_true(next.has_changed);
	assert_int_equal(counts(pair).kept, kept + 1);
	assert_int_equal(counts(pair).given, kept - 1);
	next = fetch(pair, 1, 10, 0);
	assert_true(next.has_changed);
	assert_int_equal(counts(pair).given, 2 * kept - 1);
}

static void a_row_that_is_gone_leaves_with_no_page(void **state)
{
	struct simulation *pair = *state;
	struct fetched next;
	int64_t kept;

	put_parts(pair);
	assert_true(fetch(pair, 1, 9, 0).has_removed);
	kept = counts(pair).kept;
	remove_part(pair, first_part());
	next = fetch(pair, 2, 9, 0);
	assert_int_equal(next.parts, pair_count_on_server(pair, RECORD_PART));
	assert_false(next.has_removed);
	assert_int_equal(counts(pair).given, kept - 1);
}

static void a_device_on_a_thin_line_gets_small_pages_of_its_own(void **state)
{
	struct simulation *pair = *state;
	int64_t kept;

	put_parts(pair);
	(void)fetch(pair, 1, 9, 0);
	kept = counts(pair).kept;
	assert_int_equal(fetch(pair, 2, 9, 4000).parts, pair_count_on_server(pair, RECORD_PART));
	assert_int_equal(counts(pair).given, 0);
	assert_int_equal(counts(pair).kept, kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_device_is_given_the_pages_that_were_built_for_the_first, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(pages_are_given_after_a_restart, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_changed_row_makes_its_own_page_anew_and_no_other, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_is_gone_leaves_with_no_page, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_device_on_a_thin_line_gets_small_pages_of_its_own, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
