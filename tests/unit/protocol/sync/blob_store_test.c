/* What the store of files keeps, what it refuses, and what goes from it: on a disk in memory. */
#include <string.h>

#include "protocol/sync/blob_store.h"
#include "tests/simulation/memory_files.h"
#include "tests/simulation/simulation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* last: it has a macro fail() */

#define SIZE_OF_FILE (3 * BLOB_CHUNK_SIZE + 1000)

struct scene {
	struct crash_disk *disk;
	struct memory_files *memory;
	const struct blob_files *files;
	int64_t now_ms;
	struct node_clock time;
	struct clock clock;
	struct arena arena;
};

static const struct id ada = { { 1 } }, ben = { { 2 } };

static int open_scene(void **state)
{
	static struct scene scene;

	scene = (struct scene){ .now_ms = 1 };
	scene.disk = crash_disk_create("files");
	node_clock_init(&scene.clock, &scene.time, &scene.now_ms);
	scene.memory = memory_files_create(scene.disk, &scene.clock);
	scene.files = memory_files_of(scene.memory);
	*state = &scene;
	return 0;
}

static int close_scene(void **state)
{
	struct scene *scene = *state;

	memory_files_destroy(scene->memory);
	crash_disk_destroy(scene->disk);
	arena_finish(&scene->arena);
	return 0;
}

static struct bytes content_of(struct scene *scene, uint8_t number, size_t size)
{
	uint8_t *bytes = arena_allocate(&scene->arena, size + 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251 + number);
	return (struct bytes){ bytes, size };
}

static struct blob_offer offer_of(struct scene *scene, struct bytes content)
{
	struct blob_offer offer = { .size = (int64_t)content.size, .list = blob_list_of(&scene->arena, content) };

	assert_int_equal(blob_id_of_list(offer.size, offer.list, &offer.id), STATUS_OK);
	return offer;
}

static struct hash begin(struct scene *scene, const struct id *owner, uint8_t number)
{
	struct blob_offer offer = offer_of(scene, content_of(scene, number, SIZE_OF_FILE));

	assert_int_equal(blob_part_begin(scene->files, owner, &offer), STATUS_OK);
	return offer.id;
}

static bool has_part(struct scene *scene, const struct id *owner, const struct hash *id)
{
	struct blob_part part;

	return blob_part_find(scene->files, &scene->arena, owner, id, &part) == STATUS_OK;
}

/* As a device sends it: piece after piece, from where the other side says. Pieces that were tried; the status of the last. */
static enum status send(
	struct scene *scene, const struct hash *id, struct bytes content, size_t piece_size, size_t pieces_max, bool *out_whole)
{
	enum status status = STATUS_OK;

	*out_whole = false;
	for (size_t i = 0; i < pieces_max && status == STATUS_OK && !*out_whole; i++) {
		struct blob_part part;
		struct blob_piece piece = { .id = *id };
		assert_int_equal(blob_part_find(scene->files, &scene->arena, &ada, id, &part), STATUS_OK);
		piece.offset = part.have;
		piece.bytes = (struct bytes){ content.data + part.have, piece_size };
		if (piece_size > BLOB_CHUNK_SIZE - (size_t)part.have % BLOB_CHUNK_SIZE)
			piece.bytes.size = BLOB_CHUNK_SIZE - (size_t)part.have % BLOB_CHUNK_SIZE;
		if (piece.bytes.size > content.size - (size_t)part.have)
			piece.bytes.size = content.size - (size_t)part.have;
		status = blob_part_add(scene->files, &scene->arena, &part, &piece, out_whole);
	}
	return status;
}

static void a_file_goes_on_where_it_was_cut_whatever_the_pieces(void **state)
{
	struct scene *scene = *state;
	struct bytes content = content_of(scene, 1, SIZE_OF_FILE), kept;
	struct hash id = begin(scene, &ada, 1);
	bool whole;

	assert_int_equal(send(scene, &id, content, 10000, 9, &whole), STATUS_OK);
	assert_false(whole);
	assert_int_equal(send(scene, &id, content, 777, 20, &whole), STATUS_OK);
	assert_int_equal(send(scene, &id, content, BLOB_PIECE_MAX, 100, &whole), STATUS_OK);
	assert_true(whole);
	assert_false(has_part(scene, &ada, &id));
	assert_int_equal(blob_read_whole(scene->files, &scene->arena, &id, &kept), STATUS_OK);
	assert_true(bytes_equal(kept, content));
}

