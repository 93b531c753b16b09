/* One run: a server and its devices in one process, on virtual time, a virtual network and disks in memory; everything that
 * happens follows from the seed. Chaos first, then all is healed, then the invariants must hold. */
#ifndef TRUCKROLL_TESTS_SIMULATION_SIMULATION_H
#define TRUCKROLL_TESTS_SIMULATION_SIMULATION_H

#include <sodium.h>

#include "protocol/domain/issue.h"
#include "protocol/sync/device_core.h"
#include "protocol/sync/server_core.h"
#include "tests/simulation/crash_vfs.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/memory_files.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/organisation.h"
#include "tests/simulation/visit_paths.h"

#define VIOLATION_SIZE 1000
#define WALL_START_MS  INT64_C(1767600000000) /* 2026-01-05 08:00 UTC */
#define POLL_WAIT_MS   60000
#define NODES_MAX      (DEVICES_MAX + 1) /* one device may be copied */
#define SESSIONS_KEPT  16

/* A session as its device opened it. */
struct kept_session {
	uint8_t id[SESSION_ID_SIZE];
	struct common_ground ground;
};

/* A clock of a node: virtual time with an error. */
struct node_clock {
	const int64_t *now_ms;
	int64_t error_ms;
};

struct server_node {
	struct crash_disk *disk;
	struct server_store *store;
	struct server_core *core; /* NULL: not running */
	struct node_clock time;
	struct clock clock;
	struct stream stream;
	struct random random;
	unsigned starts;
	unsigned poisoned; /* how often an operation ended it */
	struct suspect *suspects; /* the mark, which outlives the process */
	size_t suspect_count;
	size_t held_max;     /* see server_core_options */
	struct text program; /* see there */
	bool (*put)(void *context, size_t place, const struct suspect *suspects, size_t count); /* instead of the mark; NULL */
	bool flush_planned;
	struct memory_files *blobs; /* are not put back with the store */
	struct crash_image *backup; /* the newest */
	struct crash_image *older;  /* the first one, when there are several */
	struct id epoch; /* of what a restore began; nil: there was none */
	bool swapped; /* it was restored: devices may find an incident, and what they were told need not be there */
};

struct device_node {
	unsigned number; /* from 1 */
	unsigned who;    /* whose identity it has: its own number, or that of the device it was copied from */
	char dir[24];
	struct crash_disk *disk;
	struct device_store *store;
	struct device_core *core; /* NULL: not running */
	struct store_files *files;
	struct node_clock time;
	struct clock clock;
	struct stream stream; /* what the device itself draws */
	struct stream hands;  /* what its technician does */
	struct random random;
	bool link_up;
	bool by_post; /* no network reaches it until all is healed: bundles do */
	uint64_t connection; /* of the request it waits for; 0: none */
	struct memory_files *blobs;
	struct crash_image *copy;
	struct memory_files *blobs_copy; /* … of the same moment */
	int64_t incidents;        /* of this run of the core, as last looked at */
	int64_t acknowledged_seq; /* likewise */
	int64_t rounds_at_heal;
	struct standing standing; /* remembered outside of its disk */
	bool swapped; /* its replica was restored: it may find an incident */
	bool damaged; /* its replica was changed behind its back: it may find that, too */
	bool rotted_in_repair; /* rows changed while they were being compared */
	bool gone;    /* a copy that ran for a while */
	bool older;   /* its program speaks an earlier revision of the schema */
	bool anew;    /* its replica is made at the next start */
	struct kept_session sessions[SESSIONS_KEPT]; /* the latest that it opened */
	size_t session_count;
};

#define LETTERS_MAX 64

/* A bundle as its device wrote it, and what is in it. */
struct letter {
	struct hash mark;
	struct id device;
	struct id incarnation;
	int64_t last_seq;
	unsigned carrier; /* the device that carries it now; 0: none */
	int64_t carried_at_ms; /* by the carrier's clock */
};

/* What the office did about a device. */
struct revocation {
	uint32_t state; /* enum device_state */
	int64_t at_ms;  /* by the server's clock; 0: nothing, or nobody knows whether it was done */
	int64_t gseq;
};

