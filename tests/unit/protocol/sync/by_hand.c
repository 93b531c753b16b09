#include "tests/unit/protocol/sync/by_hand.h"

#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/sync/request.h"
#include "protocol/wire/operation_codec.h"

#define HAND_CONNECTIONS UINT64_C(1000000000) /* none of the network's */

/* ---- the device ---- */

/* The real server's answer to one of ours; the rest goes its way. */
static void take_answer(struct hand_device *hand, struct bytes frame)
{
	struct section *sections;
	struct bytes plain;
	size_t count;

	assert_int_equal(session_open(&hand->arena, &hand->session, frame, &plain), STATUS_OK);
	assert_int_equal(sections_read(plain, &hand->arena, &sections, &count), STATUS_OK);
	hand->answer.answered = true;
	hand->answer.message = plain;
	for (size_t i = 0; i < count; i++) {
		if (sections[i].number == SECTION_ERROR) {
			hand->answer.has_fault = true;
			assert_int_equal(fault_decode(sections[i].body, &hand->answer.fault), STATUS_OK);
		} else if (sections[i].number == SECTION_DECIDED) {
			hand->answer.has_decided = true;
			assert_int_equal(
				decided_decode_within(&sections[i], &hand->ground, &hand->arena, &hand->answer.decided), STATUS_OK);
		}
	}
}

static void carry(struct simulation *pair, const struct server_effect *effect, struct hand_device *const *hands, size_t count,
	struct bytes *out_clear)
{
	struct hand_device *hand = NULL;

	if (effect->kind == SERVER_EFFECT_COMMIT) {
		enum status status = server_store_commit(pair->server.store);
		assert_int_equal(server_core_committed(pair->server.core, status), STATUS_OK);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (hands[i]->connection == effect->connection)
			hand = hands[i];
	if (effect->kind == SERVER_EFFECT_DROP && hand != NULL)
		hand->answer.dropped = true;
	else if (effect->kind == SERVER_EFFECT_DROP)
		network_drop(pair, effect->connection);
	else if (hand == NULL)
		network_reply(pair, effect->connection, effect->bytes);
	else if (out_clear != NULL)
		*out_clear = arena_copy_bytes(&hand->arena, effect->bytes);
	else
		take_answer(hand, effect->bytes);
}

static void flush(struct simulation *pair, struct hand_device *const *hands, size_t count, struct bytes *out_clear)
{
	struct server_effect effect;

	stream_for_libsodium(&pair->server.stream);
	do {
		assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
		while (server_core_next(pair->server.core, &effect))
			carry(pair, &effect, hands, count, out_clear);
	} while (server_core_deciding(pair->server.core));
}

void hand_devices_flush(struct simulation *pair, struct hand_device *const *hands, size_t count)
{
	flush(pair, hands, count, NULL);
}

static void hand_over(struct hand_device *hand, struct bytes frame)
{
	static uint64_t connections = HAND_CONNECTIONS;

	hand->connection = ++connections;
	hand->answer = (struct hand_answer){ 0 };
	stream_for_libsodium(&hand->pair->server.stream);
	assert_int_equal(server_core_frame(hand->pair->server.core, hand->connection, frame),
		hand->store_fails ? STATUS_CORRUPT : STATUS_OK);
}

static struct party server_party(void)
{
	struct identity server;
	struct party party;

	organisation_identity(0, &server);
	party = identity_party(&server);
	identity_wipe(&server);
	return party;
}

struct bytes hand_device_hello(struct hand_device *hand, struct ephemeral *out_ephemeral)
{
	const struct outbox_state outbox = { .device = hand->identity.id,
		.incarnation = hand->incarnation,
		.last_seq = hand->last_seq,
		.last_hash = hand->heads[hand->last_seq] };
	const struct replica_state replica = { 0 };
	const struct party server = server_party();
	struct request request;
	struct bytes sealed;

