/* The vector instructions that Swift's SIMD types have no spelling for. Header only; compiled with the flags of the
   kernel module that imports it. Intrinsics that are macros get a one-line inline wrapper here. */
#ifndef CINTRINSICS_H
#define CINTRINSICS_H
#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__AVX2__)
/* The first `count` (0 … 8) of eight 32-bit lanes, as a mask. */
static inline __m256i nsk_mask8(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
/* Reads the first `count` of eight floats and nothing behind them; the rest is 0. */
static inline __m256 nsk_load_partial(const float *from, int count) { return _mm256_maskload_ps(from, nsk_mask8(count)); }
/* Writes the first `count` of eight floats and nothing behind them. */
static inline void nsk_store_partial(float *to, __m256 value, int count) { _mm256_maskstore_ps(to, nsk_mask8(count), value); }

/* To the nearest integer, halves to even. */
static inline __m256 nsk_round(__m256 value) { return _mm256_round_ps(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
#endif
#endif
#endif
