/* netsuke_tensors.h: functions on the caller's memory. A part of netsuke.h, which includes it.

   Masks, codes, sparse matrices, factors: no model and no handle is needed. What netsuke.h says of every function holds here too. */
#ifndef NETSUKE_TENSORS_H
#define NETSUKE_TENSORS_H

#include "netsuke.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- Pruning */

/** mask[i] = 0 for the round(sparsity * count) elements of `weights` that are smallest in magnitude (of equals the earlier), 1 for the
    others. sparsity in [0, 1); weights must be finite. Since 0.1. */
NSK_API nsk_status nsk_prune_magnitude(const float *weights, size_t count, double sparsity, uint8_t *mask);

/** The same by |weights[o][i]| * input_norms[i] (Sun et al. 2024), round(sparsity * columns) in each row of `weights` [rows][columns].
    `input_norms` [columns]: the l2 norm of each input feature over samples. Since 0.1. */
NSK_API nsk_status nsk_prune_magnitude_activation(const float *weights, size_t rows, size_t columns, const float *input_norms,
                                                  double sparsity, uint8_t *mask);

/** weights[i] = 0 where mask[i] is 0. In place. Since 0.1. */
NSK_API nsk_status nsk_prune_apply(float *weights, const uint8_t *mask, size_t count);

/* ---------------------------------------------------------------- 8-bit codes */

/** Scale and zero point that map [min, max], widened to hold 0, to `dtype` (NSK_U8 or NSK_S8): real = scale * (q - zero_point).
    symmetric not 0: the zero point is the middle, 128 or 0, and the codes are ±127 around it. Since 0.1. */
NSK_API nsk_status nsk_quantize_params(float min, float max, nsk_dtype dtype, int32_t symmetric, float *scale, int32_t *zero_point);

/** q[i] = saturate(round_half_to_even(x[i] / scale) + zero_point), of `dtype` NSK_U8 or NSK_S8; NSK_NOT_FINITE for NaN. Since 0.1. */
NSK_API nsk_status nsk_quantize_affine(const float *x, size_t count, float scale, int32_t zero_point, nsk_dtype dtype, void *q);

/** x[i] = scale * (q[i] - zero_point), from `dtype` NSK_U8 or NSK_S8. Since 0.1. */
NSK_API nsk_status nsk_dequantize_affine(const void *q, size_t count, float scale, int32_t zero_point, nsk_dtype dtype, float *x);

/** Codes in -127 ... 127 with one scale for each channel: q[c][i] = round_half_to_even(weights[c][i] / scales[c]), where scales[c] =
    max|weights[c]| / 127, or 1 for a channel of zeros. weights and q: [channels][count]; scales: [channels]. Since 0.1. */
NSK_API nsk_status nsk_quantize_per_channel(const float *weights, size_t channels, size_t count, int8_t *q, float *scales);

/* ---------------------------------------------------------------- Ranges of values */

/** Finds the range of a stream of values from its ends and a histogram that grows with them; memory does not grow with the stream. */
typedef struct nsk_calibrator nsk_calibrator;

/** MINMAX: the ends. PERCENTILE: without the (100 - percentile) % of values beyond each end. MSE: least squared error of 8-bit codes. */
enum { NSK_CALIBRATE_MINMAX = 0, NSK_CALIBRATE_PERCENTILE = 1, NSK_CALIBRATE_MSE = 2 };

/** A calibrator by `method` (NSK_CALIBRATE_...). `percentile`, in [50, 100], such as 99.99, is for that method alone. Since 0.1. */
NSK_API nsk_status nsk_calibrator_create(int32_t method, double percentile, nsk_calibrator **out);

/** Takes in `count` values; NSK_NOT_FINITE, and none of them taken in, where one is not finite. Since 0.1. */
NSK_API nsk_status nsk_calibrator_observe(nsk_calibrator *calibrator, const float *values, size_t count);

/** The range of what was observed, widened to hold 0; NSK_NOT_FOUND where nothing was. Since 0.1. */
NSK_API nsk_status nsk_calibrator_range(const nsk_calibrator *calibrator, float *min, float *max);

/** Frees the calibrator. NULL is fine. Since 0.1. */
NSK_API void nsk_calibrator_release(nsk_calibrator *calibrator);

/* ---------------------------------------------------------------- Sparse and integer products */

/** The elements of `dense` [rows][columns] that are not 0, by rows: row_offsets [rows + 1], column_indices and values [*nonzeros].
    With column_indices and values NULL, only counts: *nonzeros (and row_offsets, where it is not NULL). NSK_SHAPE_MISMATCH where
    `capacity`, the elements that column_indices and values have room for, is too small. Since 0.1. */
NSK_API nsk_status nsk_csr_from_dense(const float *dense, size_t rows, size_t columns, int32_t *row_offsets, int32_t *column_indices,
                                      float *values, size_t capacity, size_t *nonzeros);

