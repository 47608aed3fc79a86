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

/* Asks for a line of the second-level cache; any address will do. */
static inline void nsk_prefetch_level2(const void *address) { _mm_prefetch((const char *)address, _MM_HINT_T1); }

/* Asks for a line that will be written; any address will do. Processors without the instruction take it for none. */
static inline void nsk_prefetch_write(const void *address) { __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address)); }
/* The same of the first-level cache. */
static inline void nsk_prefetch_level1(const void *address) { _mm_prefetch((const char *)address, _MM_HINT_T0); }

/* Eight floats by one load: loads that overlap are else put together from parts of one another, which takes six instructions. */
static inline __m256 nsk_load_whole(const float *from) {
  __m256 value;
  __asm__("vmovups %1, %0" : "=x"(value) : "m"(*(const __m256_u *)from));
  return value;
}

/* Four words in either half; the compiler would load each by itself instead. */
static inline __m256i nsk_words_twice(const void *from) {
  __m256i words;
  __asm__("vbroadcasti128 %1, %0" : "=x"(words) : "m"(*(const __m128i *)from));
  return words;
}
/* Of eight floats, lane i is the one that bits 3i … 3i + 2 of the word of that number name. */
static inline __m256 nsk_pick8(__m256i words, int number, const float *from) {
  const __m256i word = number == 0   ? _mm256_shuffle_epi32(words, 0x00)
                       : number == 1 ? _mm256_shuffle_epi32(words, 0x55)
                       : number == 2 ? _mm256_shuffle_epi32(words, 0xAA)
                                     : _mm256_shuffle_epi32(words, 0xFF);
  return _mm256_permutevar8x32_ps(_mm256_loadu_ps(from), _mm256_srlv_epi32(word, _mm256_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21)));
}

/* Of 0 … 7 and 8 … 15 every other one: 0, 2, 8, 10, 4, 6, 12, 14, and those behind them; and such a vector back in order. */
static inline __m256 nsk_deal_even(__m256 low, __m256 high) { return _mm256_shuffle_ps(low, high, 0x88); }
static inline __m256 nsk_deal_odd(__m256 low, __m256 high) { return _mm256_shuffle_ps(low, high, 0xDD); }
static inline __m256 nsk_gather_dealt(__m256 dealt) {
  return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(dealt), 0xD8));
}

/* The second and third of the four 16-bit words of `words`, each by one instruction. */
static inline unsigned long long nsk_word1(unsigned long long words) { return __bextr_u64(words, 16 | 16 << 8); }
static inline unsigned long long nsk_word2(unsigned long long words) { return __bextr_u64(words, 32 | 16 << 8); }

/* Four floats in either half, and each of them in all lanes: one load serves four factors. */
static inline __m256 nsk_four_twice(const float *from) { return _mm256_broadcast_ps((const __m128 *)from); }
static inline __m256 nsk_factor0(__m256 four) { return _mm256_permute_ps(four, 0x00); }
static inline __m256 nsk_factor1(__m256 four) { return _mm256_permute_ps(four, 0x55); }
static inline __m256 nsk_factor2(__m256 four) { return _mm256_permute_ps(four, 0xAA); }
static inline __m256 nsk_factor3(__m256 four) { return _mm256_permute_ps(four, 0xFF); }
/* The value, but not before the sums are there: keeps the compiler from making the next factor early, for which no register is left. */
static inline __m256 nsk_behind(__m256 value, __m256 a, __m256 b, __m256 c, __m256 d, __m256 e, __m256 f, __m256 g) {
  __asm__("" : "+x"(value) : "x"(a), "x"(b), "x"(c), "x"(d), "x"(e), "x"(f), "x"(g));
  return value;
}
/* The same for weights that are not loaded yet. */
static inline const float *nsk_floats_behind(const float *from, __m256 a, __m256 b, __m256 c) {
  __asm__("" : "+r"(from) : "x"(a), "x"(b), "x"(c));
  return from;
}

