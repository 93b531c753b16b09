#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/checklist.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/rule.h"
#include "protocol/domain/task.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "shell/exit_code.h"
#include "shell/words.h"

#include <cmocka.h>

/* Every {name} of `sentence` stands in `other` as well. */
static void expect_names_in(const char *key, const char *sentence, const char *other)
{
	const char *open, *close;

	for (; (open = strchr(sentence, '{')) != NULL; sentence = close + 1) {
		char name[40] = "";
		close = strchr(open, '}');
		assert_non_null(close);
		assert_true((size_t)(close - open) < sizeof(name) - 2);
		memcpy(name, open, (size_t)(close - open) + 1);
		if (strstr(other, name) == NULL)
			fail_msg("%s: %s is missing in: %s", key, name, other);
	}
}

static void expect_both(const char *key)
{
	const char *english = catalogue_find(LANGUAGE_EN, key), *chinese = catalogue_find(LANGUAGE_ZH, key);

	if (english == NULL || chinese == NULL)
		fail_msg("%s has no sentence in %s", key, english == NULL ? "English" : "Chinese");
	assert_true(text_valid(text_of(english)) && text_valid(text_of(chinese)));
	expect_names_in(key, english, chinese);
	expect_names_in(key, chinese, english);
}

static void both_languages_have_the_same_keys_and_values(void **state)
{
	(void)state;
	for (int language = 0; language < LANGUAGE_COUNT; language++)
		for (size_t i = 0; catalogue_at((enum language)language, i) != NULL; i++)
			expect_both(catalogue_at((enum language)language, i)->key);
}

static void no_key_stands_twice(void **state)
{
	(void)state;
	for (int language = 0; language < LANGUAGE_COUNT; language++)
		for (size_t i = 0; catalogue_at((enum language)language, i) != NULL; i++) {
			const struct message *message = catalogue_at((enum language)language, i);
			if (catalogue_find((enum language)language, message->key) != message->sentence)
				fail_msg("%s stands twice", message->key);
		}
}

static void expect_words(struct arena *arena, const char *prefix, const struct choice *choices)
{
	for (; choices->name != NULL; choices++)
		expect_both(arena_print(arena, "%s.%s", prefix, choices->name).data);
}

static void every_rule_issue_operation_state_and_status_has_words_in_both_languages(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (int rule = 0; rule < RULE_COUNT; rule++)
		expect_both(arena_print(&arena, "rule.%s", rule_find((enum rule)rule)->word).data);
	for (int kind = OPERATION_CREATE; kind < OPERATION_KIND_COUNT; kind++)
		expect_both(arena_print(&arena, "operation.%s", operation_find((enum operation_kind)kind)->name).data);
	expect_words(&arena, "issue", issue_kind_names);
	expect_words(&arena, "rule", issue_kind_names);
	expect_words(&arena, "outcome", outcome_names);
	expect_words(&arena, "state.visit", visit_state_names);
	expect_words(&arena, "state.work_order", work_order_state_names);
	expect_words(&arena, "state", visit_state_names);
	expect_words(&arena, "state", work_order_state_names);
	expect_words(&arena, "state.issue", issue_state_names);
	expect_words(&arena, "resolution.issue", issue_resolution_names);
	expect_words(&arena, "outcome.visit", visit_outcome_names);
	for (int status = STATUS_OK; status <= STATUS_AMBIGUOUS; status++)
		expect_both(exit_code_message((enum status)status));
	arena_finish(&arena);
}

static void expect_chinese(const char *key)
{
	if (catalogue_find(LANGUAGE_ZH, key) == NULL)
		fail_msg("%s has no Chinese", key);
}

static void expect_chinese_field(struct arena *arena, const struct schema *schema, const struct field *field)
{
	bool own = field->kind == FIELD_CHOICE && field->choices != record_kind_names; /* kinds of records have "word." */
	const struct choice *choice = own ? field->choices : NULL;

	expect_chinese(arena_print(arena, "column.%s", field->name).data);
	for (; choice != NULL && choice->name != NULL; choice++)
		if (choice->number != 0 || strcmp(choice->name, "none") != 0)
			expect_chinese(arena_print(arena, "%s.%s.%s", field->name, schema->name, choice->name).data);
}

static void expect_chinese_fields(struct arena *arena, const struct schema *schema)
{
	for (size_t i = 0; schema != NULL && i < schema->field_count; i++)
		expect_chinese_field(arena, schema, &schema->fields[i]);
}

static void every_field_and_choice_that_is_shown_has_a_chinese_label(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		expect_chinese(arena_print(&arena, "word.%s", schema_at(i)->name).data);
		expect_chinese_fields(&arena, schema_at(i));
	}
	for (int kind = OPERATION_CREATE; kind < OPERATION_KIND_COUNT; kind++)
		expect_chinese_fields(&arena, operation_find((enum operation_kind)kind)->arguments);
	arena_finish(&arena);
}

