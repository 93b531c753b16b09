/* A batch of operations, as it lies in a section, in either form. */
#include <string.h>

#include "protocol/wire/message.h"
#include "protocol/wire/operation_codec.h"
#include "protocol/wire/pack.h"
#include "tests/fuzz/target.h"

static struct bytes operation_bytes(struct arena *arena, const struct operation *operation)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);

	operation_encode(&writer, operation);
	return writer_bytes(&writer);
}

static const struct common_ground ground = { .incarnation = { { 1 } } };

/* What a server adds to a short form before it looks at it. */
static struct batch completed(struct arena *arena, const struct batch *batch)
{
	struct batch whole = *batch;
	size_t known = batch->brief && chain_window_goes_on(batch->first_seq);
	uint8_t(*secrets)[WINDOW_SECRET_SIZE] = arena_allocate_array(arena, batch->secret_count + known, WINDOW_SECRET_SIZE);

	if (batch->secret_count > 0)
		memcpy(secrets + known, batch->secrets, batch->secret_count * WINDOW_SECRET_SIZE);
	whole.secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])secrets;
	whole.secret_count += known;
	whole.brief = false;
	return whole;
}

static struct section written(struct writer *writer, const struct batch *batch, const struct common_ground *known)
{
	bool brief = batch_encode_within(writer, batch, NULL, known);

	return (struct section){ SECTION_BATCH, brief, writer_bytes(writer) };
}

/* What was decoded, however it was written, is written in one way: that decodes to the same operations, and is written the same again. */
static void write_again(const struct batch *batch, const struct common_ground *known)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct writer first = writer_in(&arena, 2 * PACK_RAW_MAX), second = writer_in(&arena, 2 * PACK_RAW_MAX);
	struct batch whole = completed(&arena, batch), same;
	struct section section = written(&first, &whole, known);

	if (!first.overflow) { /* a writer fills half of what a reader takes */
		insist(section.brief == batch->brief);
		insist(batch_decode_within(&section, known, &arena, NULL, &same) == STATUS_OK && same.count == batch->count);
		whole = completed(&arena, &same);
		(void)written(&second, &whole, known);
		insist(!second.overflow && bytes_equal(writer_bytes(&first), writer_bytes(&second)));
		for (size_t i = 0; i < batch->count && i < 100; i++) {
			struct bytes left = operation_bytes(&scratch, &batch->operations[i]);
			insist(bytes_equal(left, operation_bytes(&scratch, &same.operations[i])));
			arena_reset(&scratch);
		}
	}
	arena_finish(&arena);
	arena_finish(&scratch);
}

static void try_form(struct bytes body, const struct common_ground *known)
{
	const struct section section = { SECTION_BATCH, known != NULL, body };
	const struct references references = fuzz_references();
	struct arena arena = { 0 };
	struct batch batch;

	if (batch_decode_within(&section, known, &arena, &references, &batch) == STATUS_OK)
		write_again(&batch, known);
	insist(arena.used <= 2 * COLUMNS_MEMORY_MAX);
	arena_finish(&arena);
}

static void try_body(struct bytes body)
{
	try_form(body, NULL);
	try_form(body, &ground);
}

/* The input as it is, and as what lies inside the packed block: its first two bytes are then the number of operations. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[300 * WINDOW_SECRET_SIZE];
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 2 * PACK_RAW_MAX);
	size_t count;

	try_body((struct bytes){ data, size });
	if (size > 2) {
		count = data[0] | (size_t)data[1] << 8;
		write_raw(&writer, zeros, ID_SIZE);
		write_varint(&writer, 1);
		write_varint(&writer, count);
		write_raw(&writer, zeros, (count / WINDOW_LENGTH + 1) * WINDOW_SECRET_SIZE + HASH_SIZE + SIGNATURE_SIZE);
		fuzz_store(&writer, (struct bytes){ data + 2, size - 2 });
		try_body(writer_bytes(&writer));
	}
	arena_finish(&arena);
	return 0;
}
