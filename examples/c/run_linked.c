/* Compresses a model and compares it with the original, linked against the installed library.

     make install PREFIX=$HOME/netsuke
     export PKG_CONFIG_PATH=$HOME/netsuke/lib/pkgconfig
     cc -std=c99 examples/c/run_linked.c $(pkg-config --cflags --libs netsuke) -o run_linked
     LD_LIBRARY_PATH=$HOME/netsuke/lib ./run_linked examples/fashion-mnist/fashion.onnx prune80 small.nsk */
#include <netsuke.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int on_progress(void *user, const char *phase, int64_t done, int64_t total) {
  (void)user;
  printf("  %lld/%lld %s\n", (long long)done, (long long)total, phase);
  return 0; /* anything else cancels */
}

/* The size of a file, -1 where there is none. */
static long file_size(const char *path) {
  FILE *file = fopen(path, "rb");
  long size = -1;
  if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  if (file) fclose(file);
  return size;
}

/* One made-up image through a model of one input and one output; the result is malloc'ed. */
static nsk_status run_once(const nsk_model *model, float **out, size_t *out_count) {
  nsk_session_options options = NSK_SESSION_OPTIONS_INIT;
  nsk_value_info info = NSK_VALUE_INFO_INIT;
  nsk_session *session = NULL;
  nsk_tensor x, y;
  size_t count = 1;
  nsk_status status = nsk_model_input_info(model, 0, &info);
  if (!status) status = nsk_session_create(model, &options, &session);
  if (status) return status;

  memset(&x, 0, sizeof x);
  memset(&y, 0, sizeof y);
  x.dtype = info.dtype;
  x.rank = info.rank;
  for (int axis = 0; axis < info.rank; ++axis) {
    x.dims[axis] = info.dims[axis] < 0 ? 1 : info.dims[axis];
    count *= (size_t)x.dims[axis];
  }
  x.byte_size = count * sizeof(float);
  float *pixels = malloc(x.byte_size);
  for (size_t i = 0; pixels && i < count; ++i) pixels[i] = (float)((uint32_t)i * 2654435761u >> 16) / 65536.0f;
  x.data = pixels;

  status = nsk_session_run(session, &x, 1, &y, 1);
  if (!status) {
    *out_count = y.byte_size / sizeof(float);
    *out = malloc(y.byte_size);
    if (*out) memcpy(*out, y.data, y.byte_size);
  }
  free(pixels);
  nsk_session_release(session);
  return status;
}

int main(int argc, char **argv) {
  const char *recipe = argc > 2 ? argv[2] : "prune80", *path = argc > 3 ? argv[3] : "small.nsk";
  nsk_compress_options options = NSK_COMPRESS_OPTIONS_INIT;
  nsk_model *model = NULL, *small = NULL, *again = NULL;
  float *before = NULL, *after = NULL;
  size_t count = 0;
  nsk_status status;
  if (argc < 2) return fprintf(stderr, "usage: %s model.onnx [recipe] [small.nsk]\n", argv[0]), 2;

  options.progress = on_progress;
  status = nsk_check_abi(NSK_ABI_VERSION);
  if (!status) status = nsk_model_load(argv[1], &model);
  if (!status) status = nsk_model_compress(model, recipe, NULL, &options, &small);
  if (!status) status = nsk_model_save(small, path);
  if (!status) status = nsk_model_load(path, &again);
  if (!status) status = run_once(model, &before, &count);
  if (!status) status = run_once(again, &after, &count);
  if (status) {
    fprintf(stderr, "%s: %s\n", nsk_status_string(status), nsk_last_error());
  } else if (before && after) {
    printf("%s: %ld bytes, %s: %ld bytes\n", argv[1], file_size(argv[1]), path, file_size(path));
    printf("before:");
    for (size_t i = 0; i < count && i < 10; ++i) printf(" %.9g", before[i]);
    printf("\nafter:");
    for (size_t i = 0; i < count && i < 10; ++i) printf(" %.9g", after[i]);
    printf("\n");
  }
  free(before);
  free(after);
  nsk_model_release(again);
  nsk_model_release(small);
  nsk_model_release(model);
  return status ? 1 : 0;
}
