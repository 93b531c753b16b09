/* The serving process: one thread, one loop over devices, control socket and time. Everything that waits in the queue when the
 * loop comes round goes into one commit. */
#include <poll.h>
#include <stdio.h>

#include "protocol/base/log.h"
#include "protocol/sync/closure.h"
#include "server/commands.h"
#include "server/enrolment_desk.h"
#include "protocol/transport/http_listener.h"
#include "protocol/transport/listener_set.h"
#include "protocol/transport/sp_listener.h"
#include "shell/control.h"
#include "shell/descriptors.h"
#include "shell/file.h"
#include "shell/lock.h"
#include "shell/runner.h"
#include "shell/stop_signal.h"

#define LISTEN_DEFAULT    "tcp://*:7450"
#define IDLE_MS           200                        /* so long nothing came: time to tidy up */
#define LOCK_WAIT_MS      5000                       /* a command that works by itself is done by then */
#define PEM_SIZE_MAX      ((size_t)64 * 1024)
#define POLLS_OWN         2 /* the listener and the front, before those of commands */
#define DESCRIPTORS_MAX   65536
#define DESCRIPTORS_OWN   64 /* so many are no connection's: files, commands */

struct server {
	struct office *office;
	struct control *control;
	struct log log;
	int64_t overfull_told; /* so many overfull jobs were logged */
	struct arena arena; /* life of one frame */
	struct runner_owner owner;
};

/* Whoever waits at the desk may stay a while; the request can be a recording, so not for good. */
static enum status answer_enrolment(struct server *server, struct listener_token token, struct bytes message, enum enrolment_message type)
{
	enum enrolment_message said;
	struct bytes answer;
	enum status status = enrolment_desk_answer(server->office, &server->arena, message, &answer);

	if (status == STATUS_OK && type == ENROL_REQUEST && enrolment_peek(answer, &said) && said != ENROL_REFUSED)
		listener_greet(server->office->listener, token);
	if (status == STATUS_OK)
		(void)(listener_reply(server->office->listener, token, answer) == STATUS_OK); /* it may be gone */
	else
		listener_forget(server->office->listener, token);
	return status == STATUS_CORRUPT ? STATUS_OK : status;
}

/* Only a session's frame proves its sender and lets the connection stay: a recorded hello opens as well as a fresh one. What a stolen
 * device says is answered and gives it no place. */
static enum status take_sync_frame(struct server *server, struct listener_token token, struct bytes frame)
{
	enum status status = server_core_frame(server->office->core, token.value, frame);
	struct server_sender sender = server_core_sender(server->office->core);

	log_debug(&server->log, "frame", "connection=%llu bytes=%zu welcome=%d fresh=%d status=%s", (unsigned long long)token.value,
		frame.size, sender.welcome, sender.fresh, status_to_text(status));
	if (sender.welcome && sender.fresh)
		listener_validate(server->office->listener, token, &sender.device);
	else if (sender.welcome)
		listener_greet(server->office->listener, token);
	return status;
}

/* A note beside the store would have kept the server from starting; it was lost as well, or an old copy came with an old note. */
static void tell_losses(struct server *server)
{
	struct losses *losses = server_core_losses(server->office->core);

	for (; losses->told < losses->count; losses->told++) {
		const struct loss_sign *sign = &losses->signs[losses->told];
		log_broken(&server->log, "store.behind",
			"device=%.8s device_commit=%lld server_commit=%lld what=\"the device says that it knows more than this "
			"store has: truckrolld incidents tells how to see whether that is true\"",
			id_to_text(&sign->device).characters, (long long)sign->device_gseq, (long long)sign->server_gseq);
	}
}

/* Whoever has such a job misses the least of it: what was done here before. */
static void tell_overfull(struct server *server)
{
	const struct server_core_counts counts = server_core_counts(server->office->core);

	if (counts.overfull_jobs == server->overfull_told)
		return;
	server->overfull_told = counts.overfull_jobs;
	log_unusual(&server->log, "job.overfull", "work_order=%s rows=%d what=\"more belongs to it than a device is given\"",
		id_to_text(&counts.overfull_job).characters, CLOSURE_ROWS_MAX);
}

/* The incident goes with the next commit, or by itself. */
static void look_at_front(struct server *server)
{
	struct front_watch *front = server->office->front;
	enum front_news news = front_watch_tick(front, clock_monotonic_ms(server->office->clock));
	struct incident incident = { .kind = INCIDENT_FRONT };

	if (news == FRONT_BACK)
		log_info(&server->log, "front.back", "what=\"the address of --front answers again\"");
	if (news != FRONT_LOST)
		return;
	incident.detail = arena_print(&server->arena, "reason=%s", front_watch_reason(front));
	log_broken(&server->log, "front.lost", "%.*s", TEXT_ARGUMENTS(incident.detail));
	server_core_incident(server->office->core, &incident);
	arena_reset(&server->arena);
}

static enum status take_frame(struct server *server, struct listener_token token, struct bytes frame)
{
	enum enrolment_message type;