	request_init(&request, &hand->arena, REPLY_IN_WELCOME_MAX);
	schema_speak(hand->revision);
	request_hello(&request, &outbox, &replica, WALL_START_MS, 0, CARRIER_LIVE);
	schema_speak(SCHEMA_REVISION);
	ephemeral_generate(out_ephemeral);
	assert_int_equal(request_seal_hello(&request, &hand->identity, &organisation_self, &server,
				 &(struct opening){ .incarnation = hand->incarnation, .ephemeral = out_ephemeral }, &sealed),
		STATUS_OK);
	return sealed;
}

static enum status find_server(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	(void)context;
	(void)sender;
	(void)key_number;
	*out_keys = server_party().keys;
	return STATUS_OK;
}

static void note_ground(struct hand_device *hand, struct bytes message)
{
	struct section *sections;
	struct welcome welcome;
	size_t count;

	assert_int_equal(sections_read(message, &hand->arena, &sections, &count), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		if (sections[i].number == SECTION_WELCOME) {
			assert_int_equal(welcome_decode(sections[i].body, &welcome), STATUS_OK);
			hand->ground = (struct common_ground){ .incarnation = hand->incarnation, .epoch = welcome.epoch };
		}
}

void hand_device_open(struct hand_device *hand, struct simulation *pair, unsigned number, uint8_t incarnation)
{
	hand_device_open_as(hand, pair, number, incarnation, SCHEMA_REVISION);
}

void hand_device_open_as(struct hand_device *hand, struct simulation *pair, unsigned number, uint8_t incarnation, uint32_t revision)
{
	struct hand_device *hands[] = { hand };
	struct ephemeral ephemeral;
	struct envelope envelope;
	struct bytes welcome = { 0 };

	*hand = (struct hand_device){ .pair = pair, .number = number, .incarnation = { { incarnation } }, .revision = revision };
	organisation_identity(number, &hand->identity);
	for (size_t i = 0; i < HAND_WINDOWS; i++)
		memset(hand->secrets[i], (int)i + 1, WINDOW_SECRET_SIZE);
	hand->heads[0] = chain_genesis(&hand->identity.id, &hand->incarnation);
	hand_over(hand, hand_device_hello(hand, &ephemeral));
	flush(pair, hands, 1, &welcome);
	assert_int_equal(
		envelope_open(&hand->arena, &hand->identity, &organisation_self, welcome, find_server, NULL, &envelope), STATUS_OK);
	assert_int_equal(session_start_device(&hand->session, &ephemeral, envelope.ephemeral), STATUS_OK);
	note_ground(hand, envelope.sections);
}

void hand_device_close(struct hand_device *hand)
{
	session_wipe(&hand->session);
	identity_wipe(&hand->identity);
	arena_finish(&hand->arena);
}

struct operation *hand_device_begin(struct hand_device *hand, enum operation_kind kind, const struct id *subject, const void *arguments)
{
	struct operation *operation = &hand->operations[hand->last_seq];

	assert_true(hand->last_seq < HAND_OPERATIONS_MAX);
	*operation = (struct operation){ .head = { .kind = kind,
						 .subject = *subject,
						 .role = ROLE_TECHNICIAN,
						 .at_ms = WALL_START_MS,
						 .actor = organisation_id(RECORD_TECHNICIAN, hand->number - 1),
						 .schema_revision = SCHEMA_REVISION },
		.arguments = arguments };
	return operation;
}

struct id hand_device_end(struct hand_device *hand)
{
	struct writer writer = writer_in(&hand->arena, 16 * OPERATION_SIZE_MAX); /* what is too large too */
	int64_t seq = hand->last_seq + 1;

	operation_encode(&writer, &hand->operations[hand->last_seq]);
	hand->heads[seq] = chain_extend(&hand->heads[hand->last_seq], hand->secrets[seq / WINDOW_LENGTH], seq, writer_bytes(&writer));
	hand->last_seq = seq;
	return id_is_nil(&hand->first_ids[seq - 1]) ? chain_operation_id(&hand->heads[seq]) : hand->first_ids[seq - 1];
}

struct id hand_device_note(struct hand_device *hand, const struct id *order)
{
	struct note_arguments *arguments = &hand->notes[hand->last_seq];

	arguments->text = text_of("gate code changed");
	(void)hand_device_begin(hand, OPERATION_ADD_NOTE, order, arguments);
	return hand_device_end(hand);
}

struct bytes hand_device_seal(struct hand_device *hand, const struct section *section)
{
	struct writer message = writer_in(&hand->arena, FRAME_SIZE_MAX);
	struct bytes frame;

	section_put(&message, section);
	assert_false(message.overflow);
	assert_int_equal(session_seal(&hand->arena, &hand->session, writer_bytes(&message), &frame), STATUS_OK);
	return frame;
}

void hand_device_put(struct hand_device *hand, const struct section *section)
{
	hand_over(hand, hand_device_seal(hand, section));
}

static void send_section(struct hand_device *hand, enum section_number number, struct bytes body)
{
	hand_device_put(hand, &(struct section){ .number = number, .body = body });
}

void hand_device_send_as(struct hand_device *hand, const struct id *incarnation, int64_t first, int64_t last)
{
	struct batch batch = { .incarnation = *incarnation,
		.first_seq = first,
		.operations = &hand->operations[first - 1],
		.first_ids = &hand->first_ids[first - 1],
		.count = (size_t)(last - first + 1),
		.secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE]) & hand->secrets[first / WINDOW_LENGTH],
		.secret_count = (size_t)(last / WINDOW_LENGTH - first / WINDOW_LENGTH + 1),
		.last_hash = hand->heads[last] };
	struct writer body = writer_in(&hand->arena, FRAME_SIZE_MAX);
	bool brief;

