#include "protocol/wire/pack.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <zstd.h>

#include "protocol/base/no_memory.h"

#define BLOCK_HEADER_MAX 16
#define PIECE_SIZE ((size_t)1024)
#define BLOCK_COST 60 /* bytes that a block of its own costs: its header and tables */

#define FRAME_HEAD_MAX 7
#define ROOM_TO_TURN   64 /* zstd gives up before its room is full */

enum compression { COMPRESSION_STORED = 0, COMPRESSION_ZSTD = 1, COMPRESSION_ZSTD_BLOCKS = 2 };

struct packed {
	enum compression compression;
	uint8_t dictionary;
	struct bytes data;
};

static const char what[] = "packed block";

/* zstd asks the processor for its features whenever it makes a context, and a virtual machine has to answer in its place: that takes longer
 * than to pack a small block. One of each that nobody uses is kept for whoever comes next, on any thread. */
static _Atomic(ZSTD_CCtx *) idle_writer;
static _Atomic(ZSTD_DCtx *) idle_reader;

/* NULL: no memory. */
static ZSTD_CCtx *take_writer(void)
{
	ZSTD_CCtx *context = atomic_exchange(&idle_writer, NULL);

	return context != NULL ? context : ZSTD_createCCtx();
}

static void give_writer_back(ZSTD_CCtx *context)
{
	(void)ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
	(void)ZSTD_freeCCtx(atomic_exchange(&idle_writer, context));
}

static ZSTD_DCtx *take_reader(void)
{
	ZSTD_DCtx *context = atomic_exchange(&idle_reader, NULL);

	if (context == NULL)
		context = ZSTD_createDCtx();
	if (context == NULL)
		no_memory();
	return context;
}

static void give_reader_back(ZSTD_DCtx *context)
{
	(void)ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
	(void)ZSTD_freeDCtx(atomic_exchange(&idle_reader, context));
}

/* Bytes that an entropy coder would need. */
static double entropy(const uint32_t histogram[static 256], size_t size)
{
	double bits = 0;

	for (size_t i = 0; i < 256; i++)
		if (histogram[i] != 0)
			bits += histogram[i] * log2((double)size / histogram[i]);
	return bits / 8;
}

/* The end of the stretch that begins at `start`: zstd has one table of literals for a block of up to 128 KiB, so columns that are
 * unlike each other (ids, then words) pay for one another unless a new block begins between them. */
static size_t stretch_end(struct bytes raw, size_t start)
{
	uint32_t stretch[256] = { 0 };
	size_t end = start;
	double cost = 0;

	while (end < raw.size) {
		size_t left = raw.size - end;
		size_t size = left < PIECE_SIZE ? left : PIECE_SIZE;
		uint32_t piece[256] = { 0 }, both[256];
		double piece_cost, both_cost;

		for (size_t i = 0; i < size; i++)
			piece[raw.data[end + i]]++;
		for (size_t i = 0; i < 256; i++)
			both[i] = stretch[i] + piece[i];
		piece_cost = entropy(piece, size);
		both_cost = entropy(both, end - start + size);
		if (end > start && both_cost > cost + piece_cost + BLOCK_COST)
			break;
		memcpy(stretch, both, sizeof(stretch));
		cost = both_cost;
		end += size;
	}
	return end;
}

static bool compress_stretches(ZSTD_CCtx *context, struct bytes raw, ZSTD_outBuffer *out)
{
	size_t start = 0;

	while (start < raw.size) {
		size_t end = stretch_end(raw, start);
		ZSTD_inBuffer in = { raw.data + start, end - start, 0 };
		size_t left = ZSTD_compressStream2(context, out, &in, end == raw.size ? ZSTD_e_end : ZSTD_e_flush);
		if (left != 0)
			return false; /* an error, or no room */
		start = end;
	}
	return true;
}

/* One frame with its content's size and nothing else; 0 when it failed or is not smaller than `room`. */
static size_t compress(struct bytes raw, int level, uint8_t *data, size_t room)
{
	ZSTD_CCtx *context = take_writer();
	ZSTD_outBuffer out = { data, room, 0 };
	bool done;

	if (context == NULL)
		return 0;
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, PACK_WINDOW_LOG_MAX);
	(void)ZSTD_CCtx_setPledgedSrcSize(context, raw.size);
	done = compress_stretches(context, raw, &out);
	give_writer_back(context);
	return done ? out.pos : 0;
}

static_assert(PACK_SMALL_MAX < 65536 + 256, "two bytes state the size in a frame's head");

/* The head of a frame of one segment that states its size and nothing more. A small block leaves it out: both sides know it. */
static size_t make_frame_head(size_t raw_size, uint8_t head[static FRAME_HEAD_MAX])
{
	bool tiny = raw_size < 256;
	size_t said = tiny ? raw_size : raw_size - 256;
	const uint8_t bytes[FRAME_HEAD_MAX] = { 0x28, 0xb5, 0x2f, 0xfd, tiny ? 0x20 : 0x60, (uint8_t)said, (uint8_t)(said >> 8) };

	memcpy(head, bytes, sizeof(bytes));
	return tiny ? FRAME_HEAD_MAX - 1 : FRAME_HEAD_MAX;
}

