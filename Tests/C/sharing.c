/* What several threads may do at once, as netsuke.h says: share a model, an operator, run sessions of their own, hand a session on, release
   what others still use, fork. Every result is compared bit by bit with that of one thread. Built with -fsanitize=thread against a library
   built likewise, it finds races (scripts/test-threads.sh).

     sharing model.onnx folder-for-files [race]

   With `race`, sessions fill in the same output at once, which is the caller's mistake and must be reported. */
#include "pictures.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 8 };

static const char *model_path, *folder;

typedef struct Shared {
  const nsk_model *model;
  float expected[MOST_PICTURES * CLASSES];
  pthread_mutex_t turn;
  nsk_session *session; /* used in turns, or fought over */
  const nsk_linear *linear;
  const nsk_conv2d *conv;
  const nsk_run_options *options;
  const float *linear_expected, *conv_expected;
} Shared;

typedef struct Worker {
  Shared *shared;
  int number;
} Worker;

/* Calls `body` in four threads at once. */
static void in_threads(Shared *shared, void *(*body)(void *)) {
  pthread_t threads[THREADS];
  Worker workers[THREADS];
  for (int i = 0; i < THREADS; ++i) {
    workers[i] = (Worker){shared, i};
    REQUIRE(pthread_create(&threads[i], NULL, body, &workers[i]) == 0);
  }
  for (int i = 0; i < THREADS; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
}

static void run_and_compare(nsk_session *session, int64_t count, const float *expected, int own_memory) {
  float room[MOST_PICTURES * CLASSES];
  nsk_tensor x = pictures_of(count), y;
  memset(&y, 0, sizeof y);
  if (!own_memory) {
    y.data = room;
    y.byte_size = sizeof room;
  }
  OK(nsk_session_run(session, &x, 1, &y, 1));
  REQUIRE(y.byte_size == (size_t)count * CLASSES * sizeof(float));
  REQUIRE(memcmp(y.data, expected, y.byte_size) == 0);
}

/* A loop on two threads, as a caller's pool would run it. */
typedef struct Half {
  nsk_task_fn task;
  void *context;
  size_t count;
} Half;

static void *odd_pieces(void *argument) {
  const Half *half = argument;
  for (size_t i = 1; i < half->count; i += 2) half->task(half->context, i);
  return NULL;
}

static void loop_on_two(void *user, size_t count, nsk_task_fn task, void *context) {
  (void)user;
  Half half = {task, context, count};
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, odd_pieces, &half) == 0);
  for (size_t i = 0; i < count; i += 2) task(context, i);
  REQUIRE(pthread_join(thread, NULL) == 0);
}

/* Sessions of one model, made, run and released in each thread; those of odd threads have threads of their own, one the caller's. */
static void *own_sessions(void *argument) {
  const Worker *worker = argument;
  for (int round = 0; round < ROUNDS / 2; ++round) {
    nsk_session_options options = NSK_SESSION_OPTIONS_INIT;
    options.threads = 1 + worker->number % 2;
    if (worker->number == 2) {
      options.threads = 2;
      options.parallel_for = loop_on_two;
    }
    nsk_session *session = NULL;
    OK(nsk_session_create(worker->shared->model, &options, &session));
    for (int run = 0; run < ROUNDS; ++run)
      run_and_compare(session, run % 3 == 0 ? 1 : MOST_PICTURES, worker->shared->expected, run % 2);
    nsk_session_release(session);
  }
  return NULL;
}

static int take_bytes(void *user, const void *bytes, size_t size) {
  (void)bytes;
  *(size_t *)user += size;
  return 0;
}

