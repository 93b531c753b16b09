#include "protocol/wire/dictionary.h"

#include <stdatomic.h>
#include <zstd.h>

#include "protocol/base/no_memory.h"
#include "protocol/domain/revision.h"
#include "protocol/wire/dictionary_4.h"

#define LEVEL 6 /* of zstd; more finds hardly a byte more in blocks that small */

/* A thread that finds one not ready makes it, and drops its own when another was faster: this folder knows no locks. */
static struct dictionary {
	uint8_t number;
	struct bytes bytes;
	_Atomic(ZSTD_CDict *) writing;
	_Atomic(ZSTD_DDict *) reading;
} dictionaries[] = {
	{ .number = 4, .bytes = { dictionary_4, sizeof(dictionary_4) } },
};

static struct dictionary *find(uint8_t number)
{
	for (size_t i = 0; i < LENGTH(dictionaries); i++)
		if (dictionaries[i].number == number && number <= schema_revision())
			return &dictionaries[i];
	return NULL;
}

struct bytes dictionary_bytes(uint8_t number)
{
	const struct dictionary *dictionary = find(number);

	return dictionary != NULL ? dictionary->bytes : (struct bytes){ 0 };
}

uint8_t dictionary_common(int64_t revision)
{
	uint8_t newest = DICTIONARY_NONE;

	for (size_t i = 0; i < LENGTH(dictionaries); i++)
		if (dictionaries[i].number <= revision && find(dictionaries[i].number) != NULL)
			newest = dictionaries[i].number;
	return newest;
}

const ZSTD_CDict *dictionary_for_writing(uint8_t number)
{
	struct dictionary *dictionary = find(number);
	ZSTD_CDict *ready = dictionary != NULL ? atomic_load(&dictionary->writing) : NULL;
	ZSTD_CDict *made;

	if (dictionary == NULL || ready != NULL)
		return ready;
	made = ZSTD_createCDict(dictionary->bytes.data, dictionary->bytes.size, LEVEL);
	if (made == NULL)
		no_memory();
	if (atomic_compare_exchange_strong(&dictionary->writing, &ready, made))
		return made;
	ZSTD_freeCDict(made);
	return ready;
}

const ZSTD_DDict *dictionary_for_reading(uint8_t number)
{
	struct dictionary *dictionary = find(number);
	ZSTD_DDict *ready = dictionary != NULL ? atomic_load(&dictionary->reading) : NULL;
	ZSTD_DDict *made;

	if (dictionary == NULL || ready != NULL)
		return ready;
	made = ZSTD_createDDict(dictionary->bytes.data, dictionary->bytes.size);
	if (made == NULL)
		no_memory();
	if (atomic_compare_exchange_strong(&dictionary->reading, &ready, made))
		return made;
	ZSTD_freeDDict(made);
	return ready;
}
