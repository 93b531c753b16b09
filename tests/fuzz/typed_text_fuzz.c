/* What people type: times, numbers, zones, addresses, lists of addresses, HTTP addresses with pins, languages. First byte modulo 7: which;
 * second: how. What is understood is printed as text that is understood the same. */
#include <stdlib.h>

#include "protocol/domain/schema.h"
#include "protocol/transport/address.h"
#include "protocol/transport/http_address.h"
#include "protocol/transport/route.h"
#include "shell/catalogue.h"
#include "shell/number_text.h"
#include "shell/time_text.h"
#include "tests/fuzz/target.h"

#define NOW_MS INT64_C(1767600000000)

static void try_time(struct arena *arena, struct text text, const struct zone *zone)
{
	int64_t at_ms, again_ms;
	struct text printed;

	if (time_parse_past(text, NOW_MS, zone, &at_ms) == STATUS_OK)
		insist(at_ms <= NOW_MS);
	if (time_parse(text, NOW_MS, zone, &at_ms) != STATUS_OK)
		return;
	insist(at_ms >= 0 && at_ms <= TIME_MAX_MS);
	(void)time_print(arena, at_ms, zone);
	printed = time_print_exact(arena, at_ms, zone);
	if (printed.size > 0 && (zone == NULL || zone->change_count == 0))
		insist(time_parse(printed, NOW_MS, zone, &again_ms) == STATUS_OK && again_ms == at_ms);
}

static void try_number(struct arena *arena, struct text text, int64_t scale)
{
	int64_t number, again;

	insist(number_decimals(text) >= 0 && number_decimals(text) <= SCALE_MAX);
	if (number_from_text(text, scale, &number) != STATUS_OK)
		return;
	insist(number >= -NUMBER_MAX && number <= NUMBER_MAX);
	insist(number_from_text(number_to_text(arena, number, scale), scale, &again) == STATUS_OK && again == number);
}

static void try_zone(struct arena *arena, struct text text, int64_t at_ms)
{
	struct zone zone;

	if (zone_open(arena, text, &zone) != STATUS_OK)
		return;
	for (size_t i = 1; i < zone.change_count; i++)
		insist(zone.changes[i - 1].at_s < zone.changes[i].at_s);
	insist(zone_offset_s(&zone, at_ms) >= -26 * 3600 && zone_offset_s(&zone, at_ms) <= 26 * 3600);
}

static void try_route(struct arena *arena, struct text text)
{
	struct route route;

	if (route_read(arena, text, &route) != STATUS_OK)
		return;
	insist(route.count > 0 && route.count <= ROUTE_MAX && route.current == 0);
	for (size_t i = 0; i < route.count; i++)
		insist(route.addresses[i].size > 0 && route.addresses[i].data[route.addresses[i].size] == '\0');
	for (size_t i = 0; i < 2 * route.count; i++) {
		(void)route_failed(&route, 0);
		insist(route_current(&route) == route.addresses[route.current].data);
	}
}

static void try_http_address(struct arena *arena, struct text text)
{
	struct http_address address;

	if (http_address_check(arena, text.data, &address) != STATUS_OK)
		return;
	insist(http_address_looks_like(text.data) && address.host.size > 0);
	insist(address.tls || http_address_pin(arena, text).size == 0);
	insist(address.path.size == 0 || address.path.data[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct text text;
	enum language language;

	if (size < 2)
		return 0;
	text = arena_copy_text(&arena, (struct text){ (const char *)data + 2, size - 2 });
	switch (data[0] % 7) {
	case 0:
		try_time(&arena, text, &(struct zone){ .first_offset_s = ((int)data[1] % 113 - 56) * 900 });
		break;
	case 1:
		try_number(&arena, text, data[1] % (SCALE_MAX + 1));
		break;
	case 2:
		try_zone(&arena, text, (int64_t)data[1] << 36);
		break;
	case 3:
		if (address_check(text.data) == STATUS_OK)
			insist(text_of(text.data).size <= 127);
		break;
	case 4:
		try_route(&arena, text);
		break;
	case 5:
		try_http_address(&arena, text);
		break;
	default:
		(void)(language_from_text(text, &language) == STATUS_OK);
		break;
	}
	arena_finish(&arena);
	return 0;
}
