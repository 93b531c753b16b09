/* What a file of a simulated disk holds: pages that several files and images share until one of them writes. One thread. */
#ifndef TRUCKROLL_TESTS_SIMULATION_CONTENTS_H
#define TRUCKROLL_TESTS_SIMULATION_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

#define CONTENTS_PAGE 4096

struct contents_page;

/* Zero is an empty file. */
struct contents {
	struct contents_page **pages; /* NULL: zeros */
	size_t page_count;            /* as many as `size` takes */
	size_t page_capacity;
	size_t size; /* bytes */
};

/* Empty again, and nothing is kept. */
void contents_finish(struct contents *contents);
/* What comes in is zeros. */
void contents_resize(struct contents *contents, size_t size);
/* Lengthens the file when it ends before. */
void contents_write(struct contents *contents, size_t offset, const uint8_t *data, size_t size);
/* Returns how many bytes were there; the rest of `out` is zeros. */
size_t contents_read(const struct contents *contents, size_t offset, uint8_t *out, size_t size);
/* Makes `to` the same; the pages are shared. O(pages), whatever they hold. */
void contents_share(struct contents *to, const struct contents *from);

#endif
