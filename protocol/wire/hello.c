/* The small bodies: hello, welcome, pull, decided, again, outlook, fault. */

#include "protocol/wire/body.h"

#define RESUME_SIZE_MAX 64
#define WAIT_MS_MAX 240000

enum welcome_flag { WELCOME_KNOWN = 1, WELCOME_ROLLED_BACK = 2 };
enum pull_flag { PULL_OWN_ROWS = 1, PULL_ALL_DIGESTS = 2 };

void hello_encode(struct writer *writer, const struct hello *hello)
{
	write_id(writer, &hello->incarnation);
	write_count(writer, hello->next_seq);
	write_hash(writer, &hello->chain_hash);
	write_cursor(writer, &hello->cursor);
	write_count(writer, hello->settled_seq);
	write_count(writer, hello->schema_revision);
	write_count(writer, hello->handler_revision);
	write_count(writer, hello->queue_depth);
	write_count(writer, hello->oldest_pending_age_ms);
	write_count(writer, hello->free_disk_bytes);
	write_signed(writer, hello->clock_ms);
	write_varint(writer, hello->carrier);
}

enum status hello_decode(struct bytes body, struct hello *out_hello)
{
	struct reader reader = reader_of(body);
	struct hello hello = { 0 };
	enum status status;

	hello.incarnation = read_id(&reader);
	hello.next_seq = read_count(&reader);
	hello.chain_hash = read_hash(&reader);
	hello.cursor = read_cursor(&reader);
	hello.settled_seq = read_count(&reader);
	hello.schema_revision = read_count(&reader);
	hello.handler_revision = read_count(&reader);
	hello.queue_depth = read_count(&reader);
	hello.oldest_pending_age_ms = read_count(&reader);
	hello.free_disk_bytes = read_count(&reader);
	hello.clock_ms = read_signed(&reader);
	hello.carrier = (uint32_t)read_varint_max(&reader, UINT32_MAX);
	status = reader_end(&reader, "hello");
	if (status == STATUS_OK)
		*out_hello = hello;
	return status;
}

void welcome_encode(struct writer *writer, const struct welcome *welcome)
{
	write_id(writer, &welcome->incarnation);
	write_u8(writer, (uint8_t)((welcome->incarnation_known ? WELCOME_KNOWN : 0) | (welcome->rolled_back ? WELCOME_ROLLED_BACK : 0)));
	write_count(writer, welcome->last_seq);
	write_hash(writer, &welcome->chain_hash);
	write_id(writer, &welcome->epoch);
	write_count(writer, welcome->gseq);
	write_signed(writer, welcome->time_ms);
	write_varint(writer, welcome->device_state);
	write_signed(writer, welcome->lease_until_ms);
	write_count(writer, welcome->backup_gseq);
	write_count(writer, welcome->schema_revision);
	write_count(writer, welcome->handler_revision);
}

enum status welcome_decode(struct bytes body, struct welcome *out_welcome)
{
	struct reader reader = reader_of(body);
	struct welcome welcome = { 0 };
	enum status status;
	uint8_t flags;

	welcome.incarnation = read_id(&reader);
	flags = read_flags(&reader, WELCOME_KNOWN | WELCOME_ROLLED_BACK);
	welcome.incarnation_known = (flags & WELCOME_KNOWN) != 0;
	welcome.rolled_back = (flags & WELCOME_ROLLED_BACK) != 0;
	welcome.last_seq = read_count(&reader);
	welcome.chain_hash = read_hash(&reader);
	welcome.epoch = read_id(&reader);
	welcome.gseq = read_count(&reader);
	welcome.time_ms = read_signed(&reader);
	welcome.device_state = (uint32_t)read_varint_max(&reader, UINT32_MAX);
	welcome.lease_until_ms = read_signed(&reader);
	welcome.backup_gseq = read_count(&reader);
	welcome.schema_revision = read_count(&reader);
	welcome.handler_revision = read_count(&reader);
	status = reader_end(&reader, "welcome");
	if (status == STATUS_OK)
		*out_welcome = welcome;
	return status;
}

bool pull_encode_within(struct writer *writer, const struct pull *pull, const struct common_ground *ground)
{
	bool brief = ground != NULL && id_equal(&ground->epoch, &pull->cursor.epoch);

	if (pull->resume.size > RESUME_SIZE_MAX)
		writer->overflow = true;
	write_unless(writer, brief, &pull->cursor.epoch);
	write_count(writer, pull->cursor.gseq);
	write_count(writer, pull->settled_seq);
	write_count(writer, pull->byte_budget);
	write_varint(writer, pull->class_max);
	write_u8(writer, (uint8_t)((pull->own_rows ? PULL_OWN_ROWS : 0) | (pull->all_digests ? PULL_ALL_DIGESTS : 0)));
	write_count(writer, pull->wait_ms);
	write_bytes(writer, pull->resume);
	return brief;
}

