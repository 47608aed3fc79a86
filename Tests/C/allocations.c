/* A run whose shapes have a plan allocates nothing, on any thread: counts the calls of malloc and its kin in the whole process.

     allocations model.onnx */
#define _GNU_SOURCE
#include "pictures.h"
#include <errno.h>
#include <stdatomic.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long allocations;

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  allocations++;
  return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = aligned_alloc(alignment, size);
  return *block ? 0 : ENOMEM;
}

/* A loop on the calling thread. */
static void loop(void *user, size_t count, nsk_task_fn task, void *context) {
  (void)user;
  for (size_t i = 0; i < count; ++i) task(context, i);
}

/* Runs after the first of two shapes in turn, and says what they allocated. */
static long count_session(nsk_session *session, int own_memory) {
  static float room[MOST_PICTURES * CLASSES];
  const int64_t shapes[] = {1, MOST_PICTURES};
  long before = 0;
  for (int run = 0; run < 20; ++run) {
    nsk_tensor x = pictures_of(shapes[run % 2]), y;
    memset(&y, 0, sizeof y);
    if (!own_memory) {
      y.data = room;
      y.byte_size = sizeof room;
    }
    if (run == 2) before = allocations;
    OK(nsk_session_run(session, &x, 1, &y, 1));
    REQUIRE(y.dims[0] == shapes[run % 2] && (own_memory || y.data == room));
  }
  return allocations - before;
}

static int failures = 0;

static void report(const char *what, const char *form, int threads, const char *how, long count) {
  printf("%-8s %-12s threads %d, %-16s %ld allocations\n", what, form, threads, how, count);
  failures += count != 0;
}

static void sessions(const char *path) {
  const char *recipes[] = {NULL, "weights-int8", "int8", "prune80", "prune80-int8"};
  for (unsigned i = 0; i < sizeof recipes / sizeof *recipes; ++i) {
    nsk_model *model = load_model(path, recipes[i]);
    const char *form = recipes[i] ? recipes[i] : "f32";
    for (int threads = 1; threads <= 2; ++threads) {
      nsk_session *session = new_session(model, threads);
      report("session", form, threads, "its own memory", count_session(session, 1));
      report("session", form, threads, "caller's memory", count_session(session, 0));
      nsk_session_release(session);
    }
    nsk_session_options options = NSK_SESSION_OPTIONS_INIT;
    options.threads = 2;
    options.parallel_for = loop;
    options.profile = 1;
    nsk_session *session = NULL;
    OK(nsk_session_create(model, &options, &session));
    report("session", form, 2, "parallel_for", count_session(session, 0));
    nsk_session_release(session);
    nsk_model_release(model);
  }
}

static void operators(void) {
  static float y[MOST_PICTURES * 28 * 28 * 8];
  const int32_t forms[] = {NSK_WEIGHTS_F32, NSK_WEIGHTS_INT8, NSK_WEIGHTS_SPARSE};
  const char *names[] = {"f32", "8-bit", "sparse"};
  for (int i = 0; i < 3; ++i) {
    nsk_weights_options weights = NSK_WEIGHTS_OPTIONS_INIT;
    weights.format = forms[i];
    weights.input_max = 1;
    nsk_conv2d_desc desc = NSK_CONV2D_DESC_INIT;
    desc.in_channels = 1;
    desc.out_channels = 8;
    desc.kernel_h = desc.kernel_w = 3;
    desc.pad_top = desc.pad_left = desc.pad_bottom = desc.pad_right = 1;
    nsk_linear *linear = NULL;
    nsk_conv2d *conv = NULL;
    OK(nsk_linear_create(pictures, NULL, CLASSES, PIXELS, &weights, NULL, &linear));
    OK(nsk_conv2d_create(&desc, pictures, NULL, &weights, &conv));
    for (int threads = 1; threads <= 2; ++threads) {
      nsk_run_options options = NSK_RUN_OPTIONS_INIT;
      options.threads = threads;
      options.parallel_for = loop;
      long before = 0;
      for (int run = 0; run < 10; ++run) {
        if (run == 1) before = allocations;
        OK(nsk_linear_run(linear, pictures, MOST_PICTURES, y, &options));
        OK(nsk_conv2d_run(conv, pictures, MOST_PICTURES, 28, 28, y, &options));
      }
      report("operator", names[i], threads, "caller's memory", allocations - before);
    }
    nsk_linear_release(linear);
    nsk_conv2d_release(conv);
  }
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: %s model.onnx\n", argv[0]), 2;
  draw_pictures();
  const long before = allocations;
  sessions(argv[1]);
  operators();
  REQUIRE(allocations - before > 1000); /* the library, not only this file, calls what is counted */
  printf("%s\n", failures ? "allocations: FAILED" : "allocations: none");
  return failures != 0;
}
