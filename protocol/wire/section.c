#include <assert.h>
#include <stdbool.h>

#include "protocol/wire/message.h"

/* One row per number. `skippable`: a receiver that does not know it may go on without it. `once`: it unfolds to so much that a message
 * may hold only one. */
/* clang-format off */
static const struct known {
	enum section_number number;
	bool skippable;
	bool once;
} known_sections[] = {
	{ SECTION_HELLO,   false, false },
	{ SECTION_BATCH,   false, true  },
	{ SECTION_PULL,    false, false },
	{ SECTION_RECON,   false, true  },
	{ SECTION_ORIGIN,  true,  true  },
	{ SECTION_INCIDENT, true, true  },
	{ SECTION_HAVE,    true,  true  },
	{ SECTION_WANT,    true,  true  },
	{ SECTION_CHUNK,   true,  true  },
	{ SECTION_WELCOME, false, false },
	{ SECTION_DECIDED, false, false },
	{ SECTION_PAGE,    false, true  },
	{ SECTION_CUT,     false, false },
	{ SECTION_AGAIN,   false, false },
	{ SECTION_ERROR,   false, false },
	{ SECTION_RECON_REPLY, false, true },
	{ SECTION_HAVE_REPLY,  true,  true },
	{ SECTION_CHUNK_REPLY, true,  true },
	{ SECTION_BLOB_LIST,   true,  true },
	{ SECTION_PART, false, true },
	{ SECTION_OUTLOOK, true, true },
	{ SECTION_CARRY,       true, true },
	{ SECTION_CARRY_WISH,  true, true },
	{ SECTION_CARRY_REPLY, true, true },
	{ SECTION_HELD, true, true },
};
/* clang-format on */

static const struct known *find(uint64_t number)
{
	for (size_t i = 0; i < LENGTH(known_sections); i++)
		if (known_sections[i].number == number)
			return &known_sections[i];
	return NULL;
}

void section_write(struct writer *writer, enum section_number number, struct bytes body)
{
	const struct known *known = find(number);

	assert(known != NULL);
	write_varint(writer, (uint64_t)number * 2 + known->skippable);
	write_bytes(writer, body);
}

/* `*out_keep` is false for an unknown section that may be skipped. */
static enum status read_section(struct reader *reader, struct section *out_section, bool *out_keep)
{
	uint64_t lead = read_varint(reader);
	struct bytes body = read_bytes(reader, reader_left(reader));
	const struct known *known = find(lead / 2);

	if (reader->bad)
		return fail(STATUS_CORRUPT, "message: a section is malformed or cut at byte %zu of %zu", reader->position, reader->size);
	if (known == NULL && (lead & 1) == 0)
		return fail(STATUS_NEWER, "message: section %llu is not known here; update this program", (unsigned long long)(lead / 2));
	if (known != NULL && (lead & 1) != known->skippable)
		return fail(STATUS_CORRUPT, "message: section %llu is marked wrongly", (unsigned long long)(lead / 2));
	*out_keep = known != NULL;
	if (known != NULL)
		*out_section = (struct section){ .number = known->number, .body = body };
	return STATUS_OK;
}

static bool comes_again(const struct section *sections, size_t count, const struct section *section)
{
	const struct known *known = find(section->number);

	for (size_t i = 0; i < count; i++)
		if (sections[i].number == section->number)
			return known != NULL && known->once;
	return false;
}

enum status sections_read(struct bytes message, struct arena *arena, struct section **out_sections, size_t *out_count)
{
	struct reader reader = reader_of(message);
	struct section *sections = arena_allocate_array(arena, SECTIONS_MAX, sizeof(*sections));
	size_t count = 0;

	for (size_t seen = 0; reader_left(&reader) > 0; seen++) {
		bool keep = false;
		enum status status;

		if (seen == SECTIONS_MAX)
			return fail(STATUS_CORRUPT, "message: more than %d sections", SECTIONS_MAX);
		status = read_section(&reader, &sections[count], &keep);
		if (status != STATUS_OK)
			return status;
		if (keep && comes_again(sections, count, &sections[count]))
			return fail(STATUS_CORRUPT, "message: section %d comes twice", (int)sections[count].number);
		count += keep;
	}
	*out_sections = sections;
	*out_count = count;
	return STATUS_OK;
}
