#include "device_agent/agent.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device_agent/kb_search.h"
#include "device_agent/link.h"
#include "device_agent/replica_aside.h"
#include "protocol/base/log.h"
#include "shell/control.h"
#include "shell/file.h"
#include "shell/runner.h"
#include "shell/stop_signal.h"

#define INDEX_SLICE_MS   20   /* docs/architecture.md: what a command may have to wait for */
#define CHECK_SLICE_ROWS 2000 /* of the replica's check by itself: about as long */
#define STOP_MS          10000 /* for a large cut that is under way when the agent is to end */

struct agent {
	struct context *context;
	struct local_device *device;
	struct link link;
	struct control *control;
	struct log log;
	struct runner_owner owner;
	bool indexed;    /* the search index has caught up */
	bool checking;   /* a check of the replica has more to look at */
	FILE *cut_times; /* NULL: nobody measures */
};

/* Until something happens; returns how many descriptors have something. */
static int wait_for_events(struct agent *agent)
{
	struct pollfd polls[CONTROL_POLL_MAX + 1];
	size_t count = control_poll(agent->control, polls);
	int control_ms = control_timeout_ms(agent->control);
	bool leisure = (!agent->indexed || agent->checking) && !link_busy(&agent->link);
	int timeout_ms = leisure ? 0 : link_timeout_ms(&agent->link);

	if (control_ms >= 0 && control_ms < timeout_ms)
		timeout_ms = control_ms;
	polls[count] = (struct pollfd){ .fd = link_descriptor(&agent->link), .events = POLLIN };
	return poll(polls, (nfds_t)(count + 1), timeout_ms);
}

/* A slice of the search index, only when nobody waits for anything. */
static void index_slice(struct agent *agent)
{
	enum status status = kb_index_step(agent->device->store, agent->device->clock, INDEX_SLICE_MS, &agent->indexed);

	if (status == STATUS_OK)
		return;
	log_unusual(&agent->log, "kb.index.failed", "why=\"%s\"", fail_reason());
	agent->indexed = true; /* tried again after the next cut */
}

/* The same of the replica's check; what fails is told in the log, and tried again later. STATUS_CORRUPT: the file itself is damaged. */
static enum status check_slice(struct agent *agent)
{
	bool done = true;
	enum status status = link_leisure(&agent->link, CHECK_SLICE_ROWS, &done);

	agent->checking = status == STATUS_OK && !done;
	if (status != STATUS_CORRUPT)
		return STATUS_OK;
	return replica_aside_verify(agent->context, "replica.db", STORAGE_REPLICA) == STATUS_CORRUPT ? STATUS_CORRUPT : STATUS_OK;
}

static void note_cut(struct agent *agent, int64_t at_ns)
{
	if (agent->cut_times == NULL)
		return;
	(void)fprintf(agent->cut_times, "%lld\n", (long long)at_ns);
	(void)fflush(agent->cut_times);
}

/* The flight's leg is long: a fresh core begins another, best when nothing is under way. */
static enum status begin_leg(struct agent *agent)
{
	struct local_device *device = agent->device;
	enum status status;

	if (device->flight == NULL || !flight_is_long(device->flight) || device_store_seeding(device->store) ||
		(!flight_is_full(device->flight) && !device_core_state(device->core).synced))
		return STATUS_OK;
	status = local_device_begin_leg(device);
	if (status == STATUS_OK)
		status = link_begin_again(&agent->link);
	return status == STATUS_OFFLINE ? STATUS_OK : status;
}

/* What was saved so far is safe; what comes next would rest on a disk that lost something. */
static enum status fail_unsynced(struct agent *agent)
{
	log_broken(&agent->log, "store.unsynced", "dir=%s", agent->device->dir.data);
	return fail(STATUS_CANNOT_WRITE,
		"the disk of %s failed to keep what was written; the agent ends: check the disk, then start it again",
		agent->device->dir.data);
}

