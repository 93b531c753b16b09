/* DIR/settings: what a person decided about this device: its links, and its flight recorder. A file of `key = value` lines, written by
 * "truckroll config". */
#ifndef TRUCKROLL_DEVICE_AGENT_SETTINGS_H
#define TRUCKROLL_DEVICE_AGENT_SETTINGS_H

#include "protocol/sync/delivery_class.h"
#include "shell/config.h"

enum metered_choice {
	METERED_AUTO, /* by the interface that leads out */
	METERED_YES,
	METERED_NO,
};

struct device_settings {
	enum metered_choice metered;
	struct text metered_interfaces; /* a list as in uplink.h */
	int64_t metered_bytes_a_day;    /* 0: no limit */
	enum delivery_class metered_class_max;
	int64_t flight_bytes; /* that the flight recorder may take on the disk; 0: it records nothing */
};

/* What goes over a link up to that class, in the words of metered_carries. */
const char *device_load_word(enum delivery_class class);

/* Its rows, for lists and help; ends with a NULL key. */
extern const struct setting device_setting_rows[];

/* Texts are in `arena`. No file: the defaults. STATUS_INVALID names file and line; STATUS_CORRUPT: it cannot be read. */
enum status device_settings_load(struct arena *arena, struct text dir, struct device_settings *out_settings);
/* The same as it stands there, or would by default: key by key. */
enum status device_settings_read(struct arena *arena, struct text dir, struct config *out_config);
/* Writes the file anew with one value changed. STATUS_INVALID: there is no such key, or the value does not fit; nothing was written. Adds
 * STATUS_CANNOT_WRITE. */
enum status device_settings_change(struct arena *arena, struct text dir, struct text key, struct text value);

#endif
