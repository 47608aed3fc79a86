/* What a test cannot ask from Swift: how often this thread allocated, and what happens in a forked child. */
#ifndef CPROBE_H
#define CPROBE_H
#include <stdint.h>

/* Calls of malloc and its like on this thread so far; −1 where they are not counted (under a sanitizer, or without glibc). */
int64_t probe_allocations(void);

/* Calls `body` in a forked child, which then ends with what it returned; the child's exit status, or −1 where it was killed. */
int probe_fork(int (*body)(void *context), void *context);

#endif