static enum status agent_loop(struct agent *agent)
{
	while (!stop_is_asked()) {
		int events = wait_for_events(agent);
		int64_t cut_at_ns;
		enum status status;
		control_step(agent->control, runner_answer, &agent->owner); /* also without an event: someone's time may be over */
		if (control_take_starved(agent->control))
			log_unusual(&agent->log, "descriptors.used_up", "what=\"commands wait; allow more open files (ulimit -n)\"");
		status = link_step(&agent->link); /* it has said in the log what failed, and tries again */
		if (agent->link.damaged)
			return STATUS_CORRUPT; /* a command gave the reason */
		if (link_unsynced(&agent->link))
			return fail_unsynced(agent);
		if (link_busy(&agent->link)) /* the store is not ours now */
			continue;
		if (status == STATUS_CORRUPT || device_store_replica_storage(agent->device->store) == NULL)
			return status;
		if (link_take_fresh(&agent->link, &cut_at_ns)) {
			agent->indexed = false;
			note_cut(agent, cut_at_ns);
		}
		if (events == 0 && !agent->indexed)
			index_slice(agent);
		else if (events == 0)
			status = check_slice(agent);
		if (status != STATUS_CORRUPT)
			status = begin_leg(agent);
		if (status == STATUS_CORRUPT || agent->device->core == NULL)
			return status;
	}
	return STATUS_OK;
}

/* A cut can take longer than whoever stops the agent waits. It is one transaction that a power cut may end at any time, so the end of the
 * process may, too: what was saved is on the disk, and the cut comes again. */
static void end_in_time(struct agent *agent)
{
	if (link_is_settled_within(&agent->link, STOP_MS))
		return;
	log_info(&agent->log, "agent.stopped", "what=\"a large cut is taken in anew at the next start\"");
	_exit(EXIT_SUCCESS);
}

static enum status tell_ready(struct context *context, const char *ready_file)
{
	struct text line = arena_print(context->arena, "%ld\n", (long)getpid());

	if (ready_file == NULL)
		return STATUS_OK;
	return file_write(ready_file, (struct bytes){ (const uint8_t *)line.data, line.size }, 0600);
}

static enum status go_on_line(struct agent *agent)
{
	enum status status = link_go(&agent->link, true);

	if (status == STATUS_OFFLINE || status == STATUS_CANNOT_WRITE) /* the loop tries again */
		return STATUS_OK;
	return status;
}

enum status agent_run(struct context *context, struct local_device *device, const struct agent_options *options)
{
	struct agent agent = { .context = context, .device = device };
	enum status status;

	log_init(&agent.log, context->clock, LOG_INFO, NULL, NULL);
	stop_signals_catch();
	link_init(&agent.link, device, &agent.log, false);
	agent.owner =
		(struct runner_owner){ .program = context->program, .clock = context->clock, .dir = device->dir.data, .state = device };
	if (options->cut_times != NULL)
		agent.cut_times = fopen(options->cut_times, "ae");
	status = control_open(device->dir.data, context->clock, &agent.control);
	if (status == STATUS_OK)
		status = tell_ready(context, options->ready_file);
	(void)catalogue_speak(LANGUAGE_EN); /* what is logged and kept from here on is nobody's answer */
	if (status == STATUS_OK) {
		log_info(&agent.log, "agent.started", "device=%.8s server=%s", id_to_text(&device->keys.identity.id).characters,
			device->keys.url.data);
		if (options->replaced_why.size > 0)
			log_broken(&agent.log, "replica.replaced", "why=\"%s\"", options->replaced_why.data);
		status = go_on_line(&agent);
	}
	if (status == STATUS_OK)
		status = agent_loop(&agent);
	control_close(agent.control);
	if (status == STATUS_OK)
		end_in_time(&agent);
	link_finish(&agent.link);
	if (device->core != NULL)
		log_info(&agent.log, "agent.stopped", "rounds=%lld", (long long)device_core_state(device->core).rounds);
	device_store_fold(device->store);
	if (agent.cut_times != NULL)
		(void)fclose(agent.cut_times);
	log_finish(&agent.log);
	return status;
}
