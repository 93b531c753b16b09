/* Any bytes as a file of settings: values within their limits, or a reason with its line. */
#include <stdlib.h>

#include "shell/config.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct setting settings[] = {
		{ .key = "listen", .otherwise = "tcp://127.0.0.1:7400" },
		{ .key = "name" },
		{ .key = "limit", .otherwise = "7", .integer = true, .min = -5, .max = 1000 },
		{ .key = "port", .integer = true, .otherwise = "0", .max = INT64_MAX },
		{ 0 },
	};
	struct text content = { (const char *)data, size };
	struct arena arena = { 0 };
	struct config config;

	if (config_read(&arena, "truckroll.conf", content, settings, &config) == STATUS_OK) {
		insist(config_integer(&config, "limit") >= -5 && config_integer(&config, "limit") <= 1000);
		insist(config_integer(&config, "port") >= 0);
		insist(text_valid(config_text(&config, "listen")) && text_valid(config_text(&config, "name")));
		insist(config_text(&config, "name").size <= size &&
			memchr(config_text(&config, "name").data, '\n', config_text(&config, "name").size) == NULL);
	} else {
		insist(memcmp(fail_reason(), "truckroll.conf", 14) == 0);
	}
	insist(arena.used <= 64 * size + 65536);
	arena_finish(&arena);
	return 0;
}
