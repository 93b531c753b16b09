#include "shell/catalogue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/domain/reason.h"
#include "protocol/domain/rule.h"
#include "shell/catalogue_tables.h"

#define SENTENCE_MAX ((size_t)256 * 1024)
#define RULE_PREFIX "rule."
#define REASON_PREFIX "reason."
#define TABLES_MAX 6 /* the last is NULL */

/* The first of each language has the messages with keys. */
static const struct message *const tables[][TABLES_MAX] = {
	[LANGUAGE_EN] = { catalogue_en },
	[LANGUAGE_ZH] = { catalogue_zh, catalogue_zh_labels, catalogue_zh_help, catalogue_zh_lines, catalogue_zh_why },
};
static const char *const names[] = { [LANGUAGE_EN] = "en", [LANGUAGE_ZH] = "zh" };
static_assert(LENGTH(tables) == LANGUAGE_COUNT && LENGTH(names) == LANGUAGE_COUNT, "every language has a table and a name");

static _Thread_local enum language spoken;

/* English sentences of rules and reasons stand beside them. */
static const char *find_rule(const char *key)
{
	const struct rule_row *rule;
	const struct reason_row *reason;

	if (strncmp(key, REASON_PREFIX, sizeof(REASON_PREFIX) - 1) == 0) {
		reason = reason_by_word(text_of(key + sizeof(REASON_PREFIX) - 1));
		return reason == NULL ? NULL : reason->sentence;
	}
	if (strncmp(key, RULE_PREFIX, sizeof(RULE_PREFIX) - 1) != 0)
		return NULL;
	rule = rule_by_word(text_of(key + sizeof(RULE_PREFIX) - 1));
	return rule == NULL ? NULL : rule->sentence;
}

static const char *find_in(const struct message *table, const char *key)
{
	for (; table->key != NULL; table++)
		if (strcmp(table->key, key) == 0)
			return table->sentence;
	return NULL;
}

const char *catalogue_find(enum language language, const char *key)
{
	for (const struct message *const *table = tables[language]; *table != NULL; table++) {
		const char *sentence = find_in(*table, key);
		if (sentence != NULL)
			return sentence;
	}
	return language == LANGUAGE_EN ? find_rule(key) : NULL;
}

const struct message *catalogue_at(enum language language, size_t position)
{
	for (const struct message *message = tables[language][0]; message->key != NULL; message++)
		if (position-- == 0)
			return message;
	return NULL;
}

const char *catalogue_translate(enum language language, const char *english)
{
	const char *other = language == LANGUAGE_EN ? NULL : catalogue_find(language, english);

	return other == NULL ? english : other;
}

static const char *reason_in_chinese(const char *reason)
{
	const char *chinese = find_in(catalogue_zh_reasons, reason);

	return chinese == NULL ? reason : chinese;
}

enum language catalogue_speak(enum language language)
{
	static const fail_translation translations[] = { [LANGUAGE_EN] = NULL, [LANGUAGE_ZH] = reason_in_chinese };
	enum language before = spoken;

	spoken = language;
	fail_translate(translations[language]);
	return before;
}

enum language catalogue_spoken(void)
{
	return spoken;
}

const char *catalogue_kind(const char *record)
{
	char key[64];
	const char *word;

	if (spoken == LANGUAGE_EN)
		return record;
	(void)snprintf(key, sizeof(key), "word.%s", record);
	word = catalogue_find(spoken, key);
	return word == NULL ? record : word;
}

struct text catalogue_format_list(struct arena *arena, enum language language, const char *format, va_list arguments)
{
	const char *const translated = catalogue_translate(language, format);
	va_list again;
	int size;
	char *text;

	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, translated, again);
	va_end(again);
	if (size < 0)
		abort();
	text = arena_allocate(arena, (size_t)size + 1);
	(void)vsnprintf(text, (size_t)size + 1, translated, arguments);
	return (struct text){ .data = text, .size = (size_t)size };
}

struct text catalogue_format(struct arena *arena, enum language language, const char *format, ...)
{
	va_list arguments;
	struct text text;

	va_start(arguments, format);
	text = catalogue_format_list(arena, language, format, arguments);
	va_end(arguments);
	return text;
}

