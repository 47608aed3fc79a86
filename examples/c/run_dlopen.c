/* Runs a model through a library that is found at run time: nothing of netsuke is needed to build or to start this program.

     cc -std=c99 -I build/include examples/c/run_dlopen.c -ldl -o run_dlopen
     ./run_dlopen build/lib/libnetsuke.so examples/fashion-mnist/fashion.onnx [input.f32]

   The header is used for its types and constants; every function comes from dlsym. */
#include <dlfcn.h>
#include <netsuke.h>
#include <stdio.h>
#include <stdlib.h>

/* The functions this program calls: one line each, used three times. */
#define FUNCTIONS(F) \
  F(nsk_status, nsk_check_abi, (uint32_t)) \
  F(const char *, nsk_version, (void)) \
  F(const char *, nsk_status_string, (nsk_status)) \
  F(const char *, nsk_last_error, (void)) \
  F(nsk_status, nsk_model_load, (const char *, nsk_model **)) \
  F(nsk_status, nsk_model_input_info, (const nsk_model *, size_t, nsk_value_info *)) \
  F(nsk_status, nsk_session_create, (const nsk_model *, const nsk_session_options *, nsk_session **)) \
  F(nsk_status, nsk_session_run, (nsk_session *, const nsk_tensor *, size_t, nsk_tensor *, size_t)) \
  F(void, nsk_session_release, (nsk_session *)) \
  F(void, nsk_model_release, (nsk_model *))

#define DECLARE(result, name, arguments) result(*name) arguments;
struct netsuke {
  FUNCTIONS(DECLARE)
};

static int find(void *library, struct netsuke *nsk) {
#define FIND(result, name, arguments) \
  *(void **)(&nsk->name) = dlsym(library, #name); \
  if (!nsk->name) return fprintf(stderr, "the library has no %s\n", #name), 0;
  FUNCTIONS(FIND)
  return 1;
}

/* Reads the input from a file of floats, or makes one up that is the same everywhere. */
static int fill(float *x, size_t count, const char *path) {
  if (path) {
    FILE *file = fopen(path, "rb");
    const size_t read = file ? fread(x, sizeof *x, count, file) : 0;
    if (file) fclose(file);
    return read == count;
  }
  for (size_t i = 0; i < count; ++i) x[i] = (float)((uint32_t)i * 2654435761u >> 16) / 65536.0f;
  return 1;
}

int main(int argc, char **argv) {
  struct netsuke nsk;
  nsk_model *model = NULL;
  nsk_session *session = NULL;
  nsk_value_info info = NSK_VALUE_INFO_INIT;
  nsk_session_options options = NSK_SESSION_OPTIONS_INIT;
  nsk_status status;
  if (argc < 3) return fprintf(stderr, "usage: %s libnetsuke.so model.onnx|model.nsk [input.f32]\n", argv[0]), 2;

  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  if (!find(library, &nsk)) return 1;
  printf("netsuke %s\n", nsk.nsk_version());

  options.threads = 1;
  status = nsk.nsk_check_abi(NSK_ABI_VERSION);
  if (!status) status = nsk.nsk_model_load(argv[2], &model);
  if (!status) status = nsk.nsk_model_input_info(model, 0, &info);
  if (!status) status = nsk.nsk_session_create(model, &options, &session);

  nsk_tensor x = {NULL, 0, info.dtype, info.rank, {0}}, y = {NULL, 0, 0, 0, {0}};
  size_t count = 1;
  for (int axis = 0; axis < info.rank; ++axis) {
    x.dims[axis] = info.dims[axis] < 0 ? 1 : info.dims[axis]; /* an open extent, such as the batch, is 1 here */
    count *= (size_t)x.dims[axis];
  }
  x.byte_size = count * sizeof(float);
  x.data = malloc(x.byte_size);
  if (!status && (!x.data || !fill(x.data, count, argc > 3 ? argv[3] : NULL))) {
    return fprintf(stderr, "cannot read %zu floats\n", count), 1;
  }

  if (!status) status = nsk.nsk_session_run(session, &x, 1, &y, 1);
  if (status) {
    fprintf(stderr, "%s: %s\n", nsk.nsk_status_string(status), nsk.nsk_last_error());
  } else {
    const float *values = y.data;
    const size_t results = y.byte_size / sizeof *values;
    size_t best = 0;
    printf("output:");
    for (size_t i = 0; i < results; ++i) {
      printf(" %.9g", values[i]);
      if (values[i] > values[best]) best = i;
    }
    printf("\nlargest: %zu\n", best);
  }

  free(x.data);
  nsk.nsk_session_release(session);
  nsk.nsk_model_release(model);
  dlclose(library);
  return status ? 1 : 0;
}