/* To the nearest integer, halves to even. */
static inline __m256 nsk_round(__m256 value) { return _mm256_round_ps(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

/* The transpose of 8 × 8 floats. */
static inline void nsk_transpose8(const float *from, long stride, float *to, long to_stride) {
  __m256 t[8], u[8];
  for (int i = 0; i < 4; ++i) {
    /* Rows i and i + 4 share a register: the low half has columns 0 … 3, in v the halves have columns 4 … 7. */
    const float *upper = from + i * stride, *lower = from + (i + 4) * stride;
    t[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(upper)), _mm_loadu_ps(lower), 1);
    t[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(upper + 4)), _mm_loadu_ps(lower + 4), 1);
  }
  for (int h = 0; h < 8; h += 4) {
    u[h] = _mm256_unpacklo_ps(t[h], t[h + 1]);
    u[h + 1] = _mm256_unpackhi_ps(t[h], t[h + 1]);
    u[h + 2] = _mm256_unpacklo_ps(t[h + 2], t[h + 3]);
    u[h + 3] = _mm256_unpackhi_ps(t[h + 2], t[h + 3]);
    _mm256_storeu_ps(to + h * to_stride, _mm256_shuffle_ps(u[h], u[h + 2], 0x44));
    _mm256_storeu_ps(to + (h + 1) * to_stride, _mm256_shuffle_ps(u[h], u[h + 2], 0xEE));
    _mm256_storeu_ps(to + (h + 2) * to_stride, _mm256_shuffle_ps(u[h + 1], u[h + 3], 0x44));
    _mm256_storeu_ps(to + (h + 3) * to_stride, _mm256_shuffle_ps(u[h + 1], u[h + 3], 0xEE));
  }
}

/* The transpose of 16 × 16 bytes, rows of the result side by side. */
static inline void nsk_transpose16(const unsigned char *from, long stride, unsigned char *to) {
  __m128i a[16], b[16];
  for (int i = 0; i < 16; ++i) a[i] = _mm_loadu_si128((const __m128i *)(from + i * stride));
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 8; ++i) {
      b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
      b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
    for (int i = 0; i < 16; ++i) a[i] = b[i];
  }
  for (int i = 0; i < 16; ++i) _mm_storeu_si128((__m128i *)(to + 16 * i), a[i]);
}

/* Row `row` of the transposes of four times four lanes, of the low and of the high halves. */
static inline __m256 nsk_transpose_lanes(__m256 a, __m256 b, __m256 c, __m256 d, int row) {
  const __m256 low = row < 2 ? _mm256_unpacklo_ps(a, b) : _mm256_unpackhi_ps(a, b);
  const __m256 high = row < 2 ? _mm256_unpacklo_ps(c, d) : _mm256_unpackhi_ps(c, d);
  return row % 2 == 0 ? _mm256_shuffle_ps(low, high, 0x44) : _mm256_shuffle_ps(low, high, 0xEE);
}
/* The lanes of four vectors in turns: the `part`th eight of the 32. */
static inline __m256 nsk_interleave4(__m256 a, __m256 b, __m256 c, __m256 d, int part) {
  const __m256 even = nsk_transpose_lanes(a, b, c, d, part % 2 * 2), odd = nsk_transpose_lanes(a, b, c, d, part % 2 * 2 + 1);
  return part < 2 ? _mm256_permute2f128_ps(even, odd, 0x20) : _mm256_permute2f128_ps(even, odd, 0x31);
}
/* Of 32 lanes those whose number is `part` modulo 4. */
static inline __m256 nsk_deal4(__m256 a, __m256 b, __m256 c, __m256 d, int part) {
  return nsk_transpose_lanes(_mm256_permute2f128_ps(a, c, 0x20), _mm256_permute2f128_ps(a, c, 0x31), _mm256_permute2f128_ps(b, d, 0x20),
                             _mm256_permute2f128_ps(b, d, 0x31), part);
}
/* Lanes of two vectors in turns: the first eight, or the last. */
static inline __m256 nsk_interleave2_low(__m256 a, __m256 b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}
static inline __m256 nsk_interleave2_high(__m256 a, __m256 b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}

/* Eight 32-bit lanes from eight bytes. */
static inline __m256i nsk_widen_u8(const unsigned char *from) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from)); }
static inline __m256i nsk_widen_s8(const signed char *from) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)from)); }
/* Sixteen 16-bit lanes from sixteen bytes. */
static inline __m256i nsk_widen16_u8(const unsigned char *from) { return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)from)); }
static inline __m256i nsk_widen16_s8(const signed char *from) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from)); }
/* Sixteen codes: values, at most `high`, to the nearest integer (halves to even), plus a zero point, at least `low`. What is below the range
   of the conversions, or NaN, saturates on the way and ends as `low`. */