	return enrolment_peek(frame, &type) ? answer_enrolment(server, token, frame, type) : take_sync_frame(server, token, frame);
}

static enum status take_frames(struct server *server)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && !server_core_round_is_full(server->office->core, i); i++) {
		struct listener_token token;
		struct bytes frame;
		status = listener_take(server->office->listener, &server->arena, &token, &frame);
		if (status == STATUS_NOT_FOUND)
			break;
		if (status == STATUS_OK)
			status = take_frame(server, token, frame);
		arena_reset(&server->arena);
	}
	server_core_queue(server->office->core, status == STATUS_OK);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	return office_settle(server->office);
}

static int wait_ms(struct server *server)
{
	int64_t now = clock_monotonic_ms(server->office->clock);
	int64_t deadline = server_core_deadline_ms(server->office->core);
	int64_t wait = listener_tick(server->office->listener);
	int control = control_timeout_ms(server->control);

	if (deadline != INT64_MAX && deadline - now < wait)
		wait = deadline - now;
	if (control >= 0 && control < wait)
		wait = control;
	if (server_core_may_prepare(server->office->core) || server_core_deciding(server->office->core))
		return 0;
	if (wait > IDLE_MS && (storage_untidy(server_store_storage(server->office->store)) || server->office->to_note))
		wait = IDLE_MS;
	return wait < 0 ? 0 : wait > 5000 ? 5000 : (int)wait;
}

/* A full disk refuses commits but not readers: the server stays up, says so, and goes on when there is room. Anything else ends it. */
static enum status bear_with(struct server *server, enum status status)
{
	if (status == STATUS_OK)
		return STATUS_OK;
	if (status == STATUS_CANNOT_WRITE)
		log_unusual(&server->log, "store.failed", "status=%s reason=%s", status_to_text(status), fail_reason());
	else
		log_broken(&server->log, "store.failed", "status=%s reason=%s", status_to_text(status), fail_reason());
	if (status == STATUS_CORRUPT)
		server_core_incident(server->office->core,
			&(struct incident){ .kind = INCIDENT_DAMAGED,
				.detail = arena_print(&server->office->arena, "reason=%s", fail_reason()) });
	office_abandon(server->office);
	return status == STATUS_CANNOT_WRITE ? STATUS_OK : status;
}

/* Nothing came, and nobody waits for anything. */
static void use_leisure(struct server *server)
{
	if (server_core_deciding(server->office->core))
		return;
	if (!server_core_may_prepare(server->office->core))
		storage_tidy(server_store_storage(server->office->store));
	else if (server_core_prepare(server->office->core) != STATUS_OK)
		log_unusual(&server->log, "page.ahead.failed", "reason=%s", fail_reason());
}

/* Nothing more may be acknowledged on a disk that did not keep what it was given. */
static enum status check_synced(struct server *server)
{
	if (!storage_unsynced(server_store_storage(server->office->store)))
		return STATUS_OK;
	log_broken(&server->log, "store.unsynced", "dir=%s", server->office->dir.data);
	return fail(STATUS_CANNOT_WRITE,
		"the disk of %s failed to keep what was written; the server ends: check the disk, then start it again",
		server->office->dir.data);
}

static enum status loop(struct server *server)
{
	struct pollfd polls[CONTROL_POLL_MAX + POLLS_OWN];
	enum status status = STATUS_OK;

	while (!stop_is_asked() && status == STATUS_OK) {
		size_t count = control_poll(server->control, polls + POLLS_OWN);
		polls[0] = (struct pollfd){ .fd = listener_descriptor(server->office->listener), .events = POLLIN };
		polls[1] = (struct pollfd){ .fd = front_watch_descriptor(server->office->front), .events = POLLIN };
		if (poll(polls, (nfds_t)(count + POLLS_OWN), wait_ms(server)) == 0)
			use_leisure(server);
		status = bear_with(server, take_frames(server));
		if (status == STATUS_OK)
			status = bear_with(server, server_core_tick(server->office->core));
		if (status == STATUS_OK)
			status = bear_with(server, office_settle(server->office));
		if (status == STATUS_OK)
			status = check_synced(server);
		if (status == STATUS_OK)
			storage_relieve(server_store_storage(server->office->store)); /* what was decided has been answered */
		(void)office_take_note(server->office);
		tell_losses(server);
		tell_overfull(server);
		look_at_front(server);
		control_step(server->control, runner_answer, &server->owner);
		if (control_take_starved(server->control))
			log_unusual(&server->log, "descriptors.used_up",
				"what=\"commands wait until a connection ends; allow more open files (ulimit -n, LimitNOFILE=)\"");
	}
	return status;
}

static enum status write_ready_file(struct context *context, const struct listener *listeners)
{
	char text[32];
	struct text path = arguments_text(context->arguments, "ready-file");
	int http = listener_set_port(listeners, 1);
	int size = http == 0 ? snprintf(text, sizeof(text), "%d\n", listener_port(listeners))
			     : snprintf(text, sizeof(text), "%d\n%d\n", listener_port(listeners), http);