/* One of the things that a const model is good for. */
static void use_model(const Worker *worker, int what) {
  const nsk_model *model = worker->shared->model;
  char path[512];
  switch (what % 6) {
    case 0: {
      char *json = NULL;
      OK(nsk_model_describe(model, &json));
      REQUIRE(json[0] == '{');
      nsk_string_release(json);
      break;
    }
    case 1: {
      size_t size = 0;
      OK(nsk_model_write(model, worker->number % 2 ? NSK_FORMAT_NSK : NSK_FORMAT_ONNX, take_bytes, &size));
      REQUIRE(size > 1000);
      break;
    }
    case 2: {
      const char *recipes[] = {"prune80", "int8", "weights-int8", "prune80-int8"};
      nsk_dataset data = NSK_DATASET_INIT;
      data.count = 4;
      data.get = next_picture;
      nsk_compress_options options = NSK_COMPRESS_OPTIONS_INIT;
      options.threads = 2;
      nsk_model *small = NULL;
      OK(nsk_model_compress(model, recipes[worker->number], &data, &options, &small));
      char *report = NULL;
      OK(nsk_model_report(small, &report));
      nsk_string_release(report);
      nsk_session *session = new_session(small, 2);
      nsk_model_release(small);
      nsk_tensor x = pictures_of(3), y;
      memset(&y, 0, sizeof y);
      OK(nsk_session_run(session, &x, 1, &y, 1));
      nsk_session_release(session);
      break;
    }
    case 3: {
      snprintf(path, sizeof path, "%s/thread%d.nsk", folder, worker->number);
      OK(nsk_model_save(model, path));
      nsk_model *again = NULL;
      OK(nsk_model_load(path, &again));
      nsk_session *session = new_session(again, 1);
      nsk_model_release(again);
      run_and_compare(session, MOST_PICTURES, worker->shared->expected, 1);
      nsk_session_release(session);
      break;
    }
    case 4: {
      nsk_model *again = NULL;
      OK(nsk_model_load(model_path, &again));
      nsk_value_info info = NSK_VALUE_INFO_INIT;
      OK(nsk_model_output_info(again, 0, &info));
      REQUIRE(strcmp(info.name, "logits") == 0);
      REQUIRE(nsk_model_input_info(model, 9, &info) == NSK_NOT_FOUND);
      nsk_model_release(again);
      break;
    }
    default: {
      nsk_model *none = NULL;
      snprintf(path, sizeof path, "/no such file %d", worker->number);
      REQUIRE(nsk_model_load(path, &none) == NSK_NOT_FOUND);
      /* Each thread has its own last error. */
      REQUIRE(strstr(nsk_last_error(), path) != NULL);
      char *text = NULL;
      OK(nsk_recipe_get("int8", &text));
      nsk_string_release(text);
      OK(nsk_methods_describe(&text));
      nsk_string_release(text);
    }
  }
}

/* Everything that takes a const model, on one model, no two threads at the same at first. */
static void *const_model(void *argument) {
  const Worker *worker = argument;
  for (int i = 0; i < 6; ++i) use_model(worker, worker->number + i);
  for (int i = 0; i < 6; ++i) use_model(worker, i);
  return NULL;
}

/* One session, handed from thread to thread. */
static void *in_turns(void *argument) {
  const Worker *worker = argument;
  for (int round = 0; round < ROUNDS; ++round) {
    REQUIRE(pthread_mutex_lock(&worker->shared->turn) == 0);
    run_and_compare(worker->shared->session, 1 + round, worker->shared->expected, round % 2);
    REQUIRE(pthread_mutex_unlock(&worker->shared->turn) == 0);
  }
  return NULL;
}

/* One session that everybody runs at once: each gets the result or is told no. */
static void *fought_over(void *argument) {
  const Worker *worker = argument;
  float room[MOST_PICTURES * CLASSES];
  for (int round = 0; round < 4 * ROUNDS; ++round) {
    nsk_tensor x = pictures_of(MOST_PICTURES);
    nsk_tensor y = {room, sizeof room, 0, 0, {0}};
    const nsk_status status = nsk_session_run(worker->shared->session, &x, 1, &y, 1);
    REQUIRE(status == NSK_OK || status == NSK_INVALID_ARGUMENT);
    if (status == NSK_OK) REQUIRE(memcmp(room, worker->shared->expected, sizeof room) == 0);
  }
  return NULL;
}

enum { LINEAR_ROWS = 64, CONV_CHANNELS = 6 };

/* Operators that all threads run. */
static void *operators(void *argument) {
  const Worker *worker = argument;
  const Shared *shared = worker->shared;
  static const size_t bytes[] = {MOST_PICTURES * LINEAR_ROWS * sizeof(float), MOST_PICTURES * PIXELS * CONV_CHANNELS * sizeof(float)};
  float *y = malloc(bytes[1]);
  REQUIRE(y != NULL);
  const nsk_run_options *options = worker->number % 2 ? shared->options : NULL;
  for (int round = 0; round < ROUNDS; ++round) {
    OK(nsk_linear_run(shared->linear, pictures, MOST_PICTURES, y, options));
    REQUIRE(memcmp(y, shared->linear_expected, bytes[0]) == 0);
    OK(nsk_conv2d_run(shared->conv, pictures, MOST_PICTURES, 28, 28, y, options));
    REQUIRE(memcmp(y, shared->conv_expected, bytes[1]) == 0);
  }
  free(y);
  return NULL;
}

