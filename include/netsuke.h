/* netsuke.h: compress trained networks and run them fast on CPUs. The contract of libnetsuke.so, C99 and C++11.

   A model goes in, a small model comes out, and runs:

     nsk_model *net = NULL, *small = NULL;
     nsk_session *session = NULL;
     nsk_status status = nsk_check_abi(NSK_ABI_VERSION);
     if (!status) status = nsk_model_load("net.onnx", &net);
     const char *recipe = "{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": 0.8}]}";
     if (!status) status = nsk_model_compress(net, recipe, NULL, NULL, &small);
     if (!status) status = nsk_model_save(small, "net.nsk");
     if (!status) status = nsk_session_create(small, NULL, &session);

     nsk_tensor in = {pixels, sizeof pixels, NSK_F32, 4, {1, 3, 224, 224}};
     nsk_tensor out = {NULL, 0, NSK_F32, 0, {0}};               (NULL: point me at the session's memory)
     if (!status) status = nsk_session_run(session, &in, 1, &out, 1);
     if (!status) use((const float *)out.data, out.dims[1]);
     else fprintf(stderr, "%s: %s\n", nsk_status_string(status), nsk_last_error());

     nsk_session_release(session);
     nsk_model_release(small);
     nsk_model_release(net);

   What holds for every function, unless its comment says otherwise:
   - Status: it returns NSK_OK (0) or a reason, and then leaves its out-parameters as they were; nsk_last_error() says what to do.
     Nothing throws, aborts or longjmps, whatever the arguments' values; pointers that are not NULL must point at what they claim to.
   - Threads: calls that take a handle as `const` may run beside each other; any other call on it runs alone. Handles are independent.
   - Callbacks run during the call they were given to and must return: nothing may be thrown or longjmp through the library.
   - Ownership: what a function creates, the caller releases with the function of its kind; releasing NULL does nothing. Arguments are
     borrowed for the length of the call. `char **` results are owned: nsk_string_release().
   - Tensors are dense and row-major; sizes are in elements, and in bytes where the name says bytes; text is UTF-8, zero-terminated.
   - No thread is started, file opened or global setting touched except as a call says.

   Three floors, each usable alone: models and sessions (here), operators that replace one layer (netsuke_operators.h), and functions on
   the caller's memory (netsuke_tensors.h). This header includes the other two at its end. */
#ifndef NETSUKE_H
#define NETSUKE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NSK_API __attribute__((visibility("default")))
#else
#define NSK_API
#endif

/* ---------------------------------------------------------------- Version */

#define NSK_VERSION_MAJOR 0
#define NSK_VERSION_MINOR 1
#define NSK_VERSION_PATCH 0
/** Grows when a program built against an older header could no longer run; the library's soname ends in it. */
#define NSK_ABI_VERSION 1

/** The library's version as text, such as "0.1.0". Static memory. Since 0.1. */
NSK_API const char *nsk_version(void);

/** The library's version as major * 10000 + minor * 100 + patch. Since 0.1. */
NSK_API uint32_t nsk_version_number(void);

/** The library's ABI version. Since 0.1. */
NSK_API uint32_t nsk_abi_version(void);

/** What was built in and what the machine offers, as a JSON object: version, abi, kernels, methods, machine. Static memory. Since 0.1. */
NSK_API const char *nsk_build_info(void);

/* ---------------------------------------------------------------- Status */

/** How a call ended. Numbers never change; later versions may add some. */
typedef int32_t nsk_status;
enum {
  NSK_OK = 0,
  NSK_INVALID_ARGUMENT = 1,    /* a NULL, an impossible number, an unknown option */
  NSK_SHAPE_MISMATCH = 2,      /* shapes or sizes that do not go together */
  NSK_NOT_FOUND = 3,           /* no such file, recipe, report */
  NSK_INPUT_OUTPUT = 4,        /* reading or writing failed */
  NSK_MALFORMED_FILE = 5,      /* the bytes are not what the format says */
  NSK_UNSUPPORTED = 6,         /* understood, and not supported */
  NSK_UNSUPPORTED_MACHINE = 7, /* the processor lacks instructions that the library needs */
  NSK_OUT_OF_MEMORY = 8,
  NSK_CANCELLED = 9,           /* the progress callback asked for it */
  NSK_NOT_FINITE = 10,         /* a NaN or an infinity where it cannot be */
  NSK_RECIPE = 11,             /* the recipe is wrong; the message names the key */
  NSK_CALLBACK = 12,           /* a callback of the caller failed */
  NSK_INTERNAL = 99            /* a mistake of the library; please report it */
};

