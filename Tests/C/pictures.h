/* What the C tests have in common: a network of the examples, pictures for it, and how they give up. */
#ifndef PICTURES_H
#define PICTURES_H
#include <netsuke.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 28 * 28, CLASSES = 10, MOST_PICTURES = 16 };

/* Ends the test where `condition` does not hold. */
#define REQUIRE(condition)                                                                                        \
  do {                                                                                                            \
    if (!(condition)) {                                                                                           \
      fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, nsk_last_error());             \
      exit(1);                                                                                                    \
    }                                                                                                             \
  } while (0)
#define OK(call) REQUIRE((call) == NSK_OK)

static float pictures[MOST_PICTURES * PIXELS];

static inline void draw_pictures(void) {
  for (uint32_t i = 0; i < MOST_PICTURES * PIXELS; ++i) pictures[i] = (float)(i * 2654435761u >> 16) / 65536.0f;
}

/* The first `count` pictures. */
static inline nsk_tensor pictures_of(int64_t count) {
  nsk_tensor tensor = {pictures, (size_t)count * PIXELS * sizeof(float), NSK_F32, 4, {count, 1, 28, 28, 0, 0, 0, 0}};
  return tensor;
}

static inline int next_picture(void *user, size_t index, nsk_tensor *inputs, size_t input_count) {
  (void)user;
  if (input_count != 1) return 1;
  inputs[0] = pictures_of(1);
  inputs[0].data = pictures + index * PIXELS;
  return 0;
}

/* The model at `path`, compressed by `recipe` unless that is NULL. */
static inline nsk_model *load_model(const char *path, const char *recipe) {
  nsk_model *model = NULL, *small = NULL;
  OK(nsk_model_load(path, &model));
  if (!recipe) return model;
  nsk_dataset data = NSK_DATASET_INIT;
  data.count = MOST_PICTURES;
  data.get = next_picture;
  nsk_compress_options options = NSK_COMPRESS_OPTIONS_INIT;
  options.threads = 1;
  OK(nsk_model_compress(model, recipe, &data, &options, &small));
  nsk_model_release(model);
  return small;
}

static inline nsk_session *new_session(const nsk_model *model, int32_t threads) {
  nsk_session_options options = NSK_SESSION_OPTIONS_INIT;
  options.threads = threads;
  nsk_session *session = NULL;
  OK(nsk_session_create(model, &options, &session));
  return session;
}

#endif