static void every_reason_has_words_in_both_languages(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (int reason = 1; reason < REASON_COUNT; reason++)
		expect_both(arena_print(&arena, "reason.%s", reason_find((enum reason)reason)->word).data);
	arena_finish(&arena);
}

static void a_stored_reason_is_told_in_the_readers_language_and_an_old_sentence_still_shows(void **state)
{
	static const struct {
		enum language language;
		const char *rule, *field, *detail, *expected;
	} rows[] = {
		{ LANGUAGE_EN, "not_allowed", "", "role=device;reason=speaks_for_others",
			"A device may not do this: it speaks only for its technician. Ask the office to do it." },
		{ LANGUAGE_EN, "not_allowed", "", "role=device;reason=it speaks only for its technician",
			"A device may not do this: it speaks only for its technician. Ask the office to do it." },
		{ LANGUAGE_EN, "not_allowed", "title", "role=technician;reason=role_edit;record=work_order",
			"A technician may not do this: this role may not edit title of a work order. Ask the office to do it." },
		{ LANGUAGE_EN, "bad_form", "cause_code", "role=technician;reason=fixed_needs;operation=finish",
			"Kept on record, but not applied: \"fixed\" needs cause code. It has to be made anew." },
		{ LANGUAGE_EN, "bad_form", "x", "reason=finish: a sentence of old",
			"Kept on record, but not applied: finish: a sentence of old. "
			"It has to be made anew." },
		{ LANGUAGE_EN, "reading_unlikely", "",
			"meter=Trips;value=11005;last=12040;limit=99999;scale=1;reason=counter_back;technician=Ada",
			"Ada read 1100.5 on Trips, but it showed 1204.0 before, and a counter only goes up." },
		{ LANGUAGE_ZH, "bad_form", "x", "reason=finish: a sentence of old", "finish: a sentence of old" },
		{ LANGUAGE_ZH, "not_allowed", "", "role=device;reason=speaks_for_others", "终端只能代表其技术员" },
		{ LANGUAGE_ZH, "not_allowed", "", "role=device;reason=it speaks only for its technician", "终端只能代表其技术员" },
		{ LANGUAGE_ZH, "not_allowed", "title", "role=technician;reason=role_create;record=part", "此角色不可新建备件" },
		{ LANGUAGE_ZH, "revoked", "", "reason=stolen", "已被报失" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct words words = { .arena = &arena, .language = rows[i].language };
		struct text told = words_of_rule(&words, text_of(rows[i].rule), text_of(rows[i].field), text_of(rows[i].detail));
		const char *found = arena_print(&arena, "%.*s", TEXT_ARGUMENTS(told)).data;
		if (strstr(found, rows[i].expected) == NULL)
			fail_msg("\"%s\" instead of \"%s\"", found, rows[i].expected);
	}
	arena_finish(&arena);
}

static void what_is_said_in_one_place_is_translated_where_it_is_said(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(catalogue_translate(LANGUAGE_EN, "sound"), "sound");
	assert_string_equal(catalogue_translate(LANGUAGE_ZH, "sound"), "完好");
	assert_string_equal(catalogue_translate(LANGUAGE_ZH, "nobody says this"), "nobody says this");
	assert_string_equal(catalogue_format(&arena, LANGUAGE_EN, "%.*s free", 5, "3 MBx").data, "3 MBx free");
	assert_string_equal(catalogue_format(&arena, LANGUAGE_ZH, "%.*s free", 4, "3 MBx").data, "剩余 3 MB");
	arena_finish(&arena);
}

static void a_sentence_takes_its_values_and_shows_what_is_missing(void **state)
{
	const struct message_value values[] = { { "reason", text_of("no {mine}") } };
	struct message_value gap[4];
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(catalogue_print(&arena, LANGUAGE_EN, "status.refused", values, 1).data, "Refused: no {mine}");
	assert_string_equal(catalogue_print(&arena, LANGUAGE_ZH, "status.refused", NULL, 0).data, "已拒绝：{reason}");
	assert_string_equal(catalogue_print(&arena, LANGUAGE_EN, "no.such.key", NULL, 0).data, "no.such.key");
	assert_int_equal(detail_values(&arena, text_of("first=3;last=9;odd"), gap, LENGTH(gap)), 3);
	assert_string_equal(catalogue_print(&arena, LANGUAGE_EN, "rule.chain_gap", gap, 3).data,
		"The device cannot send operations 3 to 9 any more; ask its technician what was done.");
	assert_true(text_equals(detail_value(text_of("a=1;b=x=y;"), "b"), "x=y"));
	assert_int_equal(detail_value(text_of("a=1"), "b").size, 0);
	arena_finish(&arena);
}

static struct text name_of(void *context, struct arena *arena, const struct id *id)
{
	(void)context;
	return id->bytes[0] == 1 ? arena_copy_text(arena, text_of("Ana")) : (struct text){ 0 };
}

static void verdicts_and_issues_are_told_with_names_instead_of_ids(void **state)
{
	struct arena arena = { 0 };
	struct words words = { .arena = &arena, .name_of = name_of };
	const struct text detail = text_of("technician=01000000000000000000000000000000;state=on_site;"
					"other=02000000000000000000000000000000");
	struct issue issue = { .kind = ISSUE_KIND_DOUBLE_VISIT, .detail = detail };

	(void)state;
	assert_string_equal(words_of_verdict(&words, OUTCOME_APPLIED, text_of(""), text_of(""), text_of("")).data, "Applied.");
	assert_string_equal(words_of_verdict(&words, OUTCOME_REJECTED, text_of("visit_not_yours"), text_of(""), detail).data,
		"Refused: The visit is with Ana and is on site; ask the dispatcher.");
	assert_string_equal(words_of_issue(&words, &issue).data,
		"Two technicians went: Ana finished the visit that 02000000 had started as well (on site); both are kept. "
		"Call 02000000 back or let both stand, and decide what to bill.");
	words.language = LANGUAGE_ZH;
	assert_string_equal(words_of_verdict(&words, OUTCOME_REJECTED, text_of("visit_not_yours"), text_of(""), detail).data,
		"已拒绝：该上门由 Ana 负责，目前为在现场；请联系调度员。");
	assert_string_equal(words_of_operation(&words, OPERATION_ARRIVE).data, "到达");
	arena_finish(&arena);
}

static void an_issue_about_a_finish_says_how_it_went_and_what_was_decided(void **state)
{
	struct arena arena = { 0 };
	struct words words = { .arena = &arena, .name_of = name_of };
	struct issue issue = { .kind = ISSUE_KIND_LATE_FACT,
		.detail = text_of("operation=finish;state=done;order_state=cancelled"),
		.operation_id = { { 0xab } },
		.mine_value = text_of("safety_stop") };

	(void)state;
	assert_string_equal(words_of_issue(&words, &issue).data,
		"Reported after the end: finish came after the end (order: cancelled, visit: done); it was kept, nothing was reopened. "
		"Take it into the totals, or decide that it is not billed. "
		"Reported: stopped for safety. \"truckrolld trace ab000000\" at the office tells what it says.");
	issue.state = ISSUE_STATE_RESOLVED;
	issue.resolution = ISSUE_RESOLUTION_NOTED;
	issue.resolution_text = text_of("called");
	assert_non_null(strstr(words_of_issue(&words, &issue).data, "Reported: stopped for safety. Resolved (noted): called"));
	issue.kind = ISSUE_KIND_EDIT_CONFLICT;
	assert_null(strstr(words_of_issue(&words, &issue).data, "Reported"));
	arena_finish(&arena);
}

static void an_outcome_of_a_newer_version_is_still_told(void **state)
{
	struct arena arena = { 0 };
	struct words words = { .arena = &arena };

	(void)state;
	assert_string_equal(words_of_verdict(&words, (enum outcome)77, text_of("new_rule"), text_of(""), text_of("")).data,
		"Told by a newer version: rule.new_rule");
	arena_finish(&arena);
}

static void the_language_is_that_of_the_environment(void **state)
{
	enum language language = LANGUAGE_EN;

	(void)state;
	assert_int_equal(setenv("LC_ALL", "zh_CN.UTF-8", 1), 0);
	assert_int_equal(language_of_environment(), LANGUAGE_ZH);
	assert_int_equal(setenv("LC_ALL", "de_DE.UTF-8", 1), 0);
	assert_int_equal(language_of_environment(), LANGUAGE_EN);
	assert_int_equal(unsetenv("LC_ALL"), 0);
	assert_int_equal(setenv("LC_MESSAGES", "", 1), 0);
	assert_int_equal(setenv("LANG", "zh", 1), 0);
	assert_int_equal(language_of_environment(), LANGUAGE_ZH);
	assert_int_equal(language_from_text(text_of("zhx"), &language), STATUS_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_languages_have_the_same_keys_and_values),
		cmocka_unit_test(no_key_stands_twice),
		cmocka_unit_test(every_rule_issue_operation_state_and_status_has_words_in_both_languages),
		cmocka_unit_test(every_field_and_choice_that_is_shown_has_a_chinese_label),
		cmocka_unit_test(every_reason_has_words_in_both_languages),
		cmocka_unit_test(a_stored_reason_is_told_in_the_readers_language_and_an_old_sentence_still_shows),
		cmocka_unit_test(what_is_said_in_one_place_is_translated_where_it_is_said),
		cmocka_unit_test(a_sentence_takes_its_values_and_shows_what_is_missing),
		cmocka_unit_test(verdicts_and_issues_are_told_with_names_instead_of_ids),
		cmocka_unit_test(an_issue_about_a_finish_says_how_it_went_and_what_was_decided),
		cmocka_unit_test(an_outcome_of_a_newer_version_is_still_told),
		cmocka_unit_test(the_language_is_that_of_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
