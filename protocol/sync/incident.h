/* An incident: something that an operator should know of, though the server went on by itself. Told until somebody acknowledges it. */
#ifndef TRUCKROLL_SYNC_INCIDENT_H
#define TRUCKROLL_SYNC_INCIDENT_H

#include "protocol/base/id.h"
#include "protocol/base/text.h"

/* On disk: never reuse a number. */
enum incident_kind {
	INCIDENT_NONE = 0,
	INCIDENT_DIGEST = 1,        /* a device told: its rows did not fit the server's digests */
	INCIDENT_RESTORED = 2,      /* a device goes on from an older copy of itself */
	INCIDENT_FORK = 3,          /* a device has a second history of the same operations */
	INCIDENT_COPIED = 4,        /* two copies of a device are alive */
	INCIDENT_LOSS = 5,          /* a device says that it knows commits that the store does not have */
	INCIDENT_LOSS_ACCEPTED = 6, /* the server goes on without commits that it had acknowledged */
	INCIDENT_POISON = 7,        /* an operation ended the server, again and again: it is parked */
	INCIDENT_UNREADABLE = 8,    /* a device sends what the server cannot read */
	INCIDENT_UNCLEAN_STOP = 9,  /* the server stopped without a word, and is careful */
	INCIDENT_DAMAGED = 10,      /* the store is damaged */
	INCIDENT_TOLD = 11,         /* a device told something that this version has no kind for */
	INCIDENT_REPLACED = 12,     /* a device told: its replica was damaged, and it began a new one */
	INCIDENT_ROT = 13,          /* a device told: its rows did not fit what it had noted of them */
	INCIDENT_INCARNATIONS = 14, /* a device begins more incarnations than it may */
	INCIDENT_GAP = 15,          /* a device told: after a restore neither side has some of its operations any more */
	INCIDENT_FRONT = 16,        /* the address that devices use does not answer, and the server is well */
	INCIDENT_KIND_COUNT,
};

#define INCIDENT_DETAIL_MAX 400

struct incident {
	enum incident_kind kind;
	struct id device;  /* nil: the server itself */
	struct id subject; /* the operation it is about; nil: none */
	struct text detail; /* "key=value" joined by ";" */
};

/* A stable word such as "fork"; "" for a number that this version does not know. */
const char *incident_word(uint32_t kind);
/* INCIDENT_TOLD for a word that is none. */
enum incident_kind incident_by_word(struct text word);
/* The same for what a device tells: it can speak of itself alone, and only of what it can know. */
enum incident_kind incident_by_told_word(struct text word);

/* What has been noted and is not durable yet: it goes into the next commit. Incidents of the same kind, device and subject are one. */
#define INCIDENTS_NOTED_MAX 32

struct noted_incident {
	struct incident incident; /* its detail points into `detail` */
	char detail[INCIDENT_DETAIL_MAX];
};

struct incidents {
	struct noted_incident noted[INCIDENTS_NOTED_MAX];
	size_t count;
	size_t written; /* so many of them are in the open commit */
	bool alone;     /* and nothing else is */
	int64_t retry_at_ms; /* monotonic: until then only together with something else */
};

/* Copies the incident, its detail cut to INCIDENT_DETAIL_MAX. Beyond so many at once, what comes is dropped: the same will come again. */
void incidents_note(struct incidents *incidents, const struct incident *incident);
/* So often what a device brings about is put on record at once; after that, while nobody has acknowledged it, once in so long. Else it
 * could make the server write without end. */
#define INCIDENT_TIMES_FREE 8
#define INCIDENT_AGAIN_MS   ((int64_t)3600 * 1000)
/* Takes out the n-th. */
void incidents_drop(struct incidents *incidents, size_t position);
/* The commit that they went into is durable, or never was. */
void incidents_settle(struct incidents *incidents, bool durable);

#endif