static inline __m128i nsk_codes16(__m256 v0, __m256 v1, __m256 high, __m128i zero_point, __m128i low) {
  const __m256i i0 = _mm256_cvtps_epi32(_mm256_min_ps(high, v0));
  const __m256i i1 = _mm256_cvtps_epi32(_mm256_min_ps(high, v1));
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(i0, i1), 0xD8);
  const __m128i lower = _mm_adds_epi16(_mm256_castsi256_si128(words), zero_point);
  const __m128i upper = _mm_adds_epi16(_mm256_extracti128_si256(words, 1), zero_point);
  return _mm_max_epu8(_mm_packus_epi16(lower, upper), low);
}
/* Codes of two rows of sixteen sums, `stride` apart, times their scales: see nsk_codes16; the second row is the upper half. */
static inline __m256i nsk_codes_of_rows(const int *sums, long stride, __m256 s0, __m256 s1, __m256 high, __m256i zero_point, __m256i low) {
  const __m256 v0 = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)sums)), s0);
  const __m256 v1 = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(sums + 8))), s1);
  const __m256 v2 = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(sums + stride))), s0);
  const __m256 v3 = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(sums + stride + 8))), s1);
  const __m256i i0 = _mm256_cvtps_epi32(_mm256_min_ps(high, v0)), i1 = _mm256_cvtps_epi32(_mm256_min_ps(high, v1));
  const __m256i i2 = _mm256_cvtps_epi32(_mm256_min_ps(high, v2)), i3 = _mm256_cvtps_epi32(_mm256_min_ps(high, v3));
  const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(i0, i1), zero_point);
  const __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(i2, i3), zero_point);
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(first, second), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  return _mm256_max_epu8(bytes, low);
}
/* The same where the halves of v0 are values 0 … 3 and 8 … 11, those of v1 4 … 7 and 12 … 15. */
static inline __m128i nsk_codes16_interleaved(__m256 v0, __m256 v1, __m256 high, __m128i zero_point, __m128i low) {
  const __m256i i0 = _mm256_cvtps_epi32(_mm256_min_ps(high, v0));
  const __m256i i1 = _mm256_cvtps_epi32(_mm256_min_ps(high, v1));
  const __m256i words = _mm256_packs_epi32(i0, i1);
  const __m128i lower = _mm_adds_epi16(_mm256_castsi256_si128(words), zero_point);
  const __m128i upper = _mm_adds_epi16(_mm256_extracti128_si256(words, 1), zero_point);
  return _mm_max_epu8(_mm_packus_epi16(lower, upper), low);
}
/* The codes of 32 sums whose vectors hold, of each sixteen, sums 0 … 3, 4 … 7, 8 … 11 and 12 … 15, as of nsk_codes16. */
static inline __m256i nsk_codes32_of_sums(__m256i s0, __m256i s1, __m256i s2, __m256i s3, __m256 scale, __m256 high, __m256i zero_point,
                                          __m256i low) {
  const __m256i i0 = _mm256_cvtps_epi32(_mm256_min_ps(high, _mm256_mul_ps(_mm256_cvtepi32_ps(s0), scale)));
  const __m256i i1 = _mm256_cvtps_epi32(_mm256_min_ps(high, _mm256_mul_ps(_mm256_cvtepi32_ps(s1), scale)));
  const __m256i i2 = _mm256_cvtps_epi32(_mm256_min_ps(high, _mm256_mul_ps(_mm256_cvtepi32_ps(s2), scale)));
  const __m256i i3 = _mm256_cvtps_epi32(_mm256_min_ps(high, _mm256_mul_ps(_mm256_cvtepi32_ps(s3), scale)));
  const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(i0, i1), zero_point);
  const __m256i last = _mm256_adds_epi16(_mm256_packs_epi32(i2, i3), zero_point);
  return _mm256_max_epu8(_mm256_packus_epi16(first, last), low);
}
/* Two 16 × 16 bytes side by side, each transposed: a network of four stages. */
static inline void nsk_transpose16_bytes(__m256i *rows) {
  __m256i other[16];
  for (int i = 0; i < 8; ++i) {
    other[2 * i] = _mm256_unpacklo_epi8(rows[i], rows[i + 8]);
    other[2 * i + 1] = _mm256_unpackhi_epi8(rows[i], rows[i + 8]);
  }
  for (int i = 0; i < 8; ++i) {
    rows[2 * i] = _mm256_unpacklo_epi8(other[i], other[i + 8]);
    rows[2 * i + 1] = _mm256_unpackhi_epi8(other[i], other[i + 8]);
  }
  for (int i = 0; i < 8; ++i) {
    other[2 * i] = _mm256_unpacklo_epi8(rows[i], rows[i + 8]);
    other[2 * i + 1] = _mm256_unpackhi_epi8(rows[i], rows[i + 8]);
  }
  for (int i = 0; i < 8; ++i) {
    rows[2 * i] = _mm256_unpacklo_epi8(other[i], other[i + 8]);
    rows[2 * i + 1] = _mm256_unpackhi_epi8(other[i], other[i + 8]);
  }
}
/* Sixteen bytes of each of 32 pixels, `offset` behind the pointers, to sixteen rows of 32, `stride` apart. */
static inline void nsk_gather_planes(const unsigned char *const *pixels, long offset, unsigned char *to, long stride) {
  __m256i rows[16];
  for (int i = 0; i < 16; ++i) {
    const __m128i first = _mm_loadu_si128((const __m128i *)(pixels[i] + offset));
    rows[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(first), _mm_loadu_si128((const __m128i *)(pixels[i + 16] + offset)), 1);
  }
  nsk_transpose16_bytes(rows);
  for (int i = 0; i < 16; ++i) _mm256_storeu_si256((__m256i *)(to + i * stride), rows[i]);
}
/* Sixteen rows of 32 bytes, `stride` apart, to 32 pixels, `offset` behind the pointers; pointers that are null get nothing. */
static inline void nsk_scatter_planes(const unsigned char *from, long stride, unsigned char *const *pixels, long offset) {
  __m256i rows[16];
  for (int i = 0; i < 16; ++i) rows[i] = _mm256_loadu_si256((const __m256i *)(from + i * stride));
  nsk_transpose16_bytes(rows);
  for (int i = 0; i < 16; ++i) {
    if (pixels[i]) _mm_storeu_si128((__m128i *)(pixels[i] + offset), _mm256_castsi256_si128(rows[i]));
    if (pixels[i + 16]) _mm_storeu_si128((__m128i *)(pixels[i + 16] + offset), _mm256_extracti128_si256(rows[i], 1));
  }
}
/* The low bytes of eight 32-bit lanes. */
static inline long long nsk_narrow8(__m256i value) {
  const __m256i bytes = _mm256_and_si256(value, _mm256_set1_epi32(0xFF));
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  return _mm_cvtsi128_si64(_mm_packus_epi16(words, words));
}

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
/* Codes of sums: clamp(round(sum · scale), low, high) + zero, halves to even, NaN as low. */
static inline __m128i nsk_codes_of_sums16(__m512i sums, __m512 scales, __m512 low, __m512 high, __m512i zero) {
  const __m512 values = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), scales);
  const __m512i rounded = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(values, low), high));
  return _mm512_cvtepi32_epi8(_mm512_add_epi32(rounded, zero));
}
/* The codes of 64 sums whose vectors hold, of each sixteen, sums 0 … 3, 4 … 7, 8 … 11 and 12 … 15, as of nsk_codes16. */
static inline __m512i nsk_codes64_of_sums(__m512i s0, __m512i s1, __m512i s2, __m512i s3, __m512 scale, __m512 high, __m512i zero_point,
                                          __m512i low) {
  const __m512i i0 = _mm512_cvtps_epi32(_mm512_min_ps(high, _mm512_mul_ps(_mm512_cvtepi32_ps(s0), scale)));
  const __m512i i1 = _mm512_cvtps_epi32(_mm512_min_ps(high, _mm512_mul_ps(_mm512_cvtepi32_ps(s1), scale)));
  const __m512i i2 = _mm512_cvtps_epi32(_mm512_min_ps(high, _mm512_mul_ps(_mm512_cvtepi32_ps(s2), scale)));
  const __m512i i3 = _mm512_cvtps_epi32(_mm512_min_ps(high, _mm512_mul_ps(_mm512_cvtepi32_ps(s3), scale)));
  const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(i0, i1), zero_point);
  const __m512i last = _mm512_adds_epi16(_mm512_packs_epi32(i2, i3), zero_point);
  return _mm512_max_epu8(_mm512_packus_epi16(first, last), low);
}
/* sum + the products of each quad of unsigned bytes and of signed ones. In words of assembly, so that what surrounds it is compiled for
   processors without VNNI. */
