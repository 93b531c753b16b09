/* Stores as the first release left them, being brought to the newest schema. */
#ifndef TRUCKROLL_TESTS_FAULTS_FIRST_RELEASE_H
#define TRUCKROLL_TESTS_FAULTS_FIRST_RELEASE_H

#include "tests/faults/scenario.h"

/* For the table of scenarios: a server's store and a replica on a disk of their own. */
void first_release_prepare(struct trial *trial);
bool first_release_act(struct trial *trial);
bool first_release_holds(struct trial *trial);
/* Gives the disk back; does nothing when there is none. */
void first_release_finish(struct trial *trial);

#endif
