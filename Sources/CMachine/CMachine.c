#include "CMachine.h"
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* What NETSUKE_INSTRUCTIONS leaves of the features: "avx2" nothing wider, "avx512" no VNNI; anything else all of them. */
static uint32_t allowed(uint32_t features) {
  const char *limit = getenv("NETSUKE_INSTRUCTIONS");
  if (!limit) return features;
  if (strcmp(limit, "avx2") == 0) return features & ~(uint32_t)(CMACHINE_AVX512 | CMACHINE_AVX512_VNNI | CMACHINE_AVX_VNNI);
  if (strcmp(limit, "avx512") == 0) return features & ~(uint32_t)(CMACHINE_AVX512_VNNI | CMACHINE_AVX_VNNI);
  return features;
}

static uint32_t supported(void) {
#if defined(__x86_64__)
  uint32_t features = 0, a, b, c, d, xcr0_low = 0, xcr0_high;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const int os_saves = (c >> 27) & 1;
  if (os_saves) __asm__ volatile("xgetbv" : "=a"(xcr0_low), "=d"(xcr0_high) : "c"(0));
  if ((xcr0_low & 6) != 6) return 0; /* the system does not save the 256-bit registers */
  if ((c >> 12) & 1) features |= CMACHINE_FMA;
  if ((c >> 29) & 1) features |= CMACHINE_F16C;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  if ((b >> 5) & 1) features |= CMACHINE_AVX2;
  if ((b >> 8) & 1) features |= CMACHINE_BMI2;
  if ((xcr0_low & 0xE6) == 0xE6) {
    if (((b >> 16) & 1) && ((b >> 30) & 1) && ((b >> 31) & 1) && ((b >> 17) & 1)) features |= CMACHINE_AVX512;
    if ((features & CMACHINE_AVX512) && ((c >> 11) & 1)) features |= CMACHINE_AVX512_VNNI;
  }
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && ((a >> 4) & 1)) features |= CMACHINE_AVX_VNNI;
  return features;
#else
  return 0;
#endif
}

uint32_t cmachine_features(void) { return allowed(supported()); }