/** c = a · b for a sparse `a` [rows][columns] in CSR form and dense row-major b [columns][width], c [rows][width], whose rows begin ldb
    and ldc elements apart. row_offsets must ascend from 0 and column_indices be below `columns`; they are checked. c must share
    no element with what is read. Since 0.1. */
NSK_API nsk_status nsk_spmm_f32(size_t rows, size_t columns, size_t width, const int32_t *row_offsets, const int32_t *column_indices,
                                const float *values, const float *b, size_t ldb, float *c, size_t ldc);

/** c[i][j] = Σ_p (a[i][p] - a_zero_point) * b[j][p], exact in 32 bits (wrapping beyond): a [m][k] unsigned, b [n][k] signed, c [m][n],
    whose rows begin lda, ldb and ldc elements apart; c must share no memory with a and b. a_zero_point in [0, 255]. Since 0.1. */
NSK_API nsk_status nsk_gemm_u8s8s32(size_t m, size_t n, size_t k, const uint8_t *a, size_t lda, int32_t a_zero_point, const int8_t *b,
                                    size_t ldb, int32_t *c, size_t ldc);

/* ---------------------------------------------------------------- Factorizations */

/* Weights are f32, row-major: a matrix [rows][columns] (outputs by inputs), or the filters [n][c][kh][kw] of n output and c input channels.
   Factors are smaller tensors whose product is the best approximation of a kind, or close to it. `error` (NULL: not told) is the relative
   error: the root of the squared distance over the weights' squares, 0 for weights of zeros. Ranks beyond the largest that there is are
   NSK_INVALID_ARGUMENT, weights that are not finite NSK_NOT_FINITE. Equal arguments give equal bits. Outputs must overlap nothing. Safe
   from many threads at once. The chains of layers that these factors stand for are made by recipes (docs/low-rank.md). */

/** How a factorization works. The default: one thread for each processor, no progress. */
typedef struct nsk_factorize_options {
  uint32_t struct_size;
  int32_t threads; /* for products of large matrices; 0: one for each processor */
  nsk_progress_fn progress; /* called on the calling thread; not 0 ends with NSK_CANCELLED */
  void *progress_user;
  uint64_t reserved[4];
} nsk_factorize_options;
#define NSK_FACTORIZE_OPTIONS_INIT {sizeof(nsk_factorize_options), 0, NULL, NULL, {0, 0, 0, 0}}

/** Fills `options` with the defaults. Since 0.1. */
NSK_API void nsk_factorize_options_init(nsk_factorize_options *options);

/** weights [rows][columns] ≈ left [rows][rank] · right [rank][columns]. Without `moments` (NULL), the truncated singular value
    decomposition (Eckart and Young 1936). With them, the second moments E[x·xᵀ] [columns][columns] of the inputs x (symmetric, positive
    semidefinite; the lower triangle is read), the factors minimise the outputs' error E‖(W - left·right)·x‖² instead, and `error` is that
    one's root over E‖W·x‖²'s; no more than 8192 columns then. Large matrices go through a randomized range finder (Halko, Martinsson and Tropp 2011). Since 0.1. */
NSK_API nsk_status nsk_factorize_svd(const float *weights, size_t rows, size_t columns, const double *moments, size_t rank,
                                     const nsk_factorize_options *options, float *left, float *right, double *error);

/** weights[o][i][y][x] ≈ Σ_r horizontal[o][r][x] · vertical[r][i][y]: a convolution kh×1 of c to `rank` channels, then one 1×kw to n
    (Jaderberg et al. 2014, scheme 2; the optimum in closed form, Tai et al. 2016). vertical [rank][c][kh], horizontal [n][rank][kw],
    rank ≤ min(c·kh, n·kw). Since 0.1. */
NSK_API nsk_status nsk_factorize_spatial(const float *weights, size_t n, size_t c, size_t kh, size_t kw, size_t rank,
                                         const nsk_factorize_options *options, float *vertical, float *horizontal, double *error);

/** Each filter of a bank, filters[f][y][x] ≈ Σ_r columns[f][r][y] · rows[f][r][x] with the best terms of which each is separable;
    rank ≤ min(kh, kw). errors [count] (NULL: not told): each filter's relative error; a filter is separable where that of rank 1 is 0 but
    for rounding (below 1e-6). Since 0.1. */
NSK_API nsk_status nsk_factorize_separable(const float *filters, size_t count, size_t kh, size_t kw, size_t rank, float *columns, float *rows,
                                           double *errors);

/** From responses y [samples][channels] of a layer before its activation: y ≈ expand · reduce · y + bias, expand [channels][rank],
    reduce [rank][channels], bias [channels]. nonlinear 0: principal components. Else the error is that behind a ReLU, by alternating
    least squares (Zhang et al. 2016, section 3.2). The layer's weights become reduce · W, then expand. `error` is the relative error of
    y about its mean, behind the ReLU where nonlinear. Since 0.1. */