/** NSK_OK where the library serves programs built for `abi`, else NSK_UNSUPPORTED. Pass NSK_ABI_VERSION. Since 0.1. */
NSK_API nsk_status nsk_check_abi(uint32_t abi);

/** A status in a few words, such as "out of memory"; "unknown status" for other numbers. Static memory. Since 0.1. */
NSK_API const char *nsk_status_string(nsk_status status);

/** What went wrong in this thread's last failed call and what to do about it; "" where none failed. Never NULL. Valid until this
    thread's next failing call, so ask in a statement of its own: f(call(), nsk_last_error()) may ask before it calls. Since 0.1. */
NSK_API const char *nsk_last_error(void);

/** The graph node at fault in this thread's last failed call, "" where there is none. Lifetime as nsk_last_error. Since 0.1. */
NSK_API const char *nsk_last_error_node(void);

/** The offset in bytes in the file at fault in this thread's last failed call, -1 where there is none. Since 0.1. */
NSK_API int64_t nsk_last_error_offset(void);

/* ---------------------------------------------------------------- Simple: tensors, models */

/** The type of a tensor's elements. */
typedef int32_t nsk_dtype;
enum {
  NSK_F32 = 1, NSK_U8 = 2, NSK_S8 = 3, NSK_U16 = 4, NSK_S16 = 5, NSK_S32 = 6, NSK_S64 = 7,
  NSK_BOOL = 9, NSK_F16 = 10, NSK_F64 = 11, NSK_U32 = 12, NSK_U64 = 13
};
#define NSK_MAX_RANK 8

/** Bytes of one element of `dtype`, 0 where it is not known. Since 0.1. */
NSK_API size_t nsk_dtype_size(nsk_dtype dtype);

/** The name of a type as it stands in JSON and messages, such as "f32"; "" where it is not known. Static memory. Since 0.1. */
NSK_API const char *nsk_dtype_name(nsk_dtype dtype);

/** Dense row-major memory of the caller's, or (in outputs) of a session's. The library never writes through an input's `data`. */
typedef struct nsk_tensor {
  void *data;
  size_t byte_size; /* bytes at `data` */
  nsk_dtype dtype;
  int32_t rank;     /* 0 (a scalar) to NSK_MAX_RANK */
  int64_t dims[NSK_MAX_RANK];
} nsk_tensor;

/** A network: graph and weights. Immutable, so a const one may be shared by threads, sessions and compressions. */
typedef struct nsk_model nsk_model;

/** Reads the .onnx or .nsk file at `path`, told apart by content. ONNX external data is looked for beside the file. A .nsk file stays
    mapped while the model or anything made from it lives: do not overwrite it in place (nsk_model_save does not). Since 0.1. */
NSK_API nsk_status nsk_model_load(const char *path, nsk_model **out);

/** Reads a model from `size` bytes, which are copied. External data is refused. Since 0.1. */
NSK_API nsk_status nsk_model_load_memory(const void *bytes, size_t size, nsk_model **out);

/** Writes `model` to `path` in the format its extension says, .nsk or .onnx. A failure leaves an older file as it was. Since 0.1. */
NSK_API nsk_status nsk_model_save(const nsk_model *model, const char *path);

enum { NSK_FORMAT_NSK = 1, NSK_FORMAT_ONNX = 2 };

/** Takes the next `size` bytes of a file; not 0: failed, which ends the writing with NSK_CALLBACK. */
typedef int (*nsk_write_fn)(void *user, const void *bytes, size_t size);

/** Writes `model` in `format` (NSK_FORMAT_…) through `write`, in one or more pieces in order. Since 0.1. */
NSK_API nsk_status nsk_model_write(const nsk_model *model, int32_t format, nsk_write_fn write, void *user);

/** Inputs, outputs and nodes with types, shapes, parameters, MACs and bytes, as JSON (docs/c-api.md has its shape). Since 0.1. */
NSK_API nsk_status nsk_model_describe(const nsk_model *model, char **out_json);

/** Which channels the recipe step prune.channels can remove together, group by group, and why others cannot, as JSON (docs/c-api.md has
    its shape). Since 0.1. */
NSK_API nsk_status nsk_model_pruning_groups(const nsk_model *model, char **out_json);

/** The report of the compression that made `model`, as JSON; NSK_NOT_FOUND where it was not made by nsk_model_compress. Since 0.1. */
NSK_API nsk_status nsk_model_report(const nsk_model *model, char **out_json);

/** One input or output of a model. Set struct_size before the call: only as many bytes are written. */
typedef struct nsk_value_info {
  uint32_t struct_size;
  nsk_dtype dtype;
  const char *name;           /* lives as long as the model */
  int32_t rank;               /* -1: not known before a session sees an input */
  uint32_t reserved;
  int64_t dims[NSK_MAX_RANK]; /* -1: open, such as the batch */
} nsk_value_info;
#define NSK_VALUE_INFO_INIT {sizeof(nsk_value_info), 0, NULL, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}}