	if (path.size == 0)
		return STATUS_OK;
	return file_write(
		path_join(context->arena, context->working_dir, path).data, (struct bytes){ (const uint8_t *)text, (size_t)size }, 0644);
}

static size_t connections_max(void)
{
	size_t most = descriptors_raise(DESCRIPTORS_MAX);
	size_t left = most > 2 * (size_t)DESCRIPTORS_OWN ? most - DESCRIPTORS_OWN : most / 2;

	return left < LISTENER_CONNECTIONS_MAX ? left : LISTENER_CONNECTIONS_MAX;
}

/* Whoever has lost what devices were told must not go on as if nothing were: they would take other commits for those they know. */
static enum status begin_history(struct server *server, struct context *context)
{
	enum status status;

	if (!arguments_flag(context->arguments, "accept-loss"))
		return office_check_loss(server->office);
	status = office_accept_loss(server->office);
	if (status == STATUS_OK)
		log_unusual(&server->log, "loss.accepted", "epoch=%s commit=%lld", id_to_text(&server->office->note.epoch).characters,
			(long long)server->office->note.gseq);
	return status;
}

static enum status read_pem(struct context *context, const char *option, struct text *out_pem)
{
	struct text path = path_join(context->arena, context->working_dir, arguments_text(context->arguments, option));
	struct bytes bytes = { 0 };
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, option))
		status = file_read(context->arena, path.data, PEM_SIZE_MAX, &bytes);
	*out_pem = (struct text){ (const char *)bytes.data, bytes.size };
	return status;
}

static enum status open_http(struct context *context, struct listener *set, const struct listener_limits *limits)
{
	struct http_certificate certificate = { 0 };
	struct listener *listener = NULL;
	enum status status = read_pem(context, "certificate", &certificate.chain);

	if (status == STATUS_OK)
		status = read_pem(context, "certificate-key", &certificate.key);
	if (status == STATUS_OK && (certificate.chain.size == 0) != (certificate.key.size == 0))
		status = fail(STATUS_INVALID, "--certificate and --certificate-key go together");
	if (status == STATUS_OK)
		status = listener_http_open(arguments_text(context->arguments, "http").data, &certificate, limits, &listener);
	return status == STATUS_OK ? listener_set_add(set, listener) : status;
}

/* The live carrier first: its port is the one that is told. */
static enum status open_listeners(struct context *context, const char *url, struct listener **out_set)
{
	bool both = arguments_has(context->arguments, "http");
	const struct listener_limits limits = { .connections_max = (connections_max() + both) / (1 + (size_t)both) };
	struct listener *live = NULL;
	enum status status = listener_set_make(out_set);

	if (status == STATUS_OK)
		status = listener_sp_open(url, &limits, &live);
	if (status == STATUS_OK)
		status = listener_set_add(*out_set, live);
	if (status == STATUS_OK && both)
		status = open_http(context, *out_set, &limits);
	return status;
}

static enum status open_server(struct server *server, struct context *context)
{
	struct text url =
		arguments_has(context->arguments, "listen") ? arguments_text(context->arguments, "listen") : text_of(LISTEN_DEFAULT);
	enum status status = office_open_recorded(
		context->dir, context->clock, arguments_integer(context->arguments, "flight-bytes", 0), &server->office);

	if (status == STATUS_OK)
		status = begin_history(server, context);
	if (status == STATUS_OK && arguments_has(context->arguments, "front"))
		status = front_watch_open(arguments_text(context->arguments, "front").data, &server->office->front);
	if (status == STATUS_OK)
		status = open_listeners(context, url.data, &server->office->listener);
	if (status == STATUS_OK)
		server->office->listen_url = arena_copy_text(&server->office->arena, url);
	if (status == STATUS_OK)
		status = control_open(context->dir.data, context->clock, &server->control);
	if (status == STATUS_OK)
		storage_defer_checkpoints(server_store_storage(server->office->store));
	if (status == STATUS_OK)
		status = write_ready_file(context, server->office->listener);
	return status;
}

enum status command_serve(struct context *context)
{
	struct server server = { 0 };
	struct lock lock = { .descriptor = -1 };
	enum status status = lock_take(context->dir.data, "truckrolld serve", LOCK_WAIT_MS, &lock);

	if (status != STATUS_OK)
		return status;
	stop_signals_catch();
	log_init(&server.log, context->clock, LOG_INFO, NULL, NULL);
	status = open_server(&server, context);
	if (status == STATUS_OK) {
		server.owner = (struct runner_owner){ context->program, context->clock, context->dir.data, server.office };
		log_info(&server.log, "server.started", "dir=%s port=%d http_port=%d", context->dir.data,
			listener_port(server.office->listener), listener_set_port(server.office->listener, 1));
		(void)catalogue_speak(LANGUAGE_EN); /* what the loop logs and sends is nobody's answer */
		status = loop(&server);
		log_info(&server.log, "server.stopped", "status=%s", status_to_text(status));
	}
	control_close(server.control);
	office_close(server.office);
	lock_release(&lock);
	arena_finish(&server.arena);
	log_finish(&server.log);
	return status;
}
