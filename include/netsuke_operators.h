/* netsuke_operators.h: layers to use without a model. A part of netsuke.h, which includes it.

   Each operator replaces one layer of existing code: it is created from the weights once, runs on the caller's memory, and is released.
   What netsuke.h says of every function holds here too. */
#ifndef NETSUKE_OPERATORS_H
#define NETSUKE_OPERATORS_H

#include "netsuke.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- Activations, weights, how a call runs */

/** What is done to an operator's results. */
typedef struct nsk_activation {
  int32_t kind; /* NSK_ACTIVATION_… */
  float alpha;  /* CLIP: lower bound; LEAKY_RELU: slope below 0; HARD_SIGMOID: slope */
  float beta;   /* CLIP: upper bound; HARD_SIGMOID: offset */
} nsk_activation;
enum {
  NSK_ACTIVATION_NONE = 0, NSK_ACTIVATION_RELU = 1, NSK_ACTIVATION_CLIP = 2, NSK_ACTIVATION_LEAKY_RELU = 3,
  NSK_ACTIVATION_HARD_SIGMOID = 4, NSK_ACTIVATION_HARD_SWISH = 5, NSK_ACTIVATION_SIGMOID = 6, NSK_ACTIVATION_TANH = 7
};

/** How an operator keeps its weights. F32: as given. INT8: signed 8 bits, one scale for each output; inputs are quantized to unsigned 8
    bits over [input_min, input_max], or over each call's own range while both are 0; a NaN among them counts as input_min, or ends the
    call with NSK_NOT_FINITE where the range is the call's own. SPARSE: f32, the zeros left out. */
enum { NSK_WEIGHTS_F32 = 0, NSK_WEIGHTS_INT8 = 1, NSK_WEIGHTS_SPARSE = 2 };

typedef struct nsk_weights_options {
  uint32_t struct_size;
  int32_t format; /* NSK_WEIGHTS_… */
  float input_min;
  float input_max;
  uint64_t reserved[4];
} nsk_weights_options;
#define NSK_WEIGHTS_OPTIONS_INIT {sizeof(nsk_weights_options), NSK_WEIGHTS_F32, 0, 0, {0, 0, 0, 0}}

/** Fills `options` with the defaults. Since 0.1. */
NSK_API void nsk_weights_options_init(nsk_weights_options *options);

/** How one call of an operator runs. The default: on the calling thread alone, in working memory that the operator keeps: nothing is
    allocated in a call that is no larger, and has no more company, than one before. */
typedef struct nsk_run_options {
  uint32_t struct_size;
  int32_t threads;                  /* pieces that parallel_for may get; 0 and 1: none is called */
  nsk_parallel_for_fn parallel_for; /* needed where threads > 1: operators start no threads */
  void *parallel_user;
  uint64_t reserved[4];
} nsk_run_options;
#define NSK_RUN_OPTIONS_INIT {sizeof(nsk_run_options), 0, NULL, NULL, {0, 0, 0, 0}}

/** Fills `options` with the defaults. Since 0.1. */
NSK_API void nsk_run_options_init(nsk_run_options *options);

/** A fully connected layer: y = activation(x · weightsᵀ + bias). */
typedef struct nsk_linear nsk_linear;

/** Makes a layer of `weights` [out_features][in_features] and `bias` [out_features] (NULL: none), which are copied; NSK_NOT_FINITE where
    they are not finite. `options` and `activation` may be NULL: f32, none. Since 0.1. */
NSK_API nsk_status nsk_linear_create(const float *weights, const float *bias, size_t out_features, size_t in_features,
                                     const nsk_weights_options *options, const nsk_activation *activation, nsk_linear **out);
/** The same of weights factors[count - 1] · … · factors[0], factors[i] [features[i + 1]][features[i]], which a run applies one by one; count
    in 1 … 16, `bias` [features[count]]. 8 bits: the range of inputs is that of x, later factors take each call's own. Since 0.1. */