/** How many inputs the model has, 0 for NULL. Since 0.1. */
NSK_API size_t nsk_model_input_count(const nsk_model *model);

/** How many outputs the model has, 0 for NULL. Since 0.1. */
NSK_API size_t nsk_model_output_count(const nsk_model *model);

/** Name, type and shape of the input numbered `index` from 0. Since 0.1. */
NSK_API nsk_status nsk_model_input_info(const nsk_model *model, size_t index, nsk_value_info *out);

/** Name, type and shape of the output numbered `index` from 0. Since 0.1. */
NSK_API nsk_status nsk_model_output_info(const nsk_model *model, size_t index, nsk_value_info *out);

/** Frees the model; what was made from it lives on. NULL is fine. Since 0.1. */
NSK_API void nsk_model_release(nsk_model *model);

/** Frees text that a `char **` result gave. NULL is fine. Since 0.1. */
NSK_API void nsk_string_release(char *text);

/* ---------------------------------------------------------------- Handles: hooks that options carry */

/* Every option struct begins with `struct_size`: begin with its _INIT macro, or call its _init function where macros are out of reach.
   A NULL option pointer means the defaults. Fields a later header adds are zero in older programs and mean the default; fields that
   this library does not know must be zero, or the call fails with NSK_UNSUPPORTED. `reserved` must be zero. */

/** One piece of a parallel loop. */
typedef void (*nsk_task_fn)(void *context, size_t index);

/** The caller's own thread pool: call task(context, i) once for each i of 0 ..< count, in any order, on any threads, and return when all
    are done. Never called with a count above the `threads` that stand beside it. Where it returns before every piece is done, the call that
    it belongs to ends with NSK_CALLBACK and leaves its outputs undefined; the session or operator may be used again. A piece that is asked
    for twice runs once, an index that is not below count does nothing. */
typedef void (*nsk_parallel_for_fn)(void *user, size_t count, nsk_task_fn task, void *context);

/** Between pieces of work: what is being done, and how much of `total` is done. Not 0: cancel, which ends with NSK_CANCELLED. */
typedef int (*nsk_progress_fn)(void *user, const char *phase, int64_t done, int64_t total);

/** One line for a log, without a newline. level: 1 warning, 2 information. */
typedef void (*nsk_log_fn)(void *user, int32_t level, const char *message);

/** Memory of `size` bytes aligned to `alignment` (a power of two), or NULL. */
typedef void *(*nsk_allocate_fn)(void *user, size_t size, size_t alignment);

/** Takes back what the allocate function beside it gave. */
typedef void (*nsk_deallocate_fn)(void *user, void *memory);

/* ---------------------------------------------------------------- Handles: compression */

/** Calibration samples, asked for one at a time and in any order, possibly more than once. */
typedef struct nsk_dataset {
  uint32_t struct_size;
  uint32_t reserved;
  size_t count; /* how many samples there are */
  /** Fills one tensor for each input of the model (all fields; batch 1 or more) with pointers that stay valid until the next call.
      Not 0: failed, which ends the compression with NSK_CALLBACK. */
  int (*get)(void *user, size_t index, nsk_tensor *inputs, size_t input_count);
  void *user;
} nsk_dataset;
#define NSK_DATASET_INIT {sizeof(nsk_dataset), 0, 0, NULL, NULL}

typedef struct nsk_compress_options {
  uint32_t struct_size;
  int32_t threads; /* 0: one for each processor */
  nsk_progress_fn progress;
  void *progress_user;
  nsk_log_fn log;
  void *log_user;
  uint64_t reserved[4];
} nsk_compress_options;
#define NSK_COMPRESS_OPTIONS_INIT {sizeof(nsk_compress_options), 0, NULL, NULL, NULL, NULL, {0, 0, 0, 0}}

/** Fills `options` with the defaults. Since 0.1. */
NSK_API void nsk_compress_options_init(nsk_compress_options *options);

/** Compresses `model` as `recipe` says: JSON text ({"steps": [{"method": …}, …]}) or the name of a recipe that ships with the library
    (nsk_recipe_names). Steps that calibrate or measure need `dataset`, others take NULL. The new model carries the report. All callbacks
    run on the calling thread. Since 0.1. */
NSK_API nsk_status nsk_model_compress(const nsk_model *model, const char *recipe, const nsk_dataset *dataset,
                                      const nsk_compress_options *options, nsk_model **out);

/** The names of the recipes that ship with the library, as a JSON array of strings. Since 0.1. */
NSK_API nsk_status nsk_recipe_names(char **out_json);

