/* In which order a first sync brings rows: what a technician needs first comes first. */
#ifndef TRUCKROLL_SYNC_DELIVERY_CLASS_H
#define TRUCKROLL_SYNC_DELIVERY_CLASS_H

#include "protocol/domain/schema.h"

/* On the wire as the highest class a pull asks for. */
enum delivery_class {
	CLASS_CONTROL = 0,   /* who and what the device is, what became of its operations */
	CLASS_JOBS = 1,      /* visits, and what jobs link */
	CLASS_JOB_DATA = 2,  /* orders and what belongs to them */
	CLASS_REFERENCE = 3, /* customers, places, machines, parts */
	CLASS_KNOWLEDGE = 4,
	CLASS_COUNT, /* of rows */
	CLASS_FILES = 5, /* never in a page */
};

/* The class of rows that come with their home; what a job links is CLASS_JOBS whatever it is. */
enum delivery_class delivery_class_of(enum record_kind kind);

#endif
