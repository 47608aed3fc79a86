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

/* The instruction sets that both the processor and the operating system support, as a sum of the bits above. */
uint32_t cmachine_features(void);

#endif
