#include "protocol/sync/incident.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
static const char *const words[] = {
	[INCIDENT_NONE]          = "",
	[INCIDENT_DIGEST]        = "digest",
	[INCIDENT_RESTORED]      = "restored",
	[INCIDENT_FORK]          = "fork",
	[INCIDENT_COPIED]        = "copied",
	[INCIDENT_LOSS]          = "loss",
	[INCIDENT_LOSS_ACCEPTED] = "loss_accepted",
	[INCIDENT_POISON]        = "poison",
	[INCIDENT_UNREADABLE]    = "unreadable",
	[INCIDENT_UNCLEAN_STOP]  = "unclean_stop",
	[INCIDENT_DAMAGED]       = "damaged",
	[INCIDENT_TOLD]          = "told",
	[INCIDENT_REPLACED]      = "replaced",
	[INCIDENT_ROT]           = "rot",
	[INCIDENT_INCARNATIONS]  = "incarnations",
	[INCIDENT_GAP]           = "gap",
	[INCIDENT_FRONT]         = "front",
};
/* clang-format on */
static_assert(LENGTH(words) == INCIDENT_KIND_COUNT, "every kind of incident has a word");

const char *incident_word(uint32_t kind)
{
	return kind < INCIDENT_KIND_COUNT ? words[kind] : "";
}

enum incident_kind incident_by_word(struct text word)
{
	for (uint32_t kind = INCIDENT_NONE + 1; kind < INCIDENT_KIND_COUNT; kind++)
		if (text_equals(word, words[kind]))
			return (enum incident_kind)kind;
	return INCIDENT_TOLD;
}

enum incident_kind incident_by_told_word(struct text word)
{
	enum incident_kind kind = incident_by_word(word);

	return kind == INCIDENT_DIGEST || kind == INCIDENT_REPLACED || kind == INCIDENT_ROT || kind == INCIDENT_GAP ? kind : INCIDENT_TOLD;
}

static bool is_same(const struct incident *left, const struct incident *right)
{
	return left->kind == right->kind && id_equal(&left->device, &right->device) && id_equal(&left->subject, &right->subject);
}

void incidents_note(struct incidents *incidents, const struct incident *incident)
{
	struct text detail = text_cut(incident->detail, INCIDENT_DETAIL_MAX);
	struct noted_incident *noted;

	for (size_t i = incidents->written; i < incidents->count; i++)
		if (is_same(&incidents->noted[i].incident, incident))
			return;
	if (incidents->count == INCIDENTS_NOTED_MAX)
		return;
	noted = &incidents->noted[incidents->count++];
	noted->incident = *incident;
	if (detail.size > 0)
		memcpy(noted->detail, detail.data, detail.size);
	noted->incident.detail = (struct text){ noted->detail, detail.size };
}

static void move(struct incidents *incidents, size_t from, size_t to)
{
	incidents->noted[to] = incidents->noted[from];
	incidents->noted[to].incident.detail.data = incidents->noted[to].detail;
}

void incidents_drop(struct incidents *incidents, size_t position)
{
	for (size_t i = position + 1; i < incidents->count; i++)
		move(incidents, i, i - 1);
	incidents->count--;
}

void incidents_settle(struct incidents *incidents, bool durable)
{
	size_t kept = incidents->count - incidents->written;

	if (durable) {
		for (size_t i = 0; i < kept; i++)
			move(incidents, incidents->written + i, i);
		incidents->count = kept;
		incidents->retry_at_ms = 0;
	}
	incidents->written = 0;
	incidents->alone = false;
}
