/* What an enrolled device may say to the server once its frames are sealed well, and the server to a device. First byte: even, a hostile
 * device; odd, a hostile server. Then pieces: a byte that says what, two for the length, and the bytes. Nothing that is said may fail the
 * store, and the organisation must still prove itself by its chains, digests and ledger. */
#include <stdio.h>
#include <stdlib.h>

#include "protocol/wire/operation_codec.h"
#include "server/verify.h"
#include "tests/fuzz/target.h"
#include "tests/unit/protocol/sync/by_hand.h"

#undef fail

#define PIECES_MAX 8
#define STEPS_MAX  400
#define CONNECTION UINT64_C(2000000000)

enum piece {
	PIECE_MESSAGE,   /* sections as they are */
	PIECE_PULL,      /* the body of a pull */
	PIECE_OPERATION, /* canonical, laid into the device's chain as if it were its technician's */
	PIECE_OFFICE,    /* the same, by the office */
	PIECE_COUNT,
};

static void must_hold(const struct simulation *pair)
{
	if (!pair->violated)
		return;
	(void)fprintf(stderr, "%s: %s\n", pair->invariant, pair->violation);
	abort();
}

static void say(struct hand_device *hand, struct bytes message)
{
	struct hand_device *hands[] = { hand };
	struct simulation *pair = hand->pair;
	struct server_effect effect;
	struct bytes frame;

	(void)hands;
	if (message.size > FRAME_SIZE_MAX - 128 || session_seal(&hand->arena, &hand->session, message, &frame) != STATUS_OK)
		return;
	stream_for_libsodium(&pair->server.stream);
	insist(server_core_frame(pair->server.core, CONNECTION, frame) == STATUS_OK);
	insist(server_core_flush(pair->server.core) == STATUS_OK);
	while (server_core_next(pair->server.core, &effect)) {
		if (effect.kind == SERVER_EFFECT_COMMIT)
			insist(server_core_committed(pair->server.core, server_store_commit(pair->server.store)) == STATUS_OK);
		else if (effect.kind == SERVER_EFFECT_SEND && effect.connection != CONNECTION)
			network_reply(pair, effect.connection, effect.bytes);
	}
}

static void say_pull(struct hand_device *hand, struct bytes body)
{
	struct writer message = writer_in(&hand->arena, FRAME_SIZE_MAX);

	section_write(&message, SECTION_PULL, body);
	if (!message.overflow)
		say(hand, writer_bytes(&message));
}

static void say_operation(struct hand_device *hand, struct bytes canonical)
{
	struct operation *operation = &hand->operations[hand->last_seq];

	if (operation_decode(&hand->arena, canonical, operation) != STATUS_OK)
		return;
	(void)hand_device_end(hand);
	hand->short_forms = !hand->short_forms;
	hand_device_send(hand, hand->last_seq, hand->last_seq);
	hand_devices_flush(hand->pair, &hand, 1);
}

static void office_does(struct simulation *pair, struct bytes canonical)
{
	struct arena arena = { 0 };
	struct operation operation;
	struct verdict verdict;
	struct id id;

	if (operation_decode(&arena, canonical, &operation) == STATUS_OK && operation_validate(&operation) == STATUS_OK)
		(void)server_node_operation(pair, &operation, &verdict, &id);
	arena_finish(&arena);
}

static void be_device(struct simulation *pair, struct reader *reader)
{
	static struct hand_device hand; /* large */

	hand_device_open(&hand, pair, 2, 9);
	for (int i = 0; i < PIECES_MAX && reader_left(reader) > 2; i++) {
		unsigned what = read_u8(reader) % PIECE_COUNT;
		size_t size = read_u8(reader);
		struct bytes piece;
		size |= (size_t)read_u8(reader) << 8;
		piece = read_view(reader, size < reader_left(reader) ? size : reader_left(reader));
		if (what == PIECE_MESSAGE)
			say(&hand, piece);
		else if (what == PIECE_PULL)
			say_pull(&hand, piece);
		else if (what == PIECE_OPERATION)
			say_operation(&hand, piece);
		else
			office_does(pair, piece);
		must_hold(pair);
	}
	hand_device_close(&hand);
}

/* A device that a false server lied to may believe it; its store must stand, and it must go on. */
static void must_go_on(const struct simulation *pair)
{
	if (pair->violated && (strcmp(pair->invariant, "failure") == 0 || strcmp(pair->invariant, "start") == 0))
		must_hold(pair);
}

static void be_server(struct simulation *pair, struct reader *reader)
{
	static struct hand_server hand; /* large */

	memset(&hand, 0, sizeof(hand));
	for (int i = 0; i < 2 * PIECES_MAX && reader_left(reader) > 2 && !pair->violated; i++) {
		struct bytes piece, frame;
		size_t size;
		hand_server_take(&hand, pair, 1);
		if (hand.by_hello) {
			hand_server_welcome(&hand);
			hand_server_answer(&hand);
			continue;
		}
		size = read_u8(reader);
		size |= (size_t)read_u8(reader) << 8;
		piece = read_view(reader, size < reader_left(reader) ? size : reader_left(reader));
		if (session_seal(&hand.arena, &hand.session, piece, &frame) == STATUS_OK)
			device_node_reply(pair, &pair->devices[0], frame);
		arena_reset(&pair->arena);
	}
	must_go_on(pair);
	hand_server_close(&hand);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct template template;
	static struct simulation pair; /* large */
	const struct run_options options = { .seed = 1, .device_count = 2, .calm = true };
	struct reader reader = reader_of((struct bytes){ data + 1, size - 1 });
	struct verify_report report;

	if (size == 0)
		return 0;
	if (template.device_count == 0) {
		stream_seize_libsodium();
		crash_vfs_register();
		template_create(2, &template);
	}
	simulation_begin(&pair, &template, &options);
	if (data[0] % 2 == 0) {
		for (int i = 0; i < STEPS_MAX && !simulation_is_quiet(&pair); i++)
			(void)simulation_step(&pair);
		be_device(&pair, &reader);
		insist(pair.server.core != NULL);
		if (verify_organisation(pair.server.store, &report) != STATUS_OK) {
			(void)fprintf(stderr, "verify: %s\n", fail_reason());
			abort();
		}
	} else {
		be_server(&pair, &reader);
	}
	simulation_finish(&pair);
	return 0;
}