NSK_API nsk_status nsk_linear_create_factors(const float *const *factors, const size_t *features, size_t count, const float *bias,
                                             const nsk_weights_options *options, const nsk_activation *activation, nsk_linear **out);

/** y [batch][out_features] from x [batch][in_features], which must not overlap. Safe from many threads at once. Since 0.1. */
NSK_API nsk_status nsk_linear_run(const nsk_linear *linear, const float *x, size_t batch, float *y, const nsk_run_options *options);

/** Bytes of weights and bias in the form they are kept in, 0 for NULL. Since 0.1. */
NSK_API size_t nsk_linear_bytes(const nsk_linear *linear);

/** Frees the layer. NULL is fine. Since 0.1. */
NSK_API void nsk_linear_release(nsk_linear *linear);

/** A convolution: y = activation(conv(x, weights) + bias), as ONNX Conv. */
typedef struct nsk_conv2d nsk_conv2d;

enum { NSK_LAYOUT_NCHW = 0, NSK_LAYOUT_NHWC = 1 };

typedef struct nsk_conv2d_desc {
  uint32_t struct_size;
  int32_t layout; /* NSK_LAYOUT_…, of x and y; weights are always [out][in / groups][height][width] */
  int64_t in_channels, out_channels, groups;
  int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int64_t pad_top, pad_left, pad_bottom, pad_right; /* zeros around x */
  nsk_activation activation;
  uint32_t reserved_word;
  uint64_t reserved[4];
} nsk_conv2d_desc;
#define NSK_CONV2D_DESC_INIT \
  {sizeof(nsk_conv2d_desc), NSK_LAYOUT_NCHW, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, {NSK_ACTIVATION_NONE, 0, 0}, 0, {0, 0, 0, 0}}

/** Fills `desc` with the defaults: a 1×1 kernel, strides, dilations and groups of 1, no padding. Since 0.1. */
NSK_API void nsk_conv2d_desc_init(nsk_conv2d_desc *desc);

/** Makes a convolution of `weights` [out_channels][in_channels / groups][kernel_h][kernel_w] and `bias` [out_channels] (NULL: none),
    which are copied; NSK_NOT_FINITE where they are not finite. `options` may be NULL: f32. Since 0.1. */
NSK_API nsk_status nsk_conv2d_create(const nsk_conv2d_desc *desc, const float *weights, const float *bias,
                                     const nsk_weights_options *options, nsk_conv2d **out);
/** The same of `count` in 1 … 16 convolutions one behind the other (d×1 and 1×d; 1×1, d×d and 1×1), all of one layout; descs[i + 1] takes
    the channels of descs[i], each pads and activates for itself, `bias` is the last one's. 8 bits: as for a linear layer. Since 0.1. */
NSK_API nsk_status nsk_conv2d_create_factors(const nsk_conv2d_desc *const *descs, const float *const *weights, size_t count,
                                             const float *bias, const nsk_weights_options *options, nsk_conv2d **out);

/** The height and width of y for an x of this height and width. Since 0.1. */
NSK_API nsk_status nsk_conv2d_output_size(const nsk_conv2d *conv, int64_t height, int64_t width, int64_t *out_height, int64_t *out_width);

/** y from x in the descriptor's layout: [batch][channels][height][width] or [batch][height][width][channels]. They must not overlap.
    Safe from many threads at once. Since 0.1. */
NSK_API nsk_status nsk_conv2d_run(const nsk_conv2d *conv, const float *x, size_t batch, int64_t height, int64_t width, float *y,
                                  const nsk_run_options *options);

/** Bytes of weights and bias in the form they are kept in, 0 for NULL. Since 0.1. */
NSK_API size_t nsk_conv2d_bytes(const nsk_conv2d *conv);

/** Frees the convolution. NULL is fine. Since 0.1. */
NSK_API void nsk_conv2d_release(nsk_conv2d *conv);

#ifdef __cplusplus
}
#endif

#endif