void pull_encode(struct writer *writer, const struct pull *pull)
{
	(void)pull_encode_within(writer, pull, NULL);
}

enum status pull_decode_within(const struct section *section, const struct common_ground *ground, struct pull *out_pull)
{
	struct reader reader = reader_of(section->body);
	struct pull pull = { 0 };
	uint8_t flags;
	enum status status = section_ground(section, ground, &ground);

	if (status != STATUS_OK)
		return status;
	pull.cursor.epoch = read_unless(&reader, ground != NULL ? &ground->epoch : NULL);
	pull.cursor.gseq = read_count(&reader);
	pull.settled_seq = read_count(&reader);
	pull.byte_budget = read_count(&reader);
	pull.class_max = (uint32_t)read_varint_max(&reader, UINT32_MAX);
	flags = read_flags(&reader, PULL_OWN_ROWS | PULL_ALL_DIGESTS);
	pull.own_rows = (flags & PULL_OWN_ROWS) != 0;
	pull.all_digests = (flags & PULL_ALL_DIGESTS) != 0;
	pull.wait_ms = (int64_t)read_varint_max(&reader, WAIT_MS_MAX);
	pull.resume = read_bytes(&reader, RESUME_SIZE_MAX);
	status = reader_end(&reader, "pull");
	if (status == STATUS_OK)
		*out_pull = pull;
	return status;
}

enum status pull_decode(struct bytes body, struct pull *out_pull)
{
	return pull_decode_within(&(struct section){ .number = SECTION_PULL, .body = body }, NULL, out_pull);
}

/* How many of the seqs from `start` on are consecutive. */
static size_t run_length(const int64_t *seqs, size_t count, size_t start)
{
	size_t length = 1;

	while (start + length < count && seqs[start + length] == seqs[start] + (int64_t)length)
		length++;
	return length;
}

/* Runs of consecutive seqs, as (gap since the last run's end, length - 1), since what differs often does so in a row. */
static void write_runs(struct writer *writer, const struct decided *decided)
{
	int64_t next = 0; /* a run begins here or later; one right at the last one's end would be the same run */
	size_t runs = 0;

	for (size_t i = 0; i < decided->unlike_count; i += run_length(decided->unlike, decided->unlike_count, i))
		runs++;
	write_varint(writer, runs);
	for (size_t i = 0; i < decided->unlike_count;) {
		size_t length = run_length(decided->unlike, decided->unlike_count, i);
		write_count(writer, decided->unlike[i] - next);
		write_varint(writer, length - 1);
		next = decided->unlike[i] + (int64_t)length + 1;
		i += length;
	}
}

bool decided_encode_within(struct writer *writer, const struct decided *decided, const struct common_ground *ground)
{
	bool brief = ground != NULL && id_equal(&ground->incarnation, &decided->incarnation);

	if (decided->unlike_count > UNLIKE_COUNT_MAX)
		writer->overflow = true;
	write_unless(writer, brief, &decided->incarnation);
	write_count(writer, decided->seq);
	write_hash_within(writer, brief, &decided->chain_hash);
	write_count(writer, decided->gseq);
	if (!writer->overflow)
		write_runs(writer, decided);
	return brief;
}

void decided_encode(struct writer *writer, const struct decided *decided)
{
	(void)decided_encode_within(writer, decided, NULL);
}

static enum status corrupt_runs(void)
{
	return fail(STATUS_CORRUPT, "decided: malformed or too many runs of sequence numbers");
}

/* First pass with `out` NULL counts and checks; the second one fills. */
static enum status walk_runs(struct reader reader, int64_t last, int64_t *out, size_t *out_count, size_t *out_position)
{
	uint64_t runs = read_varint_max(&reader, reader_left(&reader) / 2);
	uint64_t next = 0;
	size_t count = 0;

	for (uint64_t run = 0; run < runs && !reader.bad; run++) {
		uint64_t start = next + read_varint_max(&reader, INT64_MAX);
		uint64_t length = read_varint_max(&reader, UNLIKE_COUNT_MAX - 1) + 1;
		if (reader.bad || start + length - 1 > (uint64_t)last || length > UNLIKE_COUNT_MAX - count)
			return corrupt_runs();
		for (uint64_t i = 0; out != NULL && i < length; i++)
			out[count + i] = (int64_t)(start + i);
		count += length;
		next = start + length + 1;
	}
	*out_count = count;
	*out_position = reader.position;
	return reader.bad ? corrupt_runs() : STATUS_OK;
}

static enum status read_runs(struct reader *reader, struct arena *arena, struct decided *decided)
{
	size_t count, position;
	int64_t *unlike;
	enum status status = walk_runs(*reader, decided->seq, NULL, &count, &position);

	if (status != STATUS_OK)
		return status;
	unlike = arena_allocate_array(arena, count, sizeof(*unlike));
	status = walk_runs(*reader, decided->seq, unlike, &count, &position);
	reader->position = position;
	decided->unlike = unlike;
	decided->unlike_count = count;
	return status;
}

