/* Pages kept for the next device: what is found again, what is thrown away, what goes when the room is used up. */
#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/sync/page_cache.h"
#include "tests/simulation/memory_files.h"
#include "tests/simulation/simulation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* last: it has a macro fail() */

#define PACKED_SIZE 5000
#define ROOM        ((int64_t)1024 * 1024)

struct scene {
	struct crash_disk *disk;
	struct memory_files *memory;
	const struct blob_files *files;
	struct page_cache *cache;
	int64_t now_ms;
	struct node_clock time;
	struct clock clock;
	struct arena arena;
};

static int open_scene(void **state)
{
	static struct scene scene;

	scene = (struct scene){ .now_ms = 1 };
	scene.disk = crash_disk_create("pages");
	node_clock_init(&scene.clock, &scene.time, &scene.now_ms);
	scene.memory = memory_files_create(scene.disk, &scene.clock);
	scene.files = memory_files_of(scene.memory);
	scene.cache = page_cache_create(scene.files, ROOM);
	*state = &scene;
	return 0;
}

static int close_scene(void **state)
{
	struct scene *scene = *state;

	page_cache_destroy(scene->cache);
	memory_files_destroy(scene->memory);
	crash_disk_destroy(scene->disk);
	arena_finish(&scene->arena);
	return 0;
}

static void start_again(struct scene *scene, int64_t bytes_max)
{
	page_cache_destroy(scene->cache);
	scene->cache = page_cache_create(scene->files, bytes_max);
}

static struct shared_place place_of(uint8_t number)
{
	return (struct shared_place){ .epoch = { { 1 } },
		.revision = SCHEMA_REVISION,
		.scope = { .kind = SCOPE_ORG_ALL },
		.delivery = 3,
		.kind = RECORD_PART,
		.after = { { number } } };
}

static void keep(struct scene *scene, uint8_t number)
{
	const struct shared_place place = place_of(number);
	uint8_t packed[PACKED_SIZE];
	const struct shared_page page = {
		.gseq = 40 + number, .kind = RECORD_PART, .last = { { number, 1 } }, .packed = { packed, sizeof(packed) }
	};

	memset(packed, number, sizeof(packed));
	page_cache_keep(scene->cache, &place, &page);
}

static bool there(struct scene *scene, uint8_t number)
{
	const struct shared_place place = place_of(number);
	struct shared_page page;

	if (!page_cache_find(scene->cache, &place, &scene->arena, &page))
		return false;
	assert_int_equal(page.gseq, 40 + number);
	assert_int_equal(page.kind, RECORD_PART);
	assert_int_equal(page.last.bytes[0], number);
	assert_int_equal(page.packed.size, PACKED_SIZE);
	assert_int_equal(page.packed.data[PACKED_SIZE - 1], number);
	return true;
}

static void what_was_kept_is_found_after_a_start(void **state)
{
	struct scene *scene = *state;

	keep(scene, 1);
	keep(scene, 2);
	assert_true(there(scene, 1) && there(scene, 2));
	assert_false(there(scene, 3));
	start_again(scene, ROOM);
	assert_true(there(scene, 1) && there(scene, 2));
	assert_false(there(scene, 3));
}

static struct shared_name file_of(uint8_t number, char out_path[static 64])
{
	const struct shared_place place = place_of(number);
	struct shared_name name = shared_page_name(&place);

	(void)snprintf(out_path, 64, "pages/%s", name.characters);
	return name;
}

