#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "server/backup_manifest.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static struct arena arena;
static struct identity identity;

static struct backup_manifest example(void)
{
	struct identity root;
	struct backup_manifest manifest = { .gseq = 4711, .made_at_ms = 1795860759113, .database_size = 4096, .file_count = 2,
		.file_bytes = 70000, .epoch = { { 0xee } }, .database_hash = { { 1, 2 } }, .files_hash = { { 3 } } };

	keys_init();
	identity_generate(&root);
	identity_generate(&identity);
	manifest.keys.organisation = (struct id){ { 7 } };
	manifest.keys.server_id = (struct id){ { 8 } };
	memcpy(manifest.keys.root, root.keys.sign, sizeof(manifest.keys.root));
	manifest.keys.keys = identity.keys;
	server_keys_certify(root.sign_secret, &manifest.keys);
	identity_wipe(&root);
	return manifest;
}

static enum status read_text(struct text text, struct backup_manifest *out)
{
	struct arena scratch = { 0 };
	enum status status = backup_manifest_read(&scratch, "M", text, out);

	arena_finish(&scratch);
	return status;
}

static void a_manifest_is_read_as_it_was_printed(void **state)
{
	struct backup_manifest manifest = example(), read;
	struct text text = backup_manifest_print(&arena, &manifest, &identity);

	(void)state;
	assert_int_equal(read_text(text, &read), STATUS_OK);
	assert_memory_equal(&read, &manifest, sizeof(read));
	assert_int_equal(backup_manifest_check_server(&read, &manifest.keys), STATUS_OK);
	manifest.keys.root[0] ^= 1;
	assert_int_equal(backup_manifest_check_server(&read, &manifest.keys), STATUS_REFUSED);
}

/* Every bit of it, every length. */
static void what_is_changed_or_cut_is_no_manifest(void **state)
{
	struct backup_manifest manifest = example(), read;
	struct text text = backup_manifest_print(&arena, &manifest, &identity);
	char *copy = arena_copy(&arena, text.data, text.size + 1);

	(void)state;
	for (size_t i = 0; i < text.size; i++) {
		copy[i] = (char)(copy[i] ^ (1 << i % 8));
		assert_int_not_equal(read_text((struct text){ copy, text.size }, &read), STATUS_OK);
		copy[i] = text.data[i];
		assert_int_not_equal(read_text((struct text){ copy, i }, &read), STATUS_OK);
	}
	assert_int_not_equal(read_text(arena_print(&arena, "%.*s\n", TEXT_ARGUMENTS(text)), &read), STATUS_OK);
}

static void one_that_another_key_signed_is_refused(void **state)
{
	struct backup_manifest manifest = example(), read;
	struct identity stranger;

	(void)state;
	identity_generate(&stranger);
	assert_int_equal(read_text(backup_manifest_print(&arena, &manifest, &stranger), &read), STATUS_CORRUPT);
	manifest.keys.keys = stranger.keys; /* nor one that names its own key: the root has not certified it */
	assert_int_equal(read_text(backup_manifest_print(&arena, &manifest, &stranger), &read), STATUS_CORRUPT);
	identity_wipe(&stranger);
}

static int finish(void **state)
{
	(void)state;
	arena_finish(&arena);
	identity_wipe(&identity);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_read_as_it_was_printed),
		cmocka_unit_test(what_is_changed_or_cut_is_no_manifest),
		cmocka_unit_test(one_that_another_key_signed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, finish);
}