/* One frame by the dictionary, without its number; 0 when it failed or does not fit into `room`. */
static size_t compress_by(const ZSTD_CDict *dictionary, struct bytes raw, uint8_t *data, size_t room)
{
	ZSTD_CCtx *context = take_writer();
	size_t size;

	if (context == NULL)
		return 0;
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, PACK_WINDOW_LOG_MAX);
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0);
	(void)ZSTD_CCtx_refCDict(context, dictionary);
	size = ZSTD_compress2(context, data, room, raw.data, raw.size);
	give_writer_back(context);
	return ZSTD_isError(size) ? 0 : size;
}

/* Takes the place of `best` when it is shorter. */
static void pack_small(struct arena *scratch, struct bytes raw, uint8_t number, struct packed *best)
{
	const ZSTD_CDict *dictionary = dictionary_for_writing(number);
	uint8_t head[FRAME_HEAD_MAX];
	size_t head_size = make_frame_head(raw.size, head), room = head_size + best->data.size + ROOM_TO_TURN, size;
	uint8_t *frame;

	if (dictionary == NULL || raw.size == 0 || raw.size > PACK_SMALL_MAX)
		return;
	frame = arena_allocate(scratch, room);
	size = compress_by(dictionary, raw, frame, room);
	if (size > head_size && size < head_size + best->data.size && memcmp(frame, head, head_size) == 0)
		*best = (struct packed){ COMPRESSION_ZSTD_BLOCKS, number, { .data = frame + head_size, .size = size - head_size } };
}

void pack_write(struct writer *writer, struct bytes raw, int level, uint8_t dictionary)
{
	struct arena scratch = { 0 };
	struct writer head = writer_in(&scratch, BLOCK_HEADER_MAX);
	struct packed best = { COMPRESSION_STORED, DICTIONARY_NONE, raw };
	uint8_t *frame;
	size_t size;

	if (raw.size > PACK_RAW_MAX) {
		writer->overflow = true;
		return;
	}
	frame = arena_allocate(&scratch, raw.size + 1);
	size = raw.size == 0 ? 0 : compress(raw, level, frame, raw.size);
	if (size != 0)
		best = (struct packed){ COMPRESSION_ZSTD, DICTIONARY_NONE, { .data = frame, .size = size } };
	pack_small(&scratch, raw, dictionary, &best);
	write_u8(&head, (uint8_t)best.compression);
	write_u8(&head, best.dictionary);
	write_varint(&head, raw.size);
	write_varint(writer, head.size + best.data.size);
	write_raw(writer, head.data, head.size);
	write_raw(writer, best.data.data, best.data.size);
	arena_finish(&scratch);
}

/* RFC 8878, 3.1.1.1: a frame that states its size, asks for no dictionary and for no more window than ours. Written out
 * here since the library's own reader of frame headers is not part of its stable interface, and decompressing at one go
 * ignores the window. */
static enum status check_frame(struct bytes frame, size_t raw_size)
{
	static const uint8_t size_sizes[4] = { 0, 2, 4, 8 };
	struct reader reader = reader_of(frame);
	uint32_t magic = read_u32(&reader);
	uint8_t descriptor = read_u8(&reader);
	bool single = (descriptor & 0x20) != 0;
	uint8_t window = single ? 0 : read_u8(&reader);
	size_t size_size = size_sizes[descriptor >> 6];
	uint64_t content = 0;

	if (size_size == 0 && single)
		size_size = 1;
	for (size_t i = 0; i < size_size; i++)
		content |= (uint64_t)read_u8(&reader) << (8 * i);
	if (size_size == 2)
		content += 256;
	if (reader.bad || magic != ZSTD_MAGICNUMBER || (descriptor & 0x0b) != 0 || size_size == 0)
		return fail(STATUS_CORRUPT, "%s: not one plain zstd frame that states its size", what);
	if (content != raw_size)
		return fail(STATUS_CORRUPT, "%s: its frame holds another size than the %zu bytes stated", what, raw_size);
	if (single ? content > (uint64_t)1 << PACK_WINDOW_LOG_MAX :
		     (window >> 3) + 10 > PACK_WINDOW_LOG_MAX || ((window >> 3) + 10 == PACK_WINDOW_LOG_MAX && (window & 7) != 0))
		return fail(STATUS_CORRUPT, "%s: its window is larger than 2^%d bytes", what, PACK_WINDOW_LOG_MAX);
	if (ZSTD_findFrameCompressedSize(frame.data, frame.size) != frame.size)
		return fail(STATUS_CORRUPT, "%s: cut, or more than one frame", what);
	return STATUS_OK;
}

