#include <assert.h>
#include <stdbool.h>

#include "protocol/domain/revision.h"
#include "protocol/wire/message.h"

#define SHORT_FORMS_REVISION 4 /* of the schema, which programs tell each other; the forms came with it */

/* One row per section. `skippable`: a receiver that does not know it may go on without it. `once`: it unfolds to so much that a message
 * may hold only one, in whichever form. */
/* clang-format off */
static const struct known {
	enum section_number number;
	bool skippable;
	bool once;
	enum short_section_number short_number; /* of its short form; none: it has only one */
} known_sections[] = {
	{ SECTION_HELLO,        false, false, 0 },
	{ SECTION_BATCH,        false, true,  SHORT_SECTION_BATCH },
	{ SECTION_PULL,         false, false, SHORT_SECTION_PULL },
	{ SECTION_RECON,        false, true,  0 },
	{ SECTION_ORIGIN,       true,  true,  0 },
	{ SECTION_INCIDENT,     true,  true,  0 },
	{ SECTION_HAVE,         true,  true,  0 },
	{ SECTION_WANT,         true,  true,  0 },
	{ SECTION_CHUNK,        true,  true,  0 },
	{ SECTION_WELCOME,      false, false, 0 },
	{ SECTION_DECIDED,      false, false, SHORT_SECTION_DECIDED },
	{ SECTION_PAGE,         false, true,  0 },
	{ SECTION_CUT,          false, false, SHORT_SECTION_CUT },
	{ SECTION_AGAIN,        false, false, 0 },
	{ SECTION_ERROR,        false, false, 0 },
	{ SECTION_RECON_REPLY,  false, true,  0 },
	{ SECTION_HAVE_REPLY,   true,  true,  0 },
	{ SECTION_CHUNK_REPLY,  true,  true,  0 },
	{ SECTION_BLOB_LIST,    true,  true,  0 },
	{ SECTION_PART,         false, true,  0 },
	{ SECTION_OUTLOOK,      true,  true,  0 },
	{ SECTION_CARRY,        true,  true,  0 },
	{ SECTION_CARRY_WISH,   true,  true,  0 },
	{ SECTION_CARRY_REPLY,  true,  true,  0 },
	{ SECTION_HELD,         true,  true,  0 },
	{ SECTION_ANSWERS,      true,  true,  0 },
};
/* clang-format on */

bool short_forms_spoken(int64_t revision)
{
	return revision >= SHORT_FORMS_REVISION && schema_revision() >= SHORT_FORMS_REVISION;
}

bool answers_named(int64_t revision)
{
	return short_forms_spoken(revision); /* they came together */
}

static bool is_short(const struct known *known, uint64_t number)
{
	return known->short_number != SHORT_SECTION_NONE && known->short_number == number && short_forms_spoken(SCHEMA_REVISION);
}

static const struct known *find(uint64_t number)
{
	for (size_t i = 0; i < LENGTH(known_sections); i++)
		if (known_sections[i].number == number || is_short(&known_sections[i], number))
			return &known_sections[i];
	return NULL;
}

void section_put(struct writer *writer, const struct section *section)
{
	const struct known *known = find(section->number);
	uint64_t number;

	assert(known != NULL && (!section->brief || known->short_number != SHORT_SECTION_NONE));
	number = section->brief ? (uint64_t)known->short_number : (uint64_t)known->number;
	write_varint(writer, number * 2 + known->skippable);
	write_bytes(writer, section->body);
}

void section_write(struct writer *writer, enum section_number number, struct bytes body)
{
	section_put(writer, &(struct section){ .number = number, .body = body });
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
		*out_section = (struct section){ .number = known->number, .brief = lead / 2 != known->number, .body = body };
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
