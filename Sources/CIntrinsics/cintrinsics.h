/* The vector instructions that Swift's SIMD types have no spelling for. Header only; compiled with the flags of the
   kernel module that imports it. Intrinsics that are macros get a one-line inline wrapper here. */
#ifndef CINTRINSICS_H
#define CINTRINSICS_H
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#endif
