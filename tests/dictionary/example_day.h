/* A day of the example organisation in the simulation: its customers, machines and orders come in from its files, are sent to a
 * technician and done, so that everything passes the wire as it does live. */
#ifndef TRUCKROLL_TESTS_DICTIONARY_EXAMPLE_DAY_H
#define TRUCKROLL_TESTS_DICTIONARY_EXAMPLE_DAY_H

#include "protocol/base/id.h"

/* Does every `days`-th order, from `number` on, in a simulation of its own with its own ids. What is packed meanwhile is kept
 * (samples.h). Ends the process with the reason when something goes wrong. */
void example_day(char *const *files, size_t file_count, unsigned number, unsigned days);

#endif
