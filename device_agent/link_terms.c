#include "device_agent/link_terms.h"

#include "device_agent/uplink.h"

void link_terms_look(struct link_terms *terms, struct arena *arena)
{
	terms->interface = uplink_now(arena);
	terms->metered = terms->settings.metered == METERED_YES ||
			 (terms->settings.metered == METERED_AUTO && uplink_listed(terms->interface, terms->settings.metered_interfaces));
}

enum status link_terms_read(struct arena *arena, struct text dir, struct link_terms *out_terms)
{
	struct link_terms terms = { 0 };
	enum status status = device_settings_load(arena, dir, &terms.settings);

	if (status != STATUS_OK)
		return status;
	terms.traffic = traffic_load(arena, dir);
	link_terms_look(&terms, arena);
	*out_terms = terms;
	return STATUS_OK;
}

enum link_class link_terms_class(const struct link_terms *terms)
{
	return terms->metered ? LINK_CLASS_METERED : LINK_CLASS_UNMETERED;
}

struct budget link_terms_budget(const struct link_terms *terms, int64_t day)
{
	return (struct budget){ .metered = terms->metered,
		.bytes_a_day = terms->settings.metered_bytes_a_day,
		.bytes_used = traffic_of_day(&terms->traffic, LINK_CLASS_METERED, day),
		.class_max = terms->settings.metered_class_max };
}
