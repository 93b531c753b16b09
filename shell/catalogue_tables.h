/* The tables behind catalogue.h, one per language, each in a file of its own. Keys in any order; a NULL key ends a table. */
#ifndef TRUCKROLL_SHELL_CATALOGUE_TABLES_H
#define TRUCKROLL_SHELL_CATALOGUE_TABLES_H

#include "shell/catalogue.h"

/* The sentences of rules are not here: their English is in protocol/domain/rule.c. */
extern const struct message catalogue_en[];
extern const struct message catalogue_zh[];

#endif
