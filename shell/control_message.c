#include "shell/control_message.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/base/no_memory.h"
#include "shell/file.h"
#include "shell/terminal.h"

enum status control_address(const char *dir, struct sockaddr_un *out_address, int *out_descriptor)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int size = snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", dir);
	int descriptor = -1;

	if (size < 0 || (size_t)size >= sizeof(address.sun_path)) {
		descriptor = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (descriptor < 0)
			return file_fail(errno, "open", dir);
		(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/sock", descriptor);
	}
	*out_address = address;
	*out_descriptor = descriptor;
	return STATUS_OK;
}

/* Length and body of at most `size_max` bytes; false when it has more. Takes `root` over. */
static bool encode(struct arena *arena, json_t *root, size_t size_max, struct bytes *out_bytes)
{
	size_t size = json_dumpb(root, NULL, 0, JSON_COMPACT);
	struct writer writer = writer_in(arena, CONTROL_HEAD_SIZE + size_max);
	uint8_t *body;

	write_u32(&writer, (uint32_t)size);
	body = size == 0 || size > size_max ? NULL : write_space(&writer, size);
	if (body != NULL)
		(void)json_dumpb(root, (char *)body, size, JSON_COMPACT);
	json_decref(root);
	if (body == NULL)
		return false;
	*out_bytes = writer_bytes(&writer);
	return true;
}

static json_t *json_of(struct text text)
{
	return json_stringn(text.data == NULL ? "" : text.data, text.size);
}

enum status control_request_encode(struct arena *arena, const struct control_request *request, struct bytes *out_bytes)
{
	json_t *words = json_array();
	json_t *root;

	for (size_t i = 0; i < request->word_count; i++) {
		if (json_array_append_new(words, json_of(request->words[i])) != 0) {
			json_decref(words);
			return fail(STATUS_INVALID, "word %zu of the command line is not UTF-8 text", i + 1);
		}
	}
	root = json_pack("{s:o, s:o*, s:o*, s:o*, s:I, s:I}", "words", words, "working_dir", json_of(request->working_dir), "language",
		json_of(request->language), "zone", json_of(request->zone), "now_ms", (json_int_t)request->now_ms, "width",
		(json_int_t)request->width);
	if (root == NULL)
		return fail(STATUS_INVALID, "the command line cannot be sent: it holds odd characters");
	if (!encode(arena, root, CONTROL_REQUEST_MAX, out_bytes))
		return fail(STATUS_INVALID, "the command line is too long: at most %zu bytes", CONTROL_REQUEST_MAX);
	return STATUS_OK;
}

/* A text member; empty when it is not there or something else. */
static struct text member_text(struct arena *arena, const json_t *root, const char *name)
{
	const json_t *member = json_object_get(root, name);

	if (!json_is_string(member))
		return (struct text){ .data = "", .size = 0 };
	return arena_copy_text(arena, (struct text){ json_string_value(member), json_string_length(member) });
}

static enum status decode_words(struct arena *arena, const json_t *words, struct control_request *out_request)
{
	size_t count = json_array_size(words);
	struct text *copy;

	if (!json_is_array(words))
		return fail(STATUS_INVALID, "control request: \"words\" is not a list");
	if (count > CONTROL_WORDS_MAX)
		return fail(STATUS_INVALID, "control request: %zu words, at most %d", count, CONTROL_WORDS_MAX);
	copy = arena_allocate_array(arena, count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++) {
		const json_t *word = json_array_get(words, i);
		if (!json_is_string(word))
			return fail(STATUS_INVALID, "control request: word %zu is not a text", i + 1);
		copy[i] = arena_copy_text(arena, (struct text){ json_string_value(word), json_string_length(word) });
	}
	out_request->words = copy;
	out_request->word_count = count;
	return STATUS_OK;
}

static json_t *load(struct bytes body, char *why, size_t size)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, &error);

	if (root != NULL && json_is_object(root))
		return root;
	(void)snprintf(why, size, "%s", root == NULL ? error.text : "not an object");
	json_decref(root);
	return NULL;
}

enum status control_request_decode(struct arena *arena, struct bytes body, struct control_request *out_request)
{
	struct control_request request = { 0 };
	char why[JSON_ERROR_TEXT_LENGTH];
	json_t *root = load(body, why, sizeof(why));
	enum status status;

	if (root == NULL)
		return fail(STATUS_INVALID, "control request: %s", why);
	status = decode_words(arena, json_object_get(root, "words"), &request);
	if (status != STATUS_OK)
		goto done;
	request.working_dir = member_text(arena, root, "working_dir");
	request.language = member_text(arena, root, "language");
	request.zone = member_text(arena, root, "zone");
	request.now_ms = json_integer_value(json_object_get(root, "now_ms"));
	request.width = json_integer_value(json_object_get(root, "width"));
	if (request.width < 0 || request.width > 10000)
		request.width = 0;
	*out_request = request;
done:
	json_decref(root);
	return status;
}

/* JSON takes only UTF-8. */
static json_t *json_of_output(struct arena *arena, struct text text)
{
	return json_of(text_valid(text) ? text : text_printable(arena, text));
}

struct bytes control_reply_encode(struct arena *arena, const struct control_reply *reply)
{
	struct text out = reply->out, err = text_cut(reply->err, CONTROL_REPLY_MAX / 32);
	struct bytes bytes = { 0 };

	for (;;) {
		json_t *root = json_pack("{s:i, s:o, s:o}", "exit_code", reply->exit_code, "out", json_of_output(arena, out), "err",
			json_of_output(arena, err));
		if (root == NULL)
			no_memory();
		if (encode(arena, root, CONTROL_REPLY_MAX, &bytes))
			return bytes;
		out = text_cut(out, out.size / 2); /* what JSON escapes grows up to six times, so three rounds are enough */
		err = arena_print(arena, "%.*sThe output is too large: cut after %zu of %zu bytes.\n",
			TEXT_ARGUMENTS(text_cut(reply->err, CONTROL_REPLY_MAX / 32)), out.size, reply->out.size);
	}
}

enum status control_reply_decode(struct arena *arena, struct bytes body, struct control_reply *out_reply)
{
	char why[JSON_ERROR_TEXT_LENGTH];
	json_t *root = load(body, why, sizeof(why));
	const json_t *code;
	enum status status = STATUS_OK;

	if (root == NULL)
		return fail(STATUS_CORRUPT, "control reply: %s", why);
	code = json_object_get(root, "exit_code");
	if (json_is_integer(code) && json_integer_value(code) >= 0 && json_integer_value(code) <= 255)
		*out_reply = (struct control_reply){ .exit_code = (int)json_integer_value(code),
			.out = member_text(arena, root, "out"),
			.err = member_text(arena, root, "err") };
	else
		status = fail(STATUS_CORRUPT, "control reply: it has no exit code");
	json_decref(root);
	return status;
}
