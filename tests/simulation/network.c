#include "tests/simulation/network.h"

#include <string.h>

static bool goes_wrong(struct simulation *simulation, enum fault_kind fault)
{
	unsigned percent = simulation->faults.percent[fault];
	bool wrong = !simulation->healed && percent > 0 && stream_chance(&simulation->net, percent);

	simulation->counts.happened[fault] += wrong;
	return wrong;
}

static int64_t travel_ms(struct simulation *simulation)
{
	if (goes_wrong(simulation, FAULT_DELAY))
		return stream_between(&simulation->net, 200, 120000);
	return stream_between(&simulation->net, 2, 80);
}

/* A copy with some bits flipped, or without its end. */
static struct bytes damaged(struct simulation *simulation, struct bytes frame)
{
	uint8_t *copy = arena_copy(&simulation->arena, frame.data, frame.size);
	size_t size = frame.size;

	if (size > 0 && stream_chance(&simulation->net, 40))
		size = (size_t)stream_below(&simulation->net, size);
	else if (size > 0)
		copy[stream_below(&simulation->net, size)] ^= (uint8_t)(1u << stream_below(&simulation->net, 8));
	return (struct bytes){ copy, size };
}

static void carry(struct simulation *simulation, enum event_kind kind, unsigned node, uint64_t connection, struct bytes frame)
{
	if (goes_wrong(simulation, FAULT_DAMAGE))
		frame = damaged(simulation, frame);
	plan(simulation, travel_ms(simulation), kind, node, connection, frame);
}

void network_request(struct simulation *simulation, struct device_node *device, struct bytes frame)
{
	device->connection = ++simulation->connections;
	if (!device->link_up || goes_wrong(simulation, FAULT_DROP)) {
		if (stream_chance(&simulation->net, 50))
			plan(simulation, travel_ms(simulation), EVENT_LOST, device->number, device->connection, (struct bytes){ 0 });
		return;
	}
	carry(simulation, EVENT_REQUEST, device->number, device->connection, frame);
	if (goes_wrong(simulation, FAULT_DUPLICATE)) /* nobody waits for the answer to the copy */
		carry(simulation, EVENT_REQUEST, device->number, ++simulation->connections, frame);
}

struct device_node *network_waiting(struct simulation *simulation, uint64_t connection)
{
	for (unsigned i = 0; i < simulation->node_count; i++)
		if (simulation->devices[i].connection == connection)
			return &simulation->devices[i];
	return NULL;
}

void network_reply(struct simulation *simulation, uint64_t connection, struct bytes frame)
{
	struct device_node *device = network_waiting(simulation, connection);

	if (device == NULL || !device->link_up || goes_wrong(simulation, FAULT_DROP))
		return;
	carry(simulation, EVENT_REPLY, device->number, connection, frame);
	if (goes_wrong(simulation, FAULT_DUPLICATE))
		carry(simulation, EVENT_REPLY, device->number, connection, frame);
}

void network_drop(struct simulation *simulation, uint64_t connection)
{
	struct device_node *device = network_waiting(simulation, connection);

	if (device != NULL && stream_chance(&simulation->net, 50))
		plan(simulation, travel_ms(simulation), EVENT_LOST, device->number, connection, (struct bytes){ 0 });
}

void network_cut(struct simulation *simulation, struct device_node *device)
{
	if (device->connection == 0)
		return;
	if (stream_chance(&simulation->net, 50))
		plan(simulation, travel_ms(simulation), EVENT_LOST, device->number, device->connection, (struct bytes){ 0 });
}
