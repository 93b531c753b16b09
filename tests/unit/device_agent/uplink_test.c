#include "device_agent/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

static void the_default_route_with_the_smallest_metric_leads_out(void **state)
{
	/* clang-format off */
	static const struct { const char *routes, *interface; } rows[] = {
		{ HEAD "wwan0\t00000000\t0100A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n"
		       "wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
		       "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n", "wlan0" },
		{ HEAD "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n", "" },
		{ HEAD "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0", "ppp0" },
		{ HEAD, "" },
		{ "", "" },
		{ "eth0\t00000000\n\t\t\t\t\t\t\t\neth0\t00000000\t\t\t\t\t-5\teth0\n", "" },
		{ "x\t00000000\t\t\t\t\t99999999999999999999\t\n", "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_true(text_equals(uplink_of(text_of(rows[i].routes)), rows[i].interface));
}

static void a_list_names_interfaces_and_beginnings(void **state)
{
	const struct text list = text_of("wwan* ppp0,usb*");

	(void)state;
	assert_true(uplink_listed(text_of("wwan0"), list));
	assert_true(uplink_listed(text_of("ppp0"), list));
	assert_true(uplink_listed(text_of("usb1"), list));
	assert_false(uplink_listed(text_of("ppp01"), list));
	assert_false(uplink_listed(text_of("wlan0"), list));
	assert_false(uplink_listed(text_of("wwa"), list));
	assert_false(uplink_listed(text_of(""), list));
	assert_false(uplink_listed(text_of(""), text_of("*")));
	assert_false(uplink_listed(text_of("eth0"), text_of("  ,")));
	assert_true(uplink_listed(text_of("eth0"), text_of("*")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_route_with_the_smallest_metric_leads_out),
		cmocka_unit_test(a_list_names_interfaces_and_beginnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