enum status decided_decode_within(
	const struct section *section, const struct common_ground *ground, struct arena *arena, struct decided *out_decided)
{
	struct reader reader = reader_of(section->body);
	struct decided decided = { .brief = section->brief };
	enum status status = section_ground(section, ground, &ground);

	if (status != STATUS_OK)
		return status;
	decided.incarnation = read_unless(&reader, ground != NULL ? &ground->incarnation : NULL);
	decided.seq = read_count(&reader);
	decided.chain_hash = read_hash_within(&reader, decided.brief);
	decided.gseq = read_count(&reader);
	if (reader.bad)
		return reader_end(&reader, "decided");
	status = read_runs(&reader, arena, &decided);
	if (status == STATUS_OK)
		status = reader_end(&reader, "decided");
	if (status == STATUS_OK)
		*out_decided = decided;
	return status;
}

enum status decided_decode(struct bytes body, struct arena *arena, struct decided *out_decided)
{
	return decided_decode_within(&(struct section){ .number = SECTION_DECIDED, .body = body }, NULL, arena, out_decided);
}

void again_encode(struct writer *writer, int64_t after_ms)
{
	write_count(writer, after_ms);
}

enum status again_decode(struct bytes body, int64_t *out_after_ms)
{
	struct reader reader = reader_of(body);
	int64_t after_ms = read_count(&reader);
	enum status status = reader_end(&reader, "again");

	if (status == STATUS_OK)
		*out_after_ms = after_ms;
	return status;
}

void outlook_encode(struct writer *writer, int64_t rows)
{
	write_count(writer, rows);
}

enum status outlook_decode(struct bytes body, int64_t *out_rows)
{
	struct reader reader = reader_of(body);
	int64_t rows = read_count(&reader);
	enum status status = reader_end(&reader, "outlook");

	if (status == STATUS_OK)
		*out_rows = rows;
	return status;
}

void fault_encode(struct writer *writer, const struct wire_fault *fault)
{
	write_varint(writer, fault->code);
	write_signed(writer, fault->value);
}

enum status fault_decode(struct bytes body, struct wire_fault *out_fault)
{
	struct reader reader = reader_of(body);
	struct wire_fault fault = { 0 };
	enum status status;

	fault.code = (uint32_t)read_varint_max(&reader, UINT32_MAX);
	fault.value = read_signed(&reader);
	status = reader_end(&reader, "fault");
	if (status == STATUS_OK)
		*out_fault = fault;
	return status;
}

struct bytes head_statement(struct arena *arena, const struct id *organisation, const struct id *device,
			    const struct id *incarnation, int64_t seq, const struct hash *hash)
{
	static const char domain[] = "truckroll/head/v1"; /* its NUL is part of the statement */
	struct writer writer = writer_in(arena, 256);

	write_raw(&writer, domain, sizeof(domain));
	write_id(&writer, organisation);
	write_id(&writer, device);
	write_id(&writer, incarnation);
	write_u64(&writer, (uint64_t)seq);
	write_hash(&writer, hash);
	return writer_bytes(&writer);
}

void origin_encode(struct writer *writer, const struct origin *origin)
{
	write_id(writer, &origin->previous);
	write_count(writer, origin->shared_seq);
}

enum status origin_decode(struct bytes body, struct origin *out_origin)
{
	struct reader reader = reader_of(body);
	struct origin origin = { .previous = read_id(&reader) };

	origin.shared_seq = read_count(&reader);
	if (reader.bad || reader_left(&reader) > 0 || id_is_nil(&origin.previous))
		return fail(STATUS_CORRUPT, "origin: malformed");
	*out_origin = origin;
	return STATUS_OK;
}

void told_incident_encode(struct writer *writer, const struct told_incident *told)
{
	struct text what = text_cut(told->what, TOLD_WHAT_MAX), detail = text_cut(told->detail, TOLD_DETAIL_MAX);

	write_count(writer, told->at_ms);
	write_bytes(writer, (struct bytes){ (const uint8_t *)what.data, what.size });
	write_bytes(writer, (struct bytes){ (const uint8_t *)detail.data, detail.size });
}

static struct text read_told(struct reader *reader, size_t size_max)
{
	struct bytes bytes = read_bytes(reader, size_max);
	struct text text = { (const char *)bytes.data, bytes.size };

	if (!text_valid(text))
		reader->bad = true;
	return text;
}

enum status told_incident_decode(struct bytes body, struct told_incident *out_told)
{
	struct reader reader = reader_of(body);
	struct told_incident told = { .at_ms = read_count(&reader) };

	told.what = read_told(&reader, TOLD_WHAT_MAX);
	told.detail = read_told(&reader, TOLD_DETAIL_MAX);
	if (reader.bad || reader_left(&reader) > 0 || told.what.size == 0)
		return fail(STATUS_CORRUPT, "incident: malformed");
	*out_told = told;
	return STATUS_OK;
}
