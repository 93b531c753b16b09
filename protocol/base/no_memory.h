/* The end of a process that finds no memory: a plain sentence on standard error, and an exit code of its own. What is durable is whole; the
 * next start finds what it finds after a kill. */
#ifndef TRUCKROLL_BASE_NO_MEMORY_H
#define TRUCKROLL_BASE_NO_MEMORY_H

#define NO_MEMORY_EXIT_CODE 8

/* What it says; borrowed for good. Before any other thread is started. Without it: a short sentence in English. */
void no_memory_says(const char *sentence);
/* Any thread. Runs nothing else, and allocates nothing. */
__attribute__((noreturn)) void no_memory(void);

#endif