static void a_piece_at_another_offset_changes_nothing(void **state)
{
	struct scene *scene = *state;
	struct bytes content = content_of(scene, 1, SIZE_OF_FILE);
	struct hash id = begin(scene, &ada, 1);
	const int64_t offsets[] = { 0, 4999, 5001, (int64_t)BLOB_CHUNK_SIZE, (int64_t)SIZE_OF_FILE - 1, INT64_MAX - 100 };
	struct blob_part part;
	bool whole;

	assert_int_equal(send(scene, &id, content, 5000, 1, &whole), STATUS_OK);
	for (size_t i = 0; i < LENGTH(offsets); i++) {
		struct blob_piece piece = { .id = id, .offset = offsets[i], .bytes = { content.data, 100 } };
		assert_int_equal(blob_part_find(scene->files, &scene->arena, &ada, &id, &part), STATUS_OK);
		assert_int_equal(blob_part_add(scene->files, &scene->arena, &part, &piece, &whole), STATUS_OK);
		assert_false(whole);
		assert_int_equal(blob_part_find(scene->files, &scene->arena, &ada, &id, &part), STATUS_OK);
		assert_int_equal(part.have, 5000);
	}
}

static void a_file_that_changed_on_its_way_is_never_kept(void **state)
{
	struct scene *scene = *state;
	struct bytes other = content_of(scene, 2, SIZE_OF_FILE);
	struct hash id = begin(scene, &ada, 1);
	struct blob_part part;
	bool whole;

	assert_int_equal(send(scene, &id, other, BLOB_PIECE_MAX, 100, &whole), STATUS_CORRUPT);
	assert_false(whole);
	assert_int_equal(blob_part_find(scene->files, &scene->arena, &ada, &id, &part), STATUS_OK);
	assert_int_equal(part.have, 0); /* the first chunk was dropped */
}

static void a_disk_that_runs_full_costs_nothing_that_was_there(void **state)
{
	struct scene *scene = *state;
	struct bytes content = content_of(scene, 1, SIZE_OF_FILE);
	struct hash id = begin(scene, &ada, 1);
	struct blob_offer more = offer_of(scene, content_of(scene, 3, 100));
	struct blob_part part;
	bool whole;

	assert_int_equal(send(scene, &id, content, 30000, 2, &whole), STATUS_OK);
	crash_disk_fail(scene->disk, DISK_FULL, 0);
	assert_int_equal(send(scene, &id, content, BLOB_PIECE_MAX, 2, &whole), STATUS_CANNOT_WRITE);
	assert_int_equal(blob_part_begin(scene->files, &ada, &more), STATUS_CANNOT_WRITE);
	crash_disk_fail(scene->disk, DISK_WELL, 0);
	assert_int_equal(blob_part_find(scene->files, &scene->arena, &ada, &id, &part), STATUS_OK);
	assert_int_equal(part.have, 60000);
	assert_int_equal(send(scene, &id, content, BLOB_PIECE_MAX, 100, &whole), STATUS_OK);
	assert_true(whole);
}

static void of_one_owner_the_oldest_parts_make_room_for_new_ones(void **state)
{
	struct scene *scene = *state;
	struct hash bens = begin(scene, &ben, 0), parts[6];

	for (uint8_t i = 0; i < LENGTH(parts); i++) {
		scene->now_ms += 60000;
		assert_int_equal(blob_parts_bound(scene->files, &ada, 4), STATUS_OK);
		parts[i] = begin(scene, &ada, (uint8_t)(i + 1));
	}
	for (size_t i = 0; i < LENGTH(parts); i++)
		assert_int_equal(has_part(scene, &ada, &parts[i]), i >= 2);
	assert_true(has_part(scene, &ben, &bens));
	crash_disk_fail(scene->disk, DISK_DEAD, 0); /* what cannot be removed makes no room */
	assert_int_equal(blob_parts_bound(scene->files, &ada, 4), STATUS_CANNOT_WRITE);
}

