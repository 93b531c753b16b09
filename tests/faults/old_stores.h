/* Stores as the first release left them, being brought to the newest schema. */
#ifndef TRUCKROLL_TESTS_FAULTS_OLD_STORES_H
#define TRUCKROLL_TESTS_FAULTS_OLD_STORES_H

#include "tests/faults/scenario.h"

/* For the table of scenarios: a server's store and a replica on a disk of their own. */
void old_stores_prepare(struct trial *trial);
bool old_stores_act(struct trial *trial);
bool old_stores_holds(struct trial *trial);
/* Gives the disk back; does nothing when there is none. */
void old_stores_finish(struct trial *trial);

#endif