NSK_API nsk_status nsk_factorize_channel(const float *responses, size_t samples, size_t channels, size_t rank, int32_t nonlinear,
                                         const nsk_factorize_options *options, float *expand, float *reduce, float *bias, double *error);

/** weights[o][i] ≈ Σ_pq last[o][p] · core[p][q] · first[q][i] (each a filter): convolutions 1×1 of c to rank_in, kh×kw to rank_out, 1×1 to
    n channels (Kim et al. 2016): higher-order orthogonal iteration from the HOSVD. first [rank_in][c], core [rank_out][rank_in][kh][kw],
    last [n][rank_out]. Since 0.1. */
NSK_API nsk_status nsk_factorize_tucker2(const float *weights, size_t n, size_t c, size_t kh, size_t kw, size_t rank_in, size_t rank_out,
                                         const nsk_factorize_options *options, float *first, float *core, float *last, double *error);

/** The rank of a matrix under noise: the global analytic solution of variational Bayesian matrix factorization with unknown noise
    (Nakajima et al. 2013). For Tucker-2, of the weights unfolded by input and by output channels. May be 0. Since 0.1. */
NSK_API nsk_status nsk_factorize_rank(const float *matrix, size_t rows, size_t columns, size_t *rank);

/** weights[o][i][y][x] ≈ Σ_r last[o][r] · vertical[r][y] · horizontal[r][x] · first[r][i] (Lebedev et al. 2015), by alternating least squares
    with a penalty on the terms' norms, which keeps them from diverging. first [rank][c], vertical [rank][kh], horizontal [rank][kw],
    last [n][rank]; rank ≤ 65536 and n·c·kh·kw over the largest of the four. Since 0.1. */
NSK_API nsk_status nsk_factorize_cp(const float *weights, size_t n, size_t c, size_t kh, size_t kw, size_t rank,
                                    const nsk_factorize_options *options, float *first, float *vertical, float *horizontal, float *last,
                                    double *error);

/** weights[o][i] ≈ Σ_r pointwise[o][i][r] · spatial[i][r]: a depthwise convolution with `multiplier` filters for each input channel, then a
    pointwise one (Guo et al. 2018). spatial [c][multiplier][kh][kw], pointwise [n][c·multiplier], multiplier ≤ min(n, kh·kw). Since 0.1. */
NSK_API nsk_status nsk_factorize_depthwise(const float *weights, size_t n, size_t c, size_t kh, size_t kw, size_t multiplier,
                                           const nsk_factorize_options *options, float *spatial, float *pointwise, double *error);

/** The two-dimensional orthonormal cosine transform (DCT-II) of each filter, or back where `inverse` is not 0: filters and out
    [count][kh][kw], kh·kw ≤ 4096. Since 0.1. */
NSK_API nsk_status nsk_dct2(const float *filters, size_t count, size_t kh, size_t kw, int32_t inverse, float *out);

/* ---------------------------------------------------------------- Linear algebra, in double precision */

/* Matrices are row-major and dense. Elements must be finite (else NSK_NOT_FINITE), sizes may be 0, outputs must overlap nothing. Each of
   these works on the calling thread alone and is safe from many threads at once. */

/** a [rows][columns] = u · diag(s) · vt with k = min(rows, columns): u [rows][k] with orthonormal columns, s [k] descending, vt
    [k][columns] with orthonormal rows. Householder bidiagonalisation and QR iterations (Golub and Van Loan 2013, section 8.6): s is right
    to a few roundings of s[0]. Since 0.1. */
NSK_API nsk_status nsk_svd(const double *a, size_t rows, size_t columns, double *u, double *s, double *vt);

/** a [size][size], symmetric, of which the lower triangle is read: values [size] descending, and vectors [size][size], whose row i is the
    unit eigenvector of values[i]. Tridiagonal form and QL iterations. Since 0.1. */
NSK_API nsk_status nsk_eigh(const double *a, size_t size, double *values, double *vectors);

/** The lower triangular l [size][size], zeros above its diagonal, with l · lᵀ = a, of which the lower triangle is read;
    NSK_INVALID_ARGUMENT where `a` is not positive definite to rounding. Since 0.1. */
NSK_API nsk_status nsk_cholesky(const double *a, size_t size, double *l);

/** x [columns][count], of those that minimise the 2-norms of the columns of a·x - b the one of least norm, for a [rows][columns] of any
    rank and b [rows][count]. Pivoted QR (ibid., section 5.5). `rank` (NULL: not told): the rank of `a`, values below
    max(rows, columns) · 2^-52 times the largest counting as 0. Since 0.1. */
NSK_API nsk_status nsk_lstsq(const double *a, size_t rows, size_t columns, const double *b, size_t count, double *x, size_t *rank);

#ifdef __cplusplus
}
#endif

#endif