static void a_part_goes_when_nothing_came_to_it_for_a_day(void **state)
{
	struct scene *scene = *state;
	struct bytes content = content_of(scene, 1, SIZE_OF_FILE);
	struct hash early = begin(scene, &ada, 1), idle = begin(scene, &ada, 2);
	bool whole;

	scene->now_ms += BLOB_PART_AGE_MS / 2;
	assert_int_equal(send(scene, &early, content, 100, 1, &whole), STATUS_OK);
	scene->now_ms += BLOB_PART_AGE_MS / 2 + 1000;
	assert_int_equal(blob_sweep_parts(scene->files), STATUS_OK);
	assert_true(has_part(scene, &ada, &early));
	assert_false(has_part(scene, &ada, &idle));
	scene->now_ms += BLOB_PART_AGE_MS;
	assert_int_equal(blob_sweep_parts(scene->files), STATUS_OK);
	assert_false(has_part(scene, &ada, &early));
}

static enum status only_first(void *user, const struct hash *id)
{
	return hash_equal(user, id) ? STATUS_OK : STATUS_NOT_FOUND;
}

static void what_no_row_speaks_of_goes_when_it_is_old(void **state)
{
	struct scene *scene = *state;
	struct hash ids[3];
	size_t removed = 0, all = 0;
	int64_t size;

	for (uint8_t i = 0; i < LENGTH(ids); i++) {
		struct bytes content = content_of(scene, i, 500);
		ids[i] = offer_of(scene, content).id;
		scene->now_ms += i == 2 ? BLOB_SERVER_AGE_MS : 0;
		assert_int_equal(blob_put(scene->files, &ids[i], content), STATUS_OK);
	}
	for (unsigned int folder = 0; folder < BLOB_FOLDERS; folder++, all += removed)
		assert_int_equal(
			blob_sweep_whole(scene->files, (uint8_t)folder, BLOB_SERVER_AGE_MS, only_first, &ids[0], &removed), STATUS_OK);
	assert_int_equal(all, 1);
	assert_int_equal(blob_whole(scene->files, &ids[0], &size), STATUS_OK);
	assert_int_equal(blob_whole(scene->files, &ids[1], &size), STATUS_NOT_FOUND);
	assert_int_equal(blob_whole(scene->files, &ids[2], &size), STATUS_OK);
}

static void what_a_power_cut_leaves_of_a_part_is_never_taken_for_the_file(void **state)
{
	struct scene *scene = *state;
	struct bytes content = content_of(scene, 1, SIZE_OF_FILE), kept;
	struct stream chance;
	int survived = 0;

	stream_init(&chance, 1, "power");
	for (int i = 0; i < 40; i++) {
		struct hash id = begin(scene, &ada, 1);
		struct blob_part part;
		bool whole = false;
		assert_int_equal(send(scene, &id, content, 9000, 1 + (size_t)i % 24, &whole), STATUS_OK);
		memory_files_crash(scene->memory, &chance);
		if (blob_part_find(scene->files, &scene->arena, &ada, &id, &part) == STATUS_OK) {
			survived++;
			(void)(send(scene, &id, content, 9000, 100, &whole) == STATUS_OK); /* garbage is found, and dropped */
		}
		if (blob_read_whole(scene->files, &scene->arena, &id, &kept) == STATUS_OK)
			assert_true(bytes_equal(kept, content));
	}
	assert_true(survived > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_goes_on_where_it_was_cut_whatever_the_pieces, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_piece_at_another_offset_changes_nothing, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_file_that_changed_on_its_way_is_never_kept, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_disk_that_runs_full_costs_nothing_that_was_there, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(of_one_owner_the_oldest_parts_make_room_for_new_ones, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_part_goes_when_nothing_came_to_it_for_a_day, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(what_no_row_speaks_of_goes_when_it_is_old, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(what_a_power_cut_leaves_of_a_part_is_never_taken_for_the_file, open_scene, close_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
