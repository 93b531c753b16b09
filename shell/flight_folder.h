/* DIR/flight: the legs that a flight recorder keeps, in files of their numbers. Bounded: a leg is at most half of what all may take, and
 * the oldest go when a new one begins. */
#ifndef TRUCKROLL_SHELL_FLIGHT_FOLDER_H
#define TRUCKROLL_SHELL_FLIGHT_FOLDER_H

#include "protocol/base/arena.h"
#include "protocol/base/status.h"

#define FLIGHT_FOLDER   "flight"
#define FLIGHT_SIZE_MAX ((int64_t)100 * 1000 * 1000) /* that a setting may name */

struct flight_leg {
	int64_t number; /* from 1, in the order in which they were recorded */
	const char *path;
	int64_t size;
};

/* The oldest first; none when there is no folder. In `arena`. */
void flight_legs(struct arena *arena, struct text dir, struct flight_leg **out_legs, size_t *out_count);
/* Removes what a leg that did not begin has left, and the oldest until all together take no more than `size_max` bytes. */
void flight_folder_bound(struct arena *arena, struct text dir, int64_t size_max);
/* Makes the folder, when there is none, and names the next leg's file. STATUS_CANNOT_WRITE. */
enum status flight_folder_next(struct arena *arena, struct text dir, const char **out_path);
/* A name in the folder for what is only there while a leg begins; whatever had it is removed. */
const char *flight_folder_draft(struct arena *arena, struct text dir);

#endif