static void share_operators(void) {
  static float weights[LINEAR_ROWS * PIXELS], linear_expected[MOST_PICTURES * LINEAR_ROWS];
  static float conv_expected[MOST_PICTURES * PIXELS * CONV_CHANNELS];
  for (int i = 0; i < LINEAR_ROWS * PIXELS; ++i) weights[i] = (float)(i * 7919 % 201 - 100) / 100.0f;
  nsk_run_options options = NSK_RUN_OPTIONS_INIT;
  options.threads = 3;
  options.parallel_for = loop_on_two;
  for (int32_t form = NSK_WEIGHTS_F32; form <= NSK_WEIGHTS_SPARSE; ++form) {
    nsk_weights_options form_options = NSK_WEIGHTS_OPTIONS_INIT;
    form_options.format = form;
    form_options.input_max = 1;
    nsk_conv2d_desc desc = NSK_CONV2D_DESC_INIT;
    desc.in_channels = 1;
    desc.out_channels = CONV_CHANNELS;
    desc.kernel_h = desc.kernel_w = 3;
    desc.pad_top = desc.pad_left = desc.pad_bottom = desc.pad_right = 1;
    nsk_linear *linear = NULL;
    nsk_conv2d *conv = NULL;
    OK(nsk_linear_create(weights, NULL, LINEAR_ROWS, PIXELS, &form_options, NULL, &linear));
    OK(nsk_conv2d_create(&desc, weights, NULL, &form_options, &conv));
    OK(nsk_linear_run(linear, pictures, MOST_PICTURES, linear_expected, NULL));
    OK(nsk_conv2d_run(conv, pictures, MOST_PICTURES, 28, 28, conv_expected, NULL));
    Shared shared = {.linear = linear, .conv = conv, .options = &options};
    shared.linear_expected = linear_expected;
    shared.conv_expected = conv_expected;
    in_threads(&shared, operators);
    nsk_linear_release(linear);
    nsk_conv2d_release(conv);
  }
}

/* Sessions made here are run and released by others, after their model was released. */
static void *take_over(void *argument) {
  const Worker *worker = argument;
  nsk_session *session = worker->shared->session;
  for (int round = 0; round < ROUNDS; ++round) run_and_compare(session, MOST_PICTURES, worker->shared->expected, 1);
  nsk_session_release(session);
  return NULL;
}

static void hand_over(const Shared *shared) {
  nsk_model *model = load_model(model_path, NULL);
  Shared own[THREADS];
  Worker workers[THREADS];
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; ++i) {
    own[i] = *shared;
    own[i].session = new_session(model, 1 + i % 2);
    if (i > 1) run_and_compare(own[i].session, MOST_PICTURES, shared->expected, 1);
    workers[i] = (Worker){&own[i], i};
    REQUIRE(pthread_create(&threads[i], NULL, take_over, &workers[i]) == 0);
  }
  nsk_model_release(model);
  for (int i = 0; i < THREADS; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
}

/* A forked child goes on with a session that has threads, while the parent does too. */
static void fork_child(Shared *shared) {
  nsk_session *session = new_session(shared->model, 2);
  run_and_compare(session, MOST_PICTURES, shared->expected, 1);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  for (int round = 0; round < ROUNDS; ++round) run_and_compare(session, MOST_PICTURES, shared->expected, 1);
  nsk_session_release(session);
  if (child == 0) _exit(0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The caller's mistake: all sessions fill in the same nsk_tensor. */
static void *same_output(void *argument) {
  static float room[MOST_PICTURES * CLASSES];
  static nsk_tensor y = {room, sizeof room, 0, 0, {0}};
  const Worker *worker = argument;
  nsk_session *session = new_session(worker->shared->model, 1);
  nsk_tensor x = pictures_of(MOST_PICTURES);
  for (int round = 0; round < 4 * ROUNDS; ++round) nsk_session_run(session, &x, 1, &y, 1);
  nsk_session_release(session);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: %s model.onnx folder-for-files [race]\n", argv[0]), 2;
  model_path = argv[1];
  folder = argv[2];
  setvbuf(stdout, NULL, _IOLBF, 0);
  draw_pictures();
  if (argc > 3) {
    Shared shared = {.model = load_model(model_path, NULL)};
    in_threads(&shared, same_output);
    return 0;
  }
  const char *recipes[] = {NULL, "int8"};
  for (int i = 0; i < 2; ++i) {
    Shared shared = {.turn = PTHREAD_MUTEX_INITIALIZER};
    nsk_model *model = load_model(model_path, recipes[i]);
    shared.model = model;
    nsk_session *first = new_session(model, 1);
    nsk_tensor x = pictures_of(MOST_PICTURES), y = {shared.expected, sizeof shared.expected, 0, 0, {0}};
    OK(nsk_session_run(first, &x, 1, &y, 1));
    nsk_session_release(first);
    printf("%s: sessions of one model\n", i ? "int8" : "f32");
    in_threads(&shared, own_sessions);
    printf("%s: a session in turns, a session fought over\n", i ? "int8" : "f32");
    shared.session = new_session(model, 2);
    in_threads(&shared, in_turns);
    in_threads(&shared, fought_over);
    nsk_session_release(shared.session);
    if (!i) {
      printf("f32: whatever takes a const model\n");
      in_threads(&shared, const_model);
      printf("f32: sessions handed over, their model released\n");
      hand_over(&shared);
    }
    printf("%s: a forked child\n", i ? "int8" : "f32");
    fork_child(&shared);
    nsk_model_release(model);
  }
  printf("operators of many threads\n");
  share_operators();
  printf("sharing: all as it should be\n");
  return 0;
}