	keys_sign(&hand->identity,
		head_statement(&hand->arena, &organisation_self, &hand->identity.id, incarnation, last, &batch.last_hash), batch.signature);
	brief = batch_encode_within(&body, &batch, hand->references, hand->short_forms ? &hand->ground : NULL);
	assert_false(body.overflow);
	hand_device_put(hand, &(struct section){ SECTION_BATCH, brief, writer_bytes(&body) });
}

void hand_device_send(struct hand_device *hand, int64_t first, int64_t last)
{
	hand_device_send_as(hand, &hand->incarnation, first, last);
}

void hand_device_pull(struct hand_device *hand, const struct pull *pull)
{
	struct writer body = writer_in(&hand->arena, FRAME_SIZE_MAX);
	bool brief = pull_encode_within(&body, pull, hand->short_forms ? &hand->ground : NULL);

	hand_device_put(hand, &(struct section){ SECTION_PULL, brief, writer_bytes(&body) });
}

void hand_device_tell(struct hand_device *hand, const char *what, const char *detail)
{
	const struct told_incident told = { clock_now_ms(&hand->pair->server.clock), text_of(what), text_of(detail) };
	struct writer body = writer_in(&hand->arena, FRAME_SIZE_MAX);

	told_incident_encode(&body, &told);
	send_section(hand, SECTION_INCIDENT, writer_bytes(&body));
}

void hand_device_origin(struct hand_device *hand, const struct id *previous, int64_t shared_seq)
{
	const struct origin origin = { *previous, shared_seq };
	struct writer body = writer_in(&hand->arena, FRAME_SIZE_MAX);

	origin_encode(&body, &origin);
	send_section(hand, SECTION_ORIGIN, writer_bytes(&body));
}

void hand_device_recon(struct hand_device *hand, const struct recon_request *request)
{
	struct writer body = writer_in(&hand->arena, FRAME_SIZE_MAX);

	recon_request_encode(&body, request);
	send_section(hand, SECTION_RECON, writer_bytes(&body));
}

/* ---- the server ---- */

static enum status find_device(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	const struct hand_server *hand = context;
	struct identity device;

	(void)sender;
	(void)key_number;
	organisation_identity(hand->number, &device);
	*out_keys = device.keys;
	identity_wipe(&device);
	return STATUS_OK;
}

static bool is_request(const struct event *event)
{
	return event->kind == EVENT_REQUEST;
}

static struct bytes open_request(struct hand_server *hand, struct bytes frame)
{
	struct bytes plain = { 0 };

	hand->by_hello = envelope_looks_like(frame);
	if (hand->by_hello) {
		struct envelope envelope;
		struct ephemeral ephemeral;
		assert_int_equal(
			envelope_open(&hand->arena, &hand->identity, &organisation_self, frame, find_device, hand, &envelope), STATUS_OK);
		ephemeral_generate(&ephemeral);
		assert_int_equal(session_start_server(&hand->session, &ephemeral, envelope.ephemeral), STATUS_OK);
		memcpy(hand->hello_ephemeral, ephemeral.public_key, sizeof(hand->hello_ephemeral));
		memcpy(hand->answered, envelope.ephemeral, sizeof(hand->answered));
		return envelope.sections;
	}
	assert_int_equal(session_open(&hand->arena, &hand->session, frame, &plain), STATUS_OK);
	return plain;
}

