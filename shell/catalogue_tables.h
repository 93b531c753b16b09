/* The tables behind catalogue.h, each in a file of its own. Keys in any order; a NULL key ends a table. */
#ifndef TRUCKROLL_SHELL_CATALOGUE_TABLES_H
#define TRUCKROLL_SHELL_CATALOGUE_TABLES_H

#include "shell/catalogue.h"

/* The sentences of rules are not here: their English is in protocol/domain/rule.c. */
extern const struct message catalogue_en[];
extern const struct message catalogue_zh[];

/* What English needs no table for. Labels: "column." and a name (English makes one of the name), "<field>.<record>.<choice>", and
 * English headings. Help: English words of the tables of commands. Lines: English sentences and formats of single commands. */
extern const struct message catalogue_zh_labels[];
extern const struct message catalogue_zh_help[];
extern const struct message catalogue_zh_lines[];

/* Why an operation was not taken. */
extern const struct message catalogue_zh_why[];

/* Formats of reasons given to fail(). */
extern const struct message catalogue_zh_reasons[];

#endif
