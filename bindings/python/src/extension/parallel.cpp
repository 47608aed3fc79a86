#include "parallel.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace netsuke_python {

namespace {

/// One parallel loop. Outlives the call where Python keeps the task: every piece is claimed by then, so nothing dangles.
struct Loop {
  Loop(size_t count, nsk_task_fn task, void *context) : task(task), context(context), claimed(count) {}

  /// Runs piece `index` unless somebody has claimed it. Needs no GIL.
  bool run(size_t index) {
    if (claimed[index].exchange(true)) return false;
    task(context, index);
    std::lock_guard<std::mutex> lock(mutex);
    if (++finished == claimed.size()) all_done.notify_all();
    return true;
  }

  void finish() {
    for (size_t index = 0; index < claimed.size(); ++index) run(index);
    std::unique_lock<std::mutex> lock(mutex);
    all_done.wait(lock, [this] { return finished == claimed.size(); });
  }

  nsk_task_fn task;
  void *context;
  std::vector<std::atomic<bool>> claimed;
  size_t finished = 0;
  std::mutex mutex;
  std::condition_variable all_done;
};

struct Task {
  std::shared_ptr<Loop> loop;

  void call(size_t index) const {
    if (index >= loop->claimed.size()) throw nb::index_error("the parallel loop has no piece of this number");
    bool ran;
    {
      nb::gil_scoped_release release;
      ran = loop->run(index);
    }
    if (!ran) throw nb::value_error("this piece of the parallel loop has run already");
  }
};

}  // namespace

void PythonParallelFor::run(void *user, size_t count, nsk_task_fn task, void *context) {
  auto *self = static_cast<PythonParallelFor *>(user);
  auto loop = std::make_shared<Loop>(count, task, context);
  {
    nb::gil_scoped_acquire acquire;
    if (!self->failure) {
      try {
        self->function(count, nb::cast(Task{loop}));
      } catch (...) {
        self->failure = std::current_exception();
      }
    }
  }
  loop->finish();
}

void bind_parallel(nb::module_ &module) {
  nb::class_<Task>(module, "Task").def("__call__", &Task::call, nb::arg("index"));
}

}  // namespace netsuke_python