/* Every byte of a file may turn, and a file may end anywhere. */
static void a_damaged_or_cut_page_is_thrown_away(void **state)
{
	struct scene *scene = *state;
	const struct blob_files *files = scene->files;
	char path[64];
	int64_t size;
	uint8_t byte;

	(void)file_of(1, path);
	keep(scene, 1);
	assert_int_equal(files->size(files->context, path, &size), STATUS_OK);
	for (int64_t at = 0; at < size; at += 37) {
		keep(scene, 1);
		assert_int_equal(files->read(files->context, path, at, &byte, 1), STATUS_OK);
		byte ^= 0x10;
		if (at % 2 == 0) {
			uint8_t rest[8192];
			size_t left = (size_t)(size - at);
			assert_int_equal(files->read(files->context, path, at, rest, left), STATUS_OK);
			rest[0] = byte;
			assert_int_equal(files->write(files->context, path, at, (struct bytes){ rest, left }), STATUS_OK);
		} else {
			assert_int_equal(files->write(files->context, path, at, (struct bytes){ &byte, 0 }), STATUS_OK); /* it ends there */
		}
		assert_false(there(scene, 1));
		assert_int_equal(files->size(files->context, path, &size), STATUS_NOT_FOUND);
		keep(scene, 1);
		assert_int_equal(files->size(files->context, path, &size), STATUS_OK);
	}
	assert_true(page_cache_counts(scene->cache).spoiled > 0);
	assert_true(there(scene, 1));
}

static void a_page_under_the_name_of_another_is_thrown_away(void **state)
{
	struct scene *scene = *state;
	char one[64], two[64];

	keep(scene, 1);
	keep(scene, 2);
	(void)file_of(1, one);
	(void)file_of(2, two);
	assert_int_equal(scene->files->keep(scene->files->context, one, two), STATUS_OK);
	start_again(scene, ROOM);
	assert_false(there(scene, 2));
	assert_false(there(scene, 1));
	assert_int_equal(page_cache_counts(scene->cache).spoiled, 1);
}

static void what_was_used_least_recently_goes_first(void **state)
{
	struct scene *scene = *state;

	start_again(scene, 4 * (PACKED_SIZE + 400));
	for (uint8_t number = 1; number <= 4; number++)
		keep(scene, number);
	assert_true(there(scene, 1));
	keep(scene, 5);
	assert_false(there(scene, 2));
	assert_true(there(scene, 1) && there(scene, 3) && there(scene, 4) && there(scene, 5));
	memory_files_grow_old(scene->memory, 1000);
	keep(scene, 3);
	start_again(scene, 3 * (PACKED_SIZE + 400)); /* by their age now */
	keep(scene, 6);
	assert_true(there(scene, 3) && there(scene, 6));
}

static void count_file(void *user, const char *name, struct bytes content)
{
	(void)content;
	assert_memory_equal(name, "pages/", 6);
	++*(size_t *)user;
}

static void pages_of_another_epoch_or_revision_go(void **state)
{
	struct scene *scene = *state;
	struct shared_place place = place_of(1);
	struct shared_page page;
	size_t files = 0;

	keep(scene, 1);
	keep(scene, 2);
	assert_int_equal(
		scene->files->write(scene->files->context, "pages/stray", 0, (struct bytes){ (const uint8_t *)"x", 1 }), STATUS_OK);
	place.epoch.bytes[0]++; /* the server was restored */
	assert_false(page_cache_find(scene->cache, &place, &scene->arena, &page));
	memory_files_each(scene->memory, count_file, &files);
	assert_int_equal(files, 0);
	keep(scene, 1);
	place = place_of(1);
	place.revision++;
	start_again(scene, ROOM);
	assert_false(page_cache_find(scene->cache, &place, &scene->arena, &page));
	assert_false(there(scene, 1));
}

static void a_full_disk_keeps_no_page_and_does_no_harm(void **state)
{
	struct scene *scene = *state;

	keep(scene, 1);
	crash_disk_fail(scene->disk, DISK_FULL, 0);
	keep(scene, 2);
	assert_false(there(scene, 2));
	assert_true(there(scene, 1));
	assert_int_equal(page_cache_counts(scene->cache).kept, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_kept_is_found_after_a_start, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_damaged_or_cut_page_is_thrown_away, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_page_under_the_name_of_another_is_thrown_away, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(what_was_used_least_recently_goes_first, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(pages_of_another_epoch_or_revision_go, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_full_disk_keeps_no_page_and_does_no_harm, open_scene, close_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
