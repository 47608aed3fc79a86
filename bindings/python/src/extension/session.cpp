#include <nanobind/stl/string.h>

#include <mutex>
#include <vector>

#include "extension.hpp"
#include "model.hpp"
#include "parallel.hpp"

namespace netsuke_python {

namespace {

/// A session is for one thread at a time; Python's threads wait for each other here, without the GIL.
class Session {
 public:
  Session(const Model &model, int32_t threads, nb::object parallel_for, bool profile, bool exact) : parallel_{parallel_for, nullptr} {
    nsk_session_options options = NSK_SESSION_OPTIONS_INIT;
    options.threads = threads;
    options.profile = profile ? 1 : 0;
    options.exact = exact ? 1 : 0;
    if (!parallel_for.is_none()) {
      options.parallel_for = &PythonParallelFor::run;
      options.parallel_user = &parallel_;
    }
    check_without_gil([&] { return nsk_session_create(model.handle(), &options, &handle_); });
  }
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;
  ~Session() { nsk_session_release(handle_); }

  nb::list run(const Model &model, nb::sequence arrays) {
    std::vector<Borrowed> borrowed = borrow_inputs(model.handle(), arrays);
    std::vector<nsk_tensor> inputs;
    inputs.reserve(borrowed.size());
    for (const Borrowed &array : borrowed) inputs.push_back(array.tensor());
    std::vector<nsk_tensor> outputs(nsk_model_output_count(model.handle()));

    // The outputs point at the session's memory until the next run, so the lock is held until they are copied.
    std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
    nsk_status status = NSK_INVALID_ARGUMENT;
    {
      nb::gil_scoped_release release;
      lock.lock();
      if (handle_) status = nsk_session_run(handle_, inputs.data(), inputs.size(), outputs.data(), outputs.size());
    }
    if (!handle_) raise_failure(NSK_INVALID_ARGUMENT, "the session is closed");
    if (parallel_.failure) std::rethrow_exception(std::exchange(parallel_.failure, nullptr));
    check(status);
    nb::list result;
    for (const nsk_tensor &output : outputs) result.append(to_array(output));
    return result;
  }

  std::string profile() { return text(&nsk_session_profile); }
  std::string plan() { return text(&nsk_session_plan); }

  void close() {
    nb::gil_scoped_release release;
    std::lock_guard<std::mutex> lock(mutex_);
    nsk_session_release(std::exchange(handle_, nullptr));
  }

 private:
  std::string text(nsk_status (*function)(const nsk_session *, char **)) {
    char *json = nullptr;
    nsk_status status = NSK_INVALID_ARGUMENT;
    bool open;
    {
      nb::gil_scoped_release release;
      std::lock_guard<std::mutex> lock(mutex_);
      open = handle_ != nullptr;
      if (open) status = function(handle_, &json);
    }
    if (!open) raise_failure(NSK_INVALID_ARGUMENT, "the session is closed");
    check(status);
    return taken(json);
  }

  nsk_session *handle_ = nullptr;
  PythonParallelFor parallel_;
  std::mutex mutex_;
};

}  // namespace

void bind_session(nb::module_ &module) {
  bind_parallel(module);
  nb::class_<Session>(module, "Session")
      .def(nb::init<const Model &, int32_t, nb::object, bool, bool>(), nb::arg("model"), nb::arg("threads"), nb::arg("parallel_for").none(),
           nb::arg("profile"), nb::arg("exact"))
      .def("run", &Session::run, nb::arg("model"), nb::arg("arrays"))
      .def("profile", &Session::profile)
      .def("plan", &Session::plan)
      .def("close", &Session::close);
}

}  // namespace netsuke_python
