/* What Swift cannot ask of the machine itself. */
#ifndef CMACHINE_H
#define CMACHINE_H
#include <stdint.h>

enum {
  CMACHINE_AVX2 = 1,
  CMACHINE_FMA = 2,
  CMACHINE_F16C = 4,
  CMACHINE_BMI2 = 8,
  CMACHINE_AVX512 = 16, /* F, DQ, BW and VL */
  CMACHINE_AVX512_VNNI = 32,
  CMACHINE_AVX_VNNI = 64
};

/* The instruction sets that both the processor and the operating system support, as a sum of the bits above. The environment variable
 * NETSUKE_INSTRUCTIONS narrows them: "avx2" or "avx512" (without VNNI). */
uint32_t cmachine_features(void);

/* The processors that this process may run on, at least 1. */
int32_t cmachine_processor_count(void);

/* Sleeps while *word == expected, until woken (spurious returns are possible). */
void cmachine_futex_wait(const uint32_t *word, uint32_t expected);

/* Wakes at most `count` of those who sleep on `word`. */
void cmachine_futex_wake(const uint32_t *word, int32_t count);

/* A hint to the processor that this is a spinning wait. */
static inline void cmachine_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