static enum status decompress(struct arena *arena, struct bytes frame, size_t raw_size, struct bytes *out_raw)
{
	enum status status = check_frame(frame, raw_size);
	ZSTD_DCtx *context;
	uint8_t *raw;
	size_t size;

	if (status != STATUS_OK)
		return status;
	raw = arena_allocate(arena, raw_size);
	context = take_reader();
	size = ZSTD_decompressDCtx(context, raw, raw_size, frame.data, frame.size);
	give_reader_back(context);
	if (ZSTD_isError(size) || size != raw_size)
		return fail(STATUS_CORRUPT, "%s: damaged (%s)", what, ZSTD_isError(size) ? ZSTD_getErrorName(size) : "too short");
	*out_raw = (struct bytes){ .data = raw, .size = raw_size };
	return STATUS_OK;
}

static enum status refuse_as_newer(uint8_t compression, uint8_t dictionary)
{
	return fail(STATUS_NEWER, "%s: compression %u with dictionary %u is not known here; update this program", what, compression,
		dictionary);
}

/* The frame that the blocks are of, under the head that was left out. */
static struct bytes make_frame(struct arena *scratch, struct bytes blocks, size_t raw_size)
{
	uint8_t head[FRAME_HEAD_MAX];
	size_t head_size = make_frame_head(raw_size, head);
	struct writer frame = writer_in(scratch, head_size + blocks.size);

	write_raw(&frame, head, head_size);
	write_raw(&frame, blocks.data, blocks.size);
	return writer_bytes(&frame);
}

/* Nothing of the head comes from outside, so that there is none to check: no window, no size, no number but ours. */
static enum status decompress_by(const ZSTD_DDict *dictionary, struct bytes frame, uint8_t *raw, size_t raw_size)
{
	ZSTD_DCtx *context;
	size_t size;

	if (ZSTD_findFrameCompressedSize(frame.data, frame.size) != frame.size)
		return fail(STATUS_CORRUPT, "%s: cut, or more than one frame", what);
	context = take_reader();
	size = ZSTD_decompress_usingDDict(context, raw, raw_size, frame.data, frame.size, dictionary);
	give_reader_back(context);
	if (ZSTD_isError(size) || size != raw_size)
		return fail(STATUS_CORRUPT, "%s: damaged (%s)", what, ZSTD_isError(size) ? ZSTD_getErrorName(size) : "too short");
	return STATUS_OK;
}

static enum status read_small(struct arena *arena, uint8_t number, struct bytes blocks, size_t raw_size, struct bytes *out_raw)
{
	const ZSTD_DDict *dictionary = dictionary_for_reading(number);
	struct arena scratch = { 0 };
	enum status status;
	uint8_t *raw;

	if (dictionary == NULL)
		return refuse_as_newer(COMPRESSION_ZSTD_BLOCKS, number);
	if (raw_size > PACK_SMALL_MAX || blocks.size >= raw_size)
		return fail(STATUS_CORRUPT, "%s: %zu bytes of blocks for %zu are not a small one", what, blocks.size, raw_size);
	raw = arena_allocate(arena, raw_size);
	status = decompress_by(dictionary, make_frame(&scratch, blocks, raw_size), raw, raw_size);
	arena_finish(&scratch);
	if (status == STATUS_OK)
		*out_raw = (struct bytes){ .data = raw, .size = raw_size };
	return status;
}

static enum status read_stored(struct arena *arena, struct bytes data, size_t raw_size, struct bytes *out_raw)
{
	if (data.size != raw_size)
		return fail(STATUS_CORRUPT, "%s: %zu bytes stored where %zu are stated", what, data.size, raw_size);
	*out_raw = arena_copy_bytes(arena, data);
	return STATUS_OK;
}

enum status pack_read(struct reader *reader, struct arena *arena, struct bytes *out_raw)
{
	struct reader block = reader_of(read_bytes(reader, PACK_RAW_MAX + BLOCK_HEADER_MAX));
	uint8_t compression = read_u8(&block);
	uint8_t dictionary = read_u8(&block);
	size_t raw_size = (size_t)read_varint_max(&block, PACK_RAW_MAX);
	struct bytes data;

	if (reader->bad || block.bad)
		return fail(STATUS_CORRUPT, "%s: cut, or larger than %zu bytes", what, PACK_RAW_MAX);
	data = read_view(&block, reader_left(&block));
	if (compression == COMPRESSION_ZSTD_BLOCKS)
		return read_small(arena, dictionary, data, raw_size, out_raw);
	if (compression > COMPRESSION_ZSTD_BLOCKS || dictionary != DICTIONARY_NONE)
		return refuse_as_newer(compression, dictionary);
	return (compression == COMPRESSION_ZSTD ? decompress : read_stored)(arena, data, raw_size, out_raw);
}