static const struct message_value *find_value(const struct message_value *values, size_t count, struct text name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equals(name, values[i].name))
			return &values[i];
	return NULL;
}

static struct text fill(struct arena *arena, const char *sentence, const struct message_value *values, size_t count)
{
	struct writer writer = writer_in(arena, SENTENCE_MAX);
	const char *open, *close;

	while ((open = strchr(sentence, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
		struct text name = { open + 1, (size_t)(close - open - 1) };
		const struct message_value *value = find_value(values, count, name);
		write_raw(&writer, sentence, (size_t)(open - sentence));
		if (value != NULL)
			write_raw(&writer, value->text.data, value->text.size);
		else
			write_raw(&writer, open, name.size + 2);
		sentence = close + 1;
	}
	write_raw(&writer, sentence, strlen(sentence));
	return arena_copy_text(arena, (struct text){ (const char *)writer_bytes(&writer).data, writer_bytes(&writer).size });
}

struct text catalogue_print(struct arena *arena, enum language language, const char *key, const struct message_value *values, size_t count)
{
	const char *sentence = catalogue_find(language, key);

	if (sentence == NULL)
		sentence = catalogue_find(LANGUAGE_EN, key);
	return sentence == NULL ? arena_copy_text(arena, text_of(key)) : fill(arena, sentence, values, count);
}

/* Takes "name=value" from the front. */
static bool take_pair(struct text *rest, struct text *out_name, struct text *out_value)
{
	const char *end, *equals;
	struct text pair = *rest;

	if (rest->size == 0)
		return false;
	end = memchr(rest->data, ';', rest->size);
	if (end != NULL)
		pair.size = (size_t)(end - rest->data);
	*rest = text_behind(*rest, end);
	equals = pair.size == 0 ? NULL : memchr(pair.data, '=', pair.size);
	out_name->data = pair.data;
	out_name->size = equals == NULL ? pair.size : (size_t)(equals - pair.data);
	*out_value = text_behind(pair, equals);
	return true;
}

size_t detail_values(struct arena *arena, struct text detail, struct message_value *out_values, size_t count_max)
{
	struct text name, value;
	size_t count = 0;

	while (count < count_max && take_pair(&detail, &name, &value))
		out_values[count++] = (struct message_value){ .name = arena_copy_text(arena, name).data, .text = value };
	return count;
}

struct text detail_value(struct text detail, const char *name)
{
	struct text own, value;

	while (take_pair(&detail, &own, &value))
		if (text_equals(own, name))
			return value;
	return (struct text){ .data = "" };
}

struct text catalogue_word(struct arena *arena, enum language language, const char *prefix, struct text name)
{
	const char *key = arena_print(arena, "%s.%.*s", prefix, TEXT_ARGUMENTS(name)).data;
	const char *word = catalogue_find(language, key);
	char *plain;

	if (word != NULL)
		return text_of(word);
	plain = arena_copy(arena, name.data, name.size);
	for (size_t i = 0; i < name.size; i++)
		if (plain[i] == '_')
			plain[i] = ' ';
	return (struct text){ .data = plain, .size = name.size };
}

enum status language_from_text(struct text text, enum language *out_language)
{
	for (size_t i = 0; i < LENGTH(names); i++) {
		size_t size = strlen(names[i]);
		if (text.size < size || memcmp(text.data, names[i], size) != 0)
			continue;
		if (text.size == size || strchr("_-.@", text.data[size]) != NULL) {
			*out_language = (enum language)i;
			return STATUS_OK;
		}
	}
	return fail(STATUS_INVALID, "language '%.*s' is not known here: choose en or zh", TEXT_ARGUMENTS(text_cut(text, 40)));
}

const char *language_to_text(enum language language)
{
	return names[language];
}

enum language language_of_environment(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	enum language language = LANGUAGE_EN;

	for (size_t i = 0; i < LENGTH(variables); i++) {
		const char *value = getenv(variables[i]); /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */
		if (value == NULL || value[0] == '\0')
			continue;
		if (language_from_text(text_of(value), &language) != STATUS_OK)
			return LANGUAGE_EN;
		return language;
	}
	return LANGUAGE_EN;
}
