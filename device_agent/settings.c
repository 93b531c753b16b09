#include "device_agent/settings.h"

#include <string.h>

#include "shell/file.h"
#include "shell/flight_folder.h"

#define SETTINGS_FILE  "settings"
#define BYTES_MAX      INT64_C(1000000000000000)
#define INTERFACES_MAX 200

/* clang-format off */
const struct setting device_setting_rows[] = {
	{ .key = "metered", .otherwise = "auto",
	  .help = "does the link cost by the byte: yes, no, or auto, which looks at the interface that leads out" },
	{ .key = "metered_interfaces", .otherwise = "wwan* ppp* rmnet*", .help = "interfaces that auto takes for metered" },
	{ .key = "metered_bytes_a_day", .otherwise = "0", .integer = true, .max = BYTES_MAX,
	  .help = "what a metered link may carry a day, such as 20MB; 0: no limit" },
	{ .key = "metered_carries", .otherwise = "files",
	  .help = "the most that a metered link carries: operations, rows (and operations), or files (and all else)" },
	{ .key = "flight_bytes", .otherwise = "8000000", .integer = true, .max = FLIGHT_SIZE_MAX,
	  .help = "what the flight recorder may take on the disk, such as 8MB; 0: it records nothing" },
	{ 0 },
};
/* clang-format on */

static const char *const choices[] = { [METERED_AUTO] = "auto", [METERED_YES] = "yes", [METERED_NO] = "no", NULL };
/* Of the classes these three can be chosen: the highest that goes. */
static const enum delivery_class classes[] = { CLASS_CONTROL, CLASS_KNOWLEDGE, CLASS_FILES };
static const char *const loads[] = { "operations", "rows", "files", NULL };

/* The number of words when it is none of them. */
static size_t place_of(struct text value, const char *const words[])
{
	size_t place = 0;

	while (words[place] != NULL && !text_equals(value, words[place]))
		place++;
	return place;
}

const char *device_load_word(enum delivery_class class)
{
	size_t place = LENGTH(classes) - 1;

	while (place > 0 && classes[place] > class)
		place--;
	return loads[place];
}

static enum status take(const struct config *config, struct device_settings *out_settings)
{
	struct device_settings settings = { .metered_interfaces = config_text(config, "metered_interfaces"),
		.metered_bytes_a_day = config_integer(config, "metered_bytes_a_day"),
		.flight_bytes = config_integer(config, "flight_bytes") };
	struct text metered = config_text(config, "metered"), carries = config_text(config, "metered_carries");
	size_t choice = place_of(metered, choices), load = place_of(carries, loads);

	if (choices[choice] == NULL)
		return fail(STATUS_INVALID, "metered is auto, yes or no, not '%.*s'", TEXT_ARGUMENTS(text_cut(metered, 60)));
	if (loads[load] == NULL)
		return fail(
			STATUS_INVALID, "metered_carries is operations, rows or files, not '%.*s'", TEXT_ARGUMENTS(text_cut(carries, 60)));
	if (settings.metered_interfaces.size > INTERFACES_MAX)
		return fail(STATUS_INVALID, "metered_interfaces is longer than %d characters", INTERFACES_MAX);
	settings.metered = (enum metered_choice)choice;
	settings.metered_class_max = classes[load];
	*out_settings = settings;
	return STATUS_OK;
}

static struct text path_of(struct arena *arena, struct text dir)
{
	return path_join(arena, dir, text_of(SETTINGS_FILE));
}

enum status device_settings_read(struct arena *arena, struct text dir, struct config *out_config)
{
	return config_load(arena, path_of(arena, dir).data, device_setting_rows, out_config);
}

enum status device_settings_load(struct arena *arena, struct text dir, struct device_settings *out_settings)
{
	struct config config;
	enum status status = device_settings_read(arena, dir, &config);

	return status == STATUS_OK ? take(&config, out_settings) : status;
}

/* "20MB", "1.5" is not: powers of 1000, as sizes are shown. */
static struct text without_unit(struct arena *arena, struct text value)
{
	static const struct {
		const char *unit, *zeros;
	} units[] = { { "kB", "000" }, { "MB", "000000" }, { "GB", "000000000" } };

	for (size_t i = 0; i < LENGTH(units); i++)
		if (value.size > 2 && memcmp(value.data + value.size - 2, units[i].unit, 2) == 0)
			return arena_print(arena, "%.*s%s", TEXT_ARGUMENTS(text_trim((struct text){ value.data, value.size - 2 })),
				units[i].zeros);
	return value;
}

static struct text settings_file(struct arena *arena, const struct config *config)
{
	struct text file = text_of("");

	for (size_t i = 0; device_setting_rows[i].key != NULL; i++)
		file = arena_print(arena, "%.*s%s = %.*s\n", TEXT_ARGUMENTS(file), device_setting_rows[i].key,
			TEXT_ARGUMENTS(config->values[i]));
	return file;
}

static enum status change(struct arena *arena, struct config *config, struct text key, struct text value)
{
	for (size_t i = 0; device_setting_rows[i].key != NULL; i++)
		if (text_equals(key, device_setting_rows[i].key)) {
			config->values[i] = device_setting_rows[i].integer ? without_unit(arena, value) : value;
			return STATUS_OK;
		}
	return fail(STATUS_INVALID, "there is no setting '%.*s': \"truckroll config\" lists them", TEXT_ARGUMENTS(text_cut(key, 60)));
}

enum status device_settings_change(struct arena *arena, struct text dir, struct text key, struct text value)
{
	struct text path = path_of(arena, dir), file;
	struct config config;
	struct device_settings settings;
	enum status status = device_settings_read(arena, dir, &config);

	if (status == STATUS_OK)
		status = change(arena, &config, key, value);
	if (status != STATUS_OK)
		return status;
	file = settings_file(arena, &config);
	status = config_read(arena, "config", file, device_setting_rows, &config); /* as the next reader will find it */
	if (status == STATUS_OK)
		status = take(&config, &settings);
	return status == STATUS_OK ? file_write(path.data, (struct bytes){ (const uint8_t *)file.data, file.size }, 0600) : status;
}