static inline __m512i nsk_add_quads(__m512i sum, __m512i codes, __m512i weights) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(codes), "v"(weights));
  return sum;
}
/* The same of pairs of words. */
static inline __m512i nsk_add_pairs(__m512i sum, __m512i codes, __m512i words) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(codes), "v"(words));
  return sum;
}
/* Sixteen of 32 floats: lane i is element places[i], or 0 where that has its top bit. */
static inline __m512 nsk_pick16_of32(const unsigned char *places, __m512 a, __m512 b) {
  const __m128i bytes = _mm_loadu_si128((const __m128i *)places);
  return _mm512_maskz_permutex2var_ps((__mmask16)~_mm_movepi8_mask(bytes), a, _mm512_cvtepi8_epi32(bytes), b);
}
/* Sixteen of 64. */
static inline __m512 nsk_pick16_of64(const unsigned char *places, __m512 a, __m512 b, __m512 c, __m512 d) {
  const __m128i bytes = _mm_loadu_si128((const __m128i *)places);
  const __m512i lanes = _mm512_cvtepi8_epi32(bytes);
  const __m512 lower = _mm512_maskz_permutex2var_ps((__mmask16)~_mm_movepi8_mask(bytes), a, lanes, b);
  const __mmask16 upper = _mm_test_epi8_mask(bytes, _mm_set1_epi8(32));
  return _mm512_mask_mov_ps(lower, upper, _mm512_permutex2var_ps(c, lanes, d));
}
#endif
#endif
#endif
#endif
