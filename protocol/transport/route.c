#include "protocol/transport/route.h"

#include <string.h>

#include "protocol/transport/address.h"
#include "protocol/transport/http_address.h"
#include "protocol/transport/http_client.h"
#include "protocol/transport/sp_client.h"

enum status route_open(const char *url, struct transport **out_transport)
{
	return http_address_looks_like(url) ? transport_http_open(url, out_transport) : transport_sp_open(url, out_transport);
}

static enum status check(struct arena *arena, const char *url)
{
	struct http_address address;

	return http_address_looks_like(url) ? http_address_check(arena, url, &address) : address_check_server(url);
}

enum status route_read(struct arena *arena, struct text list, struct route *out_route)
{
	struct route route = { 0 };
	enum status status = STATUS_OK;

	for (size_t start = 0; start <= list.size && status == STATUS_OK;) {
		const char *from = list.data + start, *comma = memchr(from, ',', list.size - start);
		size_t size = comma == NULL ? list.size - start : (size_t)(comma - from);
		struct text url = arena_copy_text(arena, text_trim((struct text){ from, size }));
		if (route.count == ROUTE_MAX)
			return fail(STATUS_INVALID, "a server can have %d addresses, not more", ROUTE_MAX);
		status = check(arena, url.data);
		route.addresses[route.count++] = url;
		start += size + 1;
	}
	if (status == STATUS_OK)
		*out_route = route;
	return status;
}

const char *route_current(const struct route *route)
{
	return route->addresses[route->current].data;
}

bool route_failed(struct route *route, int64_t now_ms)
{
	bool was_back = route->back_ms != 0 && route->current == 0;

	if (was_back) { /* a try for something better: what worked before goes on */
		route->back_ms = 2 * route->back_ms < ROUTE_BACK_MAX_MS ? 2 * route->back_ms : ROUTE_BACK_MAX_MS;
		route->back_at_ms = now_ms + route->back_ms;
	}
	route->tried++;
	route->current = (route->current + 1) % route->count;
	if (route->tried < route->count)
		return true;
	route->tried = 0;
	route->current = 0;
	return false;
}

void route_worked(struct route *route, int64_t now_ms, bool lasting, uint64_t chance)
{
	if (lasting)
		route->tried = 0;
	if (route->current == 0) {
		route->back_ms = 0;
	} else if (route->back_ms == 0) {
		route->back_ms = ROUTE_BACK_MIN_MS + (int64_t)(chance % (uint64_t)ROUTE_BACK_MIN_MS);
		route->back_at_ms = now_ms + route->back_ms;
	}
}

bool route_turn_back(struct route *route, int64_t now_ms)
{
	if (route->current == 0 || route->back_ms == 0 || now_ms < route->back_at_ms)
		return false;
	route->current = 0;
	route->tried = 0;
	return true;
}