struct simulation {
	uint64_t seed;
	enum seeded_bug bug;
	bool trace;
	uint32_t without_devices;
	bool healed;
	bool alone; /* technicians touch only what is theirs */
	int64_t now_ms; /* monotonic; starts at 1 */
	struct faults faults;
	struct fault_counts counts;
	size_t page_raw_max; /* 0: as usual */
	size_t batch_raw_max;
	int64_t retention_ms; /* of what left scopes; 0: as usual */
	int64_t window_ms;    /* of facts on devices; 0: as usual */
	int64_t phase_at_ms; /* when chaos began, the last time */
	int64_t last_gseq;   /* of the server, durable */
	struct event_queue queue;
	struct stream order; /* ties */
	struct stream net;
	struct stream chance; /* of faults */
	struct stream office;
	struct stream crash;
	struct stream leisure;
	struct stream rot; /* what changes behind the backs of all, and how long the server remembers */
	struct stream poison;
	struct stream metered;  /* what links may carry */
	struct stream restores; /* of the server */
	struct stream copies;   /* of devices, and what is missing in them */
	struct stream post;     /* bundles on their way */
	struct stream mules;    /* who carries for whom */
	struct stream herd;
	struct stream photos;
	struct stream revisions; /* of the schema */
	struct stream desk;
	struct stream age; /* of facts */
	struct server_node server;
	struct device_node devices[NODES_MAX];
	unsigned device_count; /* that are enrolled */
	unsigned node_count;   /* that there are */
	struct revocation revoked[DEVICES_MAX + 1]; /* by the device's number */
	uint64_t connections;
	struct letter letters[LETTERS_MAX]; /* the latest */
	size_t letter_count;
	struct oracle oracle;
	struct visit_paths paths;
	struct arena arena; /* life of one event */
	crypto_generichash_state hash;
	uint64_t steps;
	bool violated;
	char invariant[16];
	char violation[VIOLATION_SIZE];
};

/* Images that every run starts from; made once for a number of devices. */
struct template
{
	unsigned device_count;
	struct crash_image *server;
	struct crash_image *synced[DEVICES_MAX]; /* after a first sync */
	struct crash_image *fresh[DEVICES_MAX];  /* enrolled, nothing synced */
};

struct run_options {
	uint64_t seed;
	unsigned device_count;
	enum seeded_bug bug;
	bool trace;
	bool drill; /* the server is lost in any case, and put back from a backup */
	bool calm; /* nothing is planned and nothing goes wrong: for tests that drive it by hand */
	uint32_t without_faults;  /* bit FAULT_…: off, for whoever looks for the cause of a violation */
	uint32_t without_devices; /* bit of the device's number: nothing is done on it */
};

struct run_result {
	bool violated;
	char invariant[16];
	char violation[VIOLATION_SIZE];
	uint8_t hash[16]; /* of everything that happened */
	uint64_t steps;
	int64_t rounds; /* most that a device needed after all was healed */
	size_t operations;
	uint64_t issues[ISSUE_KIND_COUNT]; /* at the end */
	uint64_t resolved[ISSUE_KIND_COUNT];
	struct fault_counts faults;
};

/* Ends the process with the reason when even that fails. */
void template_create(unsigned device_count, struct template *out_template);
void template_finish(struct template *template);

void simulation_run(const struct template *template, const struct run_options *options, struct run_result *out_result);

/* The parts of it: everything is ready and, when calm, running; one event or timer, false when nothing will ever happen again; every device
 * has everything and waits for news; everything is given back. */
void simulation_begin(struct simulation *simulation, const struct template *template, const struct run_options *options);
bool simulation_step(struct simulation *simulation);
bool simulation_is_quiet(struct simulation *simulation);
void simulation_finish(struct simulation *simulation);

/* Inside a run: notes the first violation; the run ends at the next step. */
void violate(struct simulation *simulation, const char *invariant, const char *reason, ...) __attribute__((format(printf, 3, 4)));
/* A line of the trace: always hashed, printed on request. */
void note(struct simulation *simulation, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Plans an event `after_ms` from now; takes over `bytes` copied. */
void plan(struct simulation *simulation, int64_t after_ms, enum event_kind kind, unsigned node, uint64_t connection, struct bytes bytes);

void node_clock_init(struct clock *clock, struct node_clock *time, const int64_t *now_ms);

#endif
