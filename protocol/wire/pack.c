#include "protocol/wire/pack.h"

#include <math.h>
#include <string.h>
#include <zstd.h>

#define BLOCK_HEADER_MAX 16
#define PIECE_SIZE ((size_t)1024)
#define BLOCK_COST 60 /* bytes that a block of its own costs: its header and tables */

enum compression { COMPRESSION_STORED = 0, COMPRESSION_ZSTD = 1 };

static const char what[] = "packed block";

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
	ZSTD_CCtx *context = ZSTD_createCCtx();
	ZSTD_outBuffer out = { data, room, 0 };
	bool done;

	if (context == NULL)
		return 0;
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, PACK_WINDOW_LOG_MAX);
	(void)ZSTD_CCtx_setPledgedSrcSize(context, raw.size);
	done = compress_stretches(context, raw, &out);
	ZSTD_freeCCtx(context);
	return done ? out.pos : 0;
}

void pack_write(struct writer *writer, struct bytes raw, int level)
{
	struct arena scratch = { 0 };
	struct writer head = writer_in(&scratch, BLOCK_HEADER_MAX);
	uint8_t *packed;
	size_t size;

	if (raw.size > PACK_RAW_MAX) {
		writer->overflow = true;
		return;
	}
	packed = arena_allocate(&scratch, raw.size + 1);
	size = raw.size == 0 ? 0 : compress(raw, level, packed, raw.size);
	write_u8(&head, size == 0 ? COMPRESSION_STORED : COMPRESSION_ZSTD);
	write_u8(&head, 0);
	write_varint(&head, raw.size);
	write_varint(writer, head.size + (size == 0 ? raw.size : size));
	write_raw(writer, head.data, head.size);
	write_raw(writer, size == 0 ? raw.data : packed, size == 0 ? raw.size : size);
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
	uint8_t *raw;
	size_t size;

	if (status != STATUS_OK)
		return status;
	raw = arena_allocate(arena, raw_size);
	size = ZSTD_decompress(raw, raw_size, frame.data, frame.size);
	if (ZSTD_isError(size) || size != raw_size)
		return fail(STATUS_CORRUPT, "%s: damaged (%s)", what, ZSTD_isError(size) ? ZSTD_getErrorName(size) : "too short");
	*out_raw = (struct bytes){ .data = raw, .size = raw_size };
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
	if (compression > COMPRESSION_ZSTD || dictionary != 0)
		return fail(STATUS_NEWER, "%s: compression %u with dictionary %u is not known here; update this program", what,
			    compression, dictionary);
	data = read_view(&block, reader_left(&block));
	if (compression == COMPRESSION_ZSTD)
		return decompress(arena, data, raw_size, out_raw);
	if (data.size != raw_size)
		return fail(STATUS_CORRUPT, "%s: %zu bytes stored where %zu are stated", what, data.size, raw_size);
	*out_raw = arena_copy_bytes(arena, data);
	return STATUS_OK;
}
