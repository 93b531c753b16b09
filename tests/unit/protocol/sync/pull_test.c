/* What a pull may ask for, and in which order a first one is answered. */
#include "protocol/sync/delivery_class.h"
#include "tests/unit/protocol/sync/by_hand.h"

/* One answer to a pull, as far as rows go. */
struct look {
	struct page page;
	size_t page_size;
	bool has_page;
	bool has_cut;
	int64_t outlook; /* rows; 0: none was told */
};

static void ask(struct hand_device *hand, const struct pull *pull, struct look *out_look)
{
	struct hand_device *hands[] = { hand };
	struct section *sections;
	size_t count;

	*out_look = (struct look){ 0 };
	hand_device_pull(hand, pull);
	hand_devices_flush(hand->pair, hands, 1);
	assert_true(hand->answer.answered);
	assert_int_equal(sections_read(hand->answer.message, &hand->arena, &sections, &count), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		out_look->has_cut = out_look->has_cut || sections[i].number == SECTION_CUT;
		if (sections[i].number == SECTION_OUTLOOK)
			assert_int_equal(outlook_decode(sections[i].body, &out_look->outlook), STATUS_OK);
		if (sections[i].number != SECTION_PAGE)
			continue;
		out_look->has_page = true;
		out_look->page_size = sections[i].body.size;
		assert_int_equal(page_decode(sections[i].body, &hand->arena, NULL, &out_look->page), STATUS_OK);
	}
}

static size_t rows_of(const struct page *page)
{
	size_t rows = 0;

	for (size_t i = 0; i < page->group_count; i++)
		rows += page->groups[i].count;
	return rows;
}

/* Everything, page by page. */
static size_t fetch(struct hand_device *hand, int64_t byte_budget, size_t *out_pages)
{
	struct pull pull = { .class_max = 5, .own_rows = true, .byte_budget = byte_budget };
	struct look look = { 0 };
	size_t rows = 0;

	for (*out_pages = 0; !look.has_cut; ++*out_pages) {
		assert_true(*out_pages < 1000);
		ask(hand, &pull, &look);
		rows += rows_of(&look.page);
		assert_true(byte_budget == 0 || look.page_size <= (size_t)byte_budget || rows_of(&look.page) == 1);
		pull.resume = look.page.resume;
	}
	return rows;
}

static void a_byte_budget_bounds_each_page(void **state)
{
	struct simulation *pair = *state;
	static struct hand_device hand;
	size_t pages, small_pages, rows;

	hand_device_open(&hand, pair, 1, 9);
	rows = fetch(&hand, 0, &pages);
	assert_true(rows > 20);
	assert_int_equal(fetch(&hand, 400, &small_pages), rows);
	assert_true(small_pages > pages + 2);
	assert_int_equal(fetch(&hand, 1, &small_pages), rows);
	assert_true(small_pages >= rows);
	hand_device_close(&hand);
}

static void the_first_page_of_many_says_how_many_rows_come(void **state)
{
	struct simulation *pair = *state;
	static struct hand_device hand;
	struct pull pull = { .class_max = 5, .own_rows = true, .byte_budget = 400 };
	struct look look;
	size_t pages, rows;

	hand_device_open(&hand, pair, 1, 9);
	rows = fetch(&hand, 400, &pages);
	assert_true(pages > 2);
	ask(&hand, &pull, &look);
	assert_int_equal(look.outlook, rows);
	pull.resume = look.page.resume;
	ask(&hand, &pull, &look);
	assert_int_equal(look.outlook, 0);
	ask(&hand, &(struct pull){ .class_max = 5, .own_rows = true }, &look); /* a pass of one page is over with it */
	assert_true(look.has_cut);
	assert_int_equal(look.outlook, 0);
	hand_device_close(&hand);
}

static enum delivery_class class_of(const struct page_group *group)
{
	return group->scope.kind == SCOPE_JOB ? CLASS_JOBS : delivery_class_of(group->schema->kind);
}

static void a_first_sync_brings_what_is_needed_first(void **state)
{
	struct simulation *pair = *state;
	static struct hand_device hand;
	struct pull pull = { .class_max = 5, .own_rows = true, .byte_budget = 300 };
	enum delivery_class class = CLASS_CONTROL;
	struct look look = { 0 };
	size_t changes = 0;
	struct id order = pair_order(pair, 1);

	(void)pair_book(pair, &order, 1);
	hand_device_open(&hand, pair, 1, 9);
	while (!look.has_cut) {
		ask(&hand, &pull, &look);
		for (size_t i = 0; i < look.page.group_count; i++) {
			assert_true(class_of(&look.page.groups[i]) >= class);
			changes += class_of(&look.page.groups[i]) != class;
			class = class_of(&look.page.groups[i]);
		}
		pull.resume = look.page.resume;
	}
	assert_true(changes >= 3);
	hand_device_close(&hand);
}

static bool names(const struct page *page, enum entry_type type, enum record_kind kind, const struct id *id)
{
	for (size_t i = 0; i < page->group_count; i++)
		for (size_t k = 0; k < page->groups[i].count; k++)
			if (page->groups[i].type == type && page->groups[i].schema->kind == kind &&
				id_equal(row_id(page->groups[i].rows[k]), id))
				return true;
	return false;
}

/* Of rows at home in a territory that is held, a job says only that they are linked: they are to come with that. */
static void a_row_of_a_job_comes_though_its_territory_goes_before_its_turn(void **state)
{
	struct simulation *pair = *state;
	static struct hand_device hand;
	struct id technician = organisation_id(RECORD_TECHNICIAN, 0), valley = organisation_id(RECORD_TERRITORY, 1);
	struct id order = pair_order(pair, 0);
	struct pull pull = { .class_max = 5, .own_rows = true, .byte_budget = 1 };
	struct look look = { 0 };
	bool came = false;

	(void)pair_book(pair, &order, 1);
	hand_device_open(&hand, pair, 1, 9);
	do {
		ask(&hand, &pull, &look);
		assert_false(look.has_cut || names(&look.page, ENTRY_WHOLE, RECORD_WORK_ORDER, &order));
		pull.resume = look.page.resume;
	} while (!names(&look.page, ENTRY_MEMBER, RECORD_WORK_ORDER, &order));
	pair_set_id(pair, RECORD_TECHNICIAN, &technician, "territory_id", &valley);
	while (!look.has_cut) {
		ask(&hand, &pull, &look);
		came = came || names(&look.page, ENTRY_WHOLE, RECORD_WORK_ORDER, &order);
		pull.resume = look.page.resume;
	}
	assert_true(came);
	hand_device_close(&hand);
}

static void fewer_classes_than_all_are_refused_in_words(void **state)
{
	struct simulation *pair = *state;
	static struct hand_device hand;
	struct look look;

	hand_device_open(&hand, pair, 1, 9);
	ask(&hand, &(struct pull){ .class_max = CLASS_JOBS }, &look);
	assert_true(hand.answer.has_fault && !look.has_page && !look.has_cut);
	assert_int_equal(hand.answer.fault.code, WIRE_ERROR_CLASS);
	assert_int_equal(hand.answer.fault.value, CLASS_KNOWLEDGE);
	hand_device_close(&hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_byte_budget_bounds_each_page, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(the_first_page_of_many_says_how_many_rows_come, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_first_sync_brings_what_is_needed_first, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_of_a_job_comes_though_its_territory_goes_before_its_turn, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(fewer_classes_than_all_are_refused_in_words, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
