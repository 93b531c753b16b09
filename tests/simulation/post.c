#include "tests/simulation/post.h"

#include "protocol/wire/bundle.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/mule.h"
#include "tests/simulation/server_node.h"

#define TRAVEL_MAX_MS     (12 * 60000)
#define DAMAGED_PERCENT   8
#define REBUILT_PERCENT   20
#define REPEATED_PERCENT  25
#define MISLED_PERCENT    10
#define CARRIED_PERCENT   40
#define FETCHES           3

/* Bits flipped, or cut. */
static struct bytes damage(struct simulation *simulation, struct bytes file)
{
	uint8_t *copy = arena_copy(&simulation->arena, file.data, file.size);

	if (stream_chance(&simulation->post, 40))
		return (struct bytes){ copy, (size_t)stream_below(&simulation->post, file.size) };
	copy[stream_below(&simulation->post, file.size)] ^= (uint8_t)(1u << stream_below(&simulation->post, 8));
	return (struct bytes){ copy, file.size };
}

/* A whole bundle of the envelopes of another: one is left out, comes twice, or two change places. */
static struct bytes rebuild(struct simulation *simulation, struct bytes file)
{
	struct bundle bundle;
	struct bundle_writer writer;
	uint64_t how = stream_below(&simulation->post, 3);
	size_t at;

	if (bundle_read(file, &simulation->arena, &bundle) != STATUS_OK || bundle.count < 2)
		return file;
	at = (size_t)stream_below(&simulation->post, bundle.count - 1);
	bundle_begin(&writer, &simulation->arena, &bundle.head);
	for (size_t i = 0; i < bundle.count; i++) {
		bool here = i == at;
		if (here && how == 0)
			continue;
		if (here && how == 1)
			bundle_add(&writer, bundle.envelopes[i + 1]);
		bundle_add(&writer, bundle.envelopes[i]);
		if (here && how == 1)
			i++;
		if (here && how == 2)
			bundle_add(&writer, bundle.envelopes[i]);
	}
	return bundle_end(&writer, &file) == STATUS_OK ? file : (struct bytes){ 0 };
}

/* It goes with a device, perhaps the writer's own, and whoever meets that later takes the answers along. */
static void hand_over(struct simulation *simulation, struct bytes file)
{
	struct stream *mules = &simulation->mules;
	unsigned node = 1 + (unsigned)stream_below(mules, simulation->device_count);

	plan(simulation, stream_between(mules, 1000, TRAVEL_MAX_MS), EVENT_BUNDLE_CARRY, node, 0, file);
	for (int i = 0; i < FETCHES; i++)
		plan(simulation, stream_between(mules, 1000, 3 * TRAVEL_MAX_MS), EVENT_BUNDLE_FETCH, node, 0, (struct bytes){ 0 });
}

static void carry(struct simulation *simulation, enum event_kind kind, unsigned node, struct bytes file)
{
	struct stream *post = &simulation->post;
	uint64_t untouched = POST_UNTOUCHED;

	if (kind == EVENT_BUNDLE_TO && stream_chance(post, MISLED_PERCENT)) {
		node = 1 + (unsigned)stream_below(post, simulation->device_count);
		untouched = 0;
	}
	if (stream_chance(post, REBUILT_PERCENT)) {
		file = rebuild(simulation, file);
		untouched = 0;
	} else if (stream_chance(post, DAMAGED_PERCENT)) {
		file = damage(simulation, file);
		untouched = 0;
	}
	if (kind == EVENT_BUNDLE_IN && stream_chance(&simulation->mules, CARRIED_PERCENT)) {
		hand_over(simulation, file);
		return;
	}
	plan(simulation, stream_between(post, 1000, TRAVEL_MAX_MS), kind, node, untouched, file);
	if (stream_chance(post, REPEATED_PERCENT))
		plan(simulation, stream_between(post, 1000, 2 * TRAVEL_MAX_MS), kind, node, untouched, file);
}

void post_from_device(struct simulation *simulation, struct device_node *device)
{
	struct bytes file = { 0 };

	if (!device_node_write_bundle(simulation, device, &file))
		return;
	mule_note_letter(simulation, device, file);
	carry(simulation, EVENT_BUNDLE_IN, device->number, file);
}

void post_from_server(struct simulation *simulation, unsigned number)
{
	struct bytes file = { 0 };

	if (server_node_write_bundle(simulation, number, &file))
		carry(simulation, EVENT_BUNDLE_TO, number, file);
}

void post_to_device(struct simulation *simulation, unsigned number, struct bytes file)
{
	carry(simulation, EVENT_BUNDLE_TO, number, file);
}