/** The recipe `name`, as JSON; NSK_NOT_FOUND where there is none. Since 0.1. */
NSK_API nsk_status nsk_recipe_get(const char *name, char **out_json);

/** Every method with its options, their types, ranges, defaults and meanings, as JSON. Since 0.1. */
NSK_API nsk_status nsk_methods_describe(char **out_json);

/* ---------------------------------------------------------------- Handles: networks of the literature */

/** The names of the networks that the library can build, such as "mobilenet_v2", as a JSON array of strings. Since 0.1. */
NSK_API nsk_status nsk_architecture_names(char **out_json);

/** The options of the network `name`, their ranges, defaults and meanings, as JSON; NSK_NOT_FOUND where there is none. Since 0.1. */
NSK_API nsk_status nsk_architecture_describe(const char *name, char **out_json);

/** Builds the network `name` with random weights. `options_json`, such as {"width": 0.5, "classes": 10, "seed": 7}, may leave options
    out; NULL: all. The same options give the same bits on every machine. Batch normalization stays apart from the convolutions.
    NSK_INVALID_ARGUMENT where an option is not one, is out of range, or makes the network too large. Since 0.1. */
NSK_API nsk_status nsk_architecture_create(const char *name, const char *options_json, nsk_model **out);

/* ---------------------------------------------------------------- Handles: sessions */

/** A model made ready to run: plans, packed weights, working memory, threads. One thread at a time; make one for each thread. */
typedef struct nsk_session nsk_session;

typedef struct nsk_session_options {
  uint32_t struct_size;
  int32_t threads;                  /* 0: one for each processor; 1: the calling thread alone. Results do not depend on it */
  nsk_parallel_for_fn parallel_for; /* NULL: the session starts threads of its own when threads > 1; idle ones sleep */
  void *parallel_user;
  nsk_allocate_fn allocate;         /* for working memory and nothing else; both or neither */
  nsk_deallocate_fn deallocate;
  void *allocator_user;
  uint32_t profile;                 /* not 0: time every step, for nsk_session_profile */
  uint32_t exact;                   /* not 0: no Winograd, no Strassen; slower, sums are made term by term */
  uint64_t reserved[4];
} nsk_session_options;
#define NSK_SESSION_OPTIONS_INIT {sizeof(nsk_session_options), 0, NULL, NULL, NULL, NULL, NULL, 0, 0, {0, 0, 0, 0}}

/** Fills `options` with the defaults. Since 0.1. */
NSK_API void nsk_session_options_init(nsk_session_options *options);

/** Makes `model` ready to run. The model may be released before the session. Since 0.1. */
NSK_API nsk_status nsk_session_create(const nsk_model *model, const nsk_session_options *options, nsk_session **out);

/** Runs the model on `inputs`, one for each of its inputs in order, and fills `outputs`, one for each of its outputs in order.
    An output whose `data` is NULL is pointed at the session's memory, valid until its next run or release (set it back to NULL before
    that run); another one's `data` must have room for `byte_size` bytes and gets the result. dtype, rank, dims and byte_size (the bytes of
    the result) are filled either way.
    Shapes may differ from run to run: the first run with new ones plans (milliseconds); the last few plans are kept. Nothing is
    allocated in a run whose shapes have a plan. Since 0.1. */
NSK_API nsk_status nsk_session_run(nsk_session *session, const nsk_tensor *inputs, size_t input_count, nsk_tensor *outputs,
                                   size_t output_count);

/** Plans for inputs of these types and shapes (`data` and `byte_size` are not looked at), and fills dtype, rank, dims and byte_size of
    `outputs` with what a run will give; their `data` is left alone. `outputs` may be NULL with a count of 0. Since 0.1. */
NSK_API nsk_status nsk_session_prepare(nsk_session *session, const nsk_tensor *inputs, size_t input_count, nsk_tensor *outputs,
                                       size_t output_count);

/** Milliseconds and runs of each step of the last shape's plan since it was made, as JSON; NSK_NOT_FOUND before the first run or without
    `profile`. Since 0.1. */
NSK_API nsk_status nsk_session_profile(const nsk_session *session, char **out_json);

/** The plan of the last shape, as JSON: steps, the kernels chosen and why, bytes of packed weights and working memory; NSK_NOT_FOUND
    before the first run or nsk_session_prepare. Since 0.1. */
NSK_API nsk_status nsk_session_plan(const nsk_session *session, char **out_json);

/** Frees the session and ends its threads. NULL is fine. Since 0.1. */
NSK_API void nsk_session_release(nsk_session *session);

#ifdef __cplusplus
}
#endif

#include "netsuke_operators.h"
#include "netsuke_tensors.h"

#endif
