/* What the fuzz targets share. */
#ifndef TRUCKROLL_TESTS_FUZZ_TARGET_H
#define TRUCKROLL_TESTS_FUZZ_TARGET_H

#include <stdlib.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/ids.h"

/* The entry of every target: never fails, never keeps anything. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the bytes are. Never inlined: the trace shows which did not. */
__attribute__((noinline, unused)) static void insist(bool condition)
{
	if (!condition)
		abort();
}

/* Ids resolve to their prefix followed by zeros; some prefixes are ambiguous or unknown. */
static inline enum status fuzz_resolve(void *context, enum record_kind kind, const uint8_t *prefix, size_t width, struct id *out_id)
{
	(void)context;
	(void)kind;
	if (prefix[0] == 0xff)
		return fail(prefix[1] == 0xff ? STATUS_AMBIGUOUS : STATUS_NOT_FOUND, "not one id begins so");
	*out_id = (struct id){ 0 };
	memcpy(out_id->bytes, prefix, width);
	return STATUS_OK;
}

static inline struct references fuzz_references(void)
{
	return (struct references){ .resolve = fuzz_resolve };
}

/* A stored block around `raw`, with its length. */
static inline void fuzz_store(struct writer *writer, struct bytes raw)
{
	size_t size_bytes = 1;

	for (size_t rest = raw.size; rest >= 0x80; rest >>= 7)
		size_bytes++;
	write_varint(writer, 2 + size_bytes + raw.size);
	write_u8(writer, 0);
	write_u8(writer, 0);
	write_varint(writer, raw.size);
	write_raw(writer, raw.data, raw.size);
}

#endif
