/* Times as people type and read them. */
#ifndef TRUCKROLL_SHELL_TIME_TEXT_H
#define TRUCKROLL_SHELL_TIME_TEXT_H

#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"
#include "shell/zone.h"

/* Understands "now", "2026-11-21", "2026-11-21T14:30[:05[.250]]" (also with a blank for the T) with nothing, Z or +01:00 behind it, "14:30"
 * (today), "yesterday|today|tomorrow [14:30]", and "-10m", "+2h", "-3d" from now. Days and times without an offset are those of `zone`
 * (NULL: UTC). STATUS_INVALID says what was not understood and shows an example. */
enum status time_parse(struct text text, int64_t now_ms, const struct zone *zone, int64_t *out_at_ms);

/* As time_parse(), for the time of something that happened: STATUS_INVALID when it is later than now. */
enum status time_parse_past(struct text text, int64_t now_ms, const struct zone *zone, int64_t *out_at_ms);

/* For people: "2026-11-21 14:30"; 0 gives the empty text, and what is beyond the years 1 to 9999 their first or last moment. */
struct text time_print(struct arena *arena, int64_t at_ms, const struct zone *zone);
/* RFC 3339 with the offset: "2026-11-21T14:30:05.250+01:00"; milliseconds only when there are any. 0 gives the empty text. */
struct text time_print_exact(struct arena *arena, int64_t at_ms, const struct zone *zone);
/* The day of the calendar there, since 1970. What is beyond the years 1 to 9999 is taken for their first or last moment. */
int64_t time_day(int64_t at_ms, const struct zone *zone);
/* "3 s", "12 min", "2 h 5 min", "4 d". */
struct text duration_print(struct arena *arena, int64_t duration_ms);
/* "812 B", "3.4 kB", "1.2 GB". */
struct text size_print(struct arena *arena, int64_t bytes);

#endif
