#include <nanobind/stl/string.h>

#include <exception>
#include <string>
#include <vector>

#include "extension.hpp"
#include "model.hpp"

namespace netsuke_python {

namespace {

/// What the callbacks of one compression share. They run on the calling thread, which has given the GIL away: each takes it back.
struct Job {
  const nsk_model *model;
  nb::object sample, progress, log;
  std::vector<Borrowed> held;  // the arrays of the sample given last
  std::exception_ptr failure;  // the first exception of Python's, raised again when the library has come back

  /// Runs `body` holding the GIL; keeps an exception and says whether there was none.
  template <typename Body>
  bool run(Body &&body) {
    nb::gil_scoped_acquire acquire;
    if (failure) return false;
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();  // Ctrl-C
      return body();
    } catch (...) {
      failure = std::current_exception();
      return false;
    }
  }
};

int on_progress(void *user, const char *phase, int64_t done, int64_t total) {
  auto *job = static_cast<Job *>(user);
  const bool go_on = job->run([&] {
    if (job->progress.is_none()) return true;
    return !job->progress(phase, done, total).is(nb::handle(Py_False));
  });
  return go_on ? 0 : 1;
}

void on_log(void *user, int32_t level, const char *message) {
  auto *job = static_cast<Job *>(user);
  job->run([&] {
    job->log(level, message);
    return true;
  });
}

int on_sample(void *user, size_t index, nsk_tensor *inputs, size_t input_count) {
  auto *job = static_cast<Job *>(user);
  const bool done = job->run([&] {
    nb::object arrays = job->sample(index);
    job->held.clear();
    job->held = borrow_inputs(job->model, nb::cast<nb::sequence>(arrays));
    for (size_t i = 0; i < input_count && i < job->held.size(); ++i) inputs[i] = job->held[i].tensor();
    return true;
  });
  return done ? 0 : 1;
}

}  // namespace

Model compress(const Model &model, const std::string &recipe, size_t sample_count, nb::object sample, nb::object progress,
               nb::object log, int32_t threads) {
  Job job{model.handle(), sample, progress, log, {}, nullptr};
  nsk_dataset dataset = NSK_DATASET_INIT;
  dataset.count = sample_count;
  dataset.get = &on_sample;
  dataset.user = &job;
  nsk_compress_options options = NSK_COMPRESS_OPTIONS_INIT;
  options.threads = threads;
  options.progress = &on_progress;
  options.progress_user = &job;
  if (!log.is_none()) {
    options.log = &on_log;
    options.log_user = &job;
  }
  nsk_model *handle = nullptr;
  nsk_status status;
  {
    nb::gil_scoped_release release;
    status = nsk_model_compress(model.handle(), recipe.c_str(), sample_count > 0 ? &dataset : nullptr, &options, &handle);
  }
  Model result(handle);
  if (job.failure) std::rethrow_exception(job.failure);
  check(status);
  return result;
}

}  // namespace netsuke_python
