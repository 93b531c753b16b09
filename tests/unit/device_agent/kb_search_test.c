/* Search: what was written is found, and nothing that a person types breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "device_agent/kb_search.h"
#include "protocol/domain/kb_article.h"
#include "tests/unit/device_agent/scratch_store.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

/* A clock on which every look costs a millisecond. */
static int64_t tick(void *context)
{
	return ++*(int64_t *)context;
}

static int64_t ticks;
static const struct clock clock_of_test = { .now_ms = tick, .monotonic_ms = tick, .context = &ticks };

static void put_article(
	struct scratch *scratch, uint64_t number, const char *title, const char *symptom, enum kb_article_state article_state)
{
	struct kb_article article = { .id = scratch_id(RECORD_KB_ARTICLE, number),
		.title = text_of(title),
		.symptom = text_of(symptom),
		.product = text_of("EX-200"),
		.state = article_state };
	struct device_row meta = { .home = { .kind = SCOPE_ORG_ALL }, .gseq = 1, .hash = row_hash(&kb_article_schema, &article) };

	assert_int_equal(device_store_begin(scratch->store, false), STATUS_OK);
	assert_int_equal(device_store_put_row(scratch->store, RECORD_KB_ARTICLE, &article, &meta), STATUS_OK);
	assert_int_equal(device_store_commit(scratch->store), STATUS_OK);
}

static void catch_up(struct scratch *scratch)
{
	bool done = false;

	for (int i = 0; !done; i++) {
		assert_true(i < 100);
		assert_int_equal(kb_index_step(scratch->store, &clock_of_test, 3, &done), STATUS_OK);
	}
}

struct found {
	size_t count;
	struct id first;
	char excerpt[200];
};

static enum status note_hit(void *context, const struct kb_hit *hit)
{
	struct found *found = context;

	if (found->count++ == 0) {
		found->first = hit->id;
		assert_true(hit->excerpt.size < sizeof(found->excerpt));
		memcpy(found->excerpt, hit->excerpt.data, hit->excerpt.size);
	}
	return STATUS_OK;
}

static struct found search(struct scratch *scratch, const char *text)
{
	struct found found = { 0 };

	assert_int_equal(kb_search_query(scratch->store, text_of(text), 10, note_hit, &found), STATUS_OK);
	return found;
}

static int set_up(void **state)
{
	int result = scratch_set_up(state);

	if (result != 0)
		return result;
	put_article(*state, 1, "Hydraulic pump whines", "High noise when the boom is lifted cold", KB_ARTICLE_STATE_VALIDATED);
	put_article(*state, 2, "Engine does not start", "Starter clicks; the pump relay is open", KB_ARTICLE_STATE_VALIDATED);
	put_article(*state, 3, "Swing brake drags", "Fühler am Bremsventil gibt kein Signal", KB_ARTICLE_STATE_NOT_VALIDATED);
	put_article(*state, 4, "Old pump advice", "Do not use", KB_ARTICLE_STATE_ARCHIVED);
	catch_up(*state);
	return 0;
}

static void an_article_is_found_by_its_words_the_title_first(void **state)
{
	struct scratch *scratch = *state;
	struct id pump = scratch_id(RECORD_KB_ARTICLE, 1), engine = scratch_id(RECORD_KB_ARTICLE, 2);
	struct found found = search(scratch, "PUMP");

	assert_int_equal(found.count, 2); /* not the archived one */
	assert_true(id_equal(&found.first, &pump));
	found = search(scratch, "relay clicks");
	assert_int_equal(found.count, 1);
	assert_true(id_equal(&found.first, &engine));
	assert_non_null(strstr(found.excerpt, "[relay]"));
	assert_int_equal(search(scratch, "hydr").count, 1);         /* unfinished */
	assert_int_equal(search(scratch, "fuhler").count, 1);       /* without its accent */
	assert_int_equal(search(scratch, "pump gearbox").count, 2); /* none has all: those with some */
	assert_int_equal(search(scratch, "gearbox").count, 0);
}

static void nothing_a_person_types_is_a_mistake(void **state)
{
	static const char *const questions[] = { "", " ", "\"", "\"\"\"", "pump\"", "'; DROP TABLE kb_search;--", "AND", "pump AND",
		"NOT pump", "NEAR(pump, 2)", "title:pump", "^pump", "pump*", "**", "(((", "{title}: pump", "-pump", "+", "pump + relay",
		"\\", "\xff\xfe", "%s%n", "a b c d e f g h i j k l m n o p q r s t u v w x y z", "\xc3\xbc",
		"\xe2\x80\x9cpump\xe2\x80\x9d" };
	struct scratch *scratch = *state;
	static char long_text[100001];

	for (size_t i = 0; i < LENGTH(questions); i++)
		(void)search(scratch, questions[i]);
	assert_int_equal(search(scratch, "(pump").count, 2);
	memset(long_text, 'p', sizeof(long_text) - 1);
	assert_int_equal(search(scratch, long_text).count, 0);
}

static void the_index_follows_changes_guesses_and_departures(void **state)
{
	struct scratch *scratch = *state;
	struct id gone = scratch_id(RECORD_KB_ARTICLE, 2), guessed = scratch_id(RECORD_KB_ARTICLE, 3);

	put_article(scratch, 1, "Hydraulic motor whines", "High noise", KB_ARTICLE_STATE_VALIDATED);
	assert_int_equal(device_store_begin(scratch->store, false), STATUS_OK);
	assert_int_equal(device_store_remove_row(scratch->store, RECORD_KB_ARTICLE, &gone), STATUS_OK);
	assert_int_equal(device_store_shadow(scratch->store, RECORD_KB_ARTICLE, &guessed), STATUS_OK);
	assert_int_equal(device_store_commit(scratch->store), STATUS_OK);
	put_article(scratch, 3, "Pump guess", "", KB_ARTICLE_STATE_VALIDATED);
	catch_up(scratch);
	assert_int_equal(search(scratch, "pump").count, 1);
	assert_int_equal(search(scratch, "motor").count, 1);
	assert_int_equal(device_store_begin(scratch->store, false), STATUS_OK);
	assert_int_equal(device_store_restore_shadows(scratch->store), STATUS_OK);
	assert_int_equal(device_store_commit(scratch->store), STATUS_OK);
	catch_up(scratch);
	assert_int_equal(search(scratch, "pump").count, 0);
	assert_int_equal(search(scratch, "brake").count, 1);
}

static void a_step_stops_at_its_budget_and_the_next_goes_on(void **state)
{
	struct scratch *scratch = *state;
	size_t behind;
	bool done;

	for (uint64_t i = 10; i < 30; i++)
		put_article(scratch, i, "Filter clogged", "", KB_ARTICLE_STATE_VALIDATED);
	assert_int_equal(kb_index_step(scratch->store, &clock_of_test, 5, &done), STATUS_OK);
	assert_false(done);
	assert_int_equal(kb_index_behind(scratch->store, &behind), STATUS_OK);
	assert_int_equal(behind, 15);
	scratch_reopen(scratch);
	assert_int_equal(kb_index_step(scratch->store, &clock_of_test, 100, &done), STATUS_OK);
	assert_true(done);
	assert_int_equal(kb_index_behind(scratch->store, &behind), STATUS_OK);
	assert_int_equal(behind, 0);
	assert_int_equal(search(scratch, "filter").count, 10); /* the limit */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_article_is_found_by_its_words_the_title_first, set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(nothing_a_person_types_is_a_mistake, set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(the_index_follows_changes_guesses_and_departures, set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_step_stops_at_its_budget_and_the_next_goes_on, set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
