/* What a person can do about what is parked. */
#include <string.h>

#include "protocol/domain/operation.h"
#include "shell/catalogue.h"
#include "shell/parked_advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void every_parked_operation_has_something_to_do_that_works_in_both_languages(void **state)
{
	static const struct {
		enum operation_kind kind;
		const char *rule, *detail;
		bool here;
		const char *named; /* in the advice */
	} rows[] = {
		{ OPERATION_CREATE, "missing_record", "record=asset;id=1", false, "by itself" },
		{ OPERATION_CREATE, "missing_record", "record=asset;id=1", true, "parked release" },
		{ OPERATION_EDIT, "missing_record", "record=asset;id=1", true, "is decided when it does" },
		{ OPERATION_FINISH, "revoked", "reason=stolen", false, "parked release" },
		{ OPERATION_CREATE, "not_your_territory", "territory=1", false, "parked release" },
		{ OPERATION_FINISH, "fork", "seq=4", false, "--device" },
		{ OPERATION_FINISH, "bug", "", false, "after an update" },
		{ OPERATION_EDIT, "not_allowed", "role=device;reason=never_had", false, "parked release" },
		{ OPERATION_EDIT, "not_allowed", "role=device;reason=speaks_for_others", false, "make it anew" },
		{ OPERATION_CREATE, "bad_form", "reason=field_missing", false, "parked correct" },
		{ OPERATION_FINISH, "bad_form", "reason=fixed_needs", false, "make it anew" },
		{ OPERATION_FINISH, "of_a_later_version", "", false, "parked discard" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct operation_outcome outcome = {
			.kind = rows[i].kind, .rule = text_of(rows[i].rule), .detail = text_of(rows[i].detail)
		};
		const char *advice = parked_advice(&outcome, rows[i].here);
		if (strstr(advice, rows[i].named) == NULL)
			fail_msg("%s, %s: %s", rows[i].rule, rows[i].detail, advice);
		assert_string_not_equal(catalogue_translate(LANGUAGE_ZH, advice), advice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_parked_operation_has_something_to_do_that_works_in_both_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
