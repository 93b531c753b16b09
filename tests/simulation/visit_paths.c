#include "tests/simulation/visit_paths.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/connection.h" /* to read beside the store */
#include "protocol/base/memory.h"
#include "protocol/domain/visit.h"
#include "server/store.h"
#include "tests/simulation/simulation.h"

/* Can a visit come from one state to another, by however many moves? */
static bool leads_to(uint32_t from, uint32_t to)
{
	bool reached[VISIT_STATE_COUNT] = { false };
	bool grew = true;

	reached[from] = true;
	while (grew) {
		grew = false;
		for (size_t i = 0; i < visit_machine.move_count; i++) {
			const struct move *move = &visit_machine.moves[i];
			if (!reached[move->from] || reached[move->to])
				continue;
			reached[move->to] = grew = true;
		}
	}
	return reached[to];
}

bool visit_was_opened_again(struct simulation *simulation, const struct id *visit)
{
	for (size_t i = 0; i < simulation->oracle.count; i++) {
		const struct promise *promise = &simulation->oracle.promises[i];
		struct logged_operation logged;
		if (promise->kind == OPERATION_REOPEN_VISIT && id_equal(&promise->subject, visit) &&
			server_store_logged(simulation->server.store, &promise->id, &simulation->arena, &logged) == STATUS_OK)
			return true;
	}
	return false;
}

static struct visit_place *place_of(struct visit_paths *paths, const struct id *id)
{
	for (size_t i = 0; i < paths->count; i++)
		if (id_equal(&paths->places[i].id, id))
			return &paths->places[i];
	return NULL;
}

static void begin(struct visit_paths *paths, const struct id *id, uint32_t state)
{
	if (paths->count == paths->capacity) {
		paths->capacity = paths->capacity == 0 ? 64 : 2 * paths->capacity;
		paths->places = memory_resize(paths->places, paths->capacity * sizeof(*paths->places));
	}
	paths->places[paths->count++] = (struct visit_place){ *id, state };
}

static void follow(struct simulation *simulation, const struct id *id, uint32_t state)
{
	struct visit_place *place = place_of(&simulation->paths, id);

	if (place == NULL) {
		begin(&simulation->paths, id, state);
		return;
	}
	if (state >= VISIT_STATE_COUNT || !leads_to(place->state, state))
		violate(simulation, "I8", "visit %s went from state %u to state %u", id_to_text(id).characters, place->state, state);
	else if (place->state == VISIT_STATE_DONE && state != VISIT_STATE_DONE && !visit_was_opened_again(simulation, id))
		violate(simulation, "I8", "visit %s was done, is in state %u, and nobody opened it again", id_to_text(id).characters,
			state);
	place->state = state;
}

void visit_paths_follow(struct simulation *simulation)
{
	sqlite3 *connection = server_store_storage(simulation->server.store)->connection;
	sqlite3_stmt *row = NULL;

	if (sqlite3_prepare_v2(connection, "SELECT id, state FROM visit WHERE gseq = ?", -1, &row, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(row, 1, simulation->last_gseq);
		while (!simulation->violated && sqlite3_step(row) == SQLITE_ROW) {
			struct id id;
			memcpy(id.bytes, sqlite3_column_blob(row, 0), sizeof(id.bytes));
			follow(simulation, &id, (uint32_t)sqlite3_column_int(row, 1));
		}
	}
	sqlite3_finalize(row);
}

void visit_paths_forget(struct visit_paths *paths)
{
	free(paths->places);
	*paths = (struct visit_paths){ 0 };
}