void hand_server_take(struct hand_server *hand, struct simulation *pair, unsigned number)
{
	struct section *sections;
	struct bytes frame;
	uint64_t connection;
	size_t count;

	hand->pair = pair;
	hand->number = number;
	hand->page_raw_max = 1024;
	organisation_identity(0, &hand->identity);
	assert_true(pair_intercept(pair, number, &frame, &connection));
	frame = arena_copy_bytes(&hand->arena, frame);
	event_queue_drop(&pair->queue, is_request);
	assert_int_equal(sections_read(open_request(hand, frame), &hand->arena, &sections, &count), STATUS_OK);
	hand->has_batch = hand->has_pull = hand->brief = false;
	for (size_t i = 0; i < count; i++) {
		if (sections[i].number == SECTION_HELLO)
			assert_int_equal(hello_decode(sections[i].body, &hand->hello), STATUS_OK);
		if (sections[i].number == SECTION_BATCH)
			hand->batch = sections[i];
		hand->has_batch = hand->has_batch || sections[i].number == SECTION_BATCH;
		hand->brief = hand->brief || sections[i].brief;
		if (sections[i].number == SECTION_PULL) {
			hand->has_pull = true;
			assert_int_equal(pull_decode_within(&sections[i], hand->by_hello ? NULL : &hand->ground, &hand->pull), STATUS_OK);
		}
	}
	reply_init(&hand->reply, &hand->arena, &hand->page_raw_max, hand->by_hello ? REPLY_IN_WELCOME_MAX : REPLY_IN_SESSION_MAX);
}

void hand_server_welcome(struct hand_server *hand)
{
	struct welcome welcome = { .incarnation = hand->hello.incarnation,
		.incarnation_known = hand->hello.next_seq > 1,
		.last_seq = hand->hello.settled_seq,
		.epoch = hand->hello.cursor.epoch,
		.gseq = hand->hello.cursor.gseq,
		.time_ms = WALL_START_MS,
		.device_state = 1,
		.lease_until_ms = WALL_START_MS + LEASE_MS,
		.schema_revision = hand->revision > 0 ? hand->revision : SCHEMA_REVISION,
		.handler_revision = HANDLER_REVISION };

	assert_true(hand->by_hello);
	hand->ground = (struct common_ground){ .incarnation = welcome.incarnation, .epoch = welcome.epoch };
	assert_int_equal(
		device_store_outbox_head(pair_device(hand->pair, hand->number)->store, welcome.last_seq, &welcome.chain_hash), STATUS_OK);
	reply_answers(&hand->reply, hand->answered);
	reply_welcome(&hand->reply, &welcome);
}

void hand_server_answer(struct hand_server *hand)
{
	struct device_node *device = pair_device(hand->pair, hand->number);
	struct bytes sealed;

	if (hand->by_hello) {
		struct envelope envelope = { .type = ENVELOPE_WELCOME,
			.sender = hand->identity.id,
			.key_number = 1,
			.has_ephemeral = true,
			.sections = reply_bytes(&hand->reply) };
		struct identity identity;
		struct party party;
		organisation_identity(hand->number, &identity);
		party = identity_party(&identity);
		identity_wipe(&identity);
		memcpy(envelope.ephemeral, hand->hello_ephemeral, sizeof(envelope.ephemeral));
		assert_int_equal(envelope_seal(&hand->arena, &hand->identity, &organisation_self, &party, &envelope, &sealed), STATUS_OK);
	} else {
		assert_int_equal(session_seal(&hand->arena, &hand->session, reply_bytes(&hand->reply), &sealed), STATUS_OK);
	}
	device_node_reply(hand->pair, device, sealed);
}

void hand_server_close(struct hand_server *hand)
{
	session_wipe(&hand->session);
	identity_wipe(&hand->identity);
	arena_finish(&hand->arena);
}
