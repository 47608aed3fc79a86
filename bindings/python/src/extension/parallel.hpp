// A Python function as the library's parallel-for.
#pragma once
#include <nanobind/nanobind.h>
#include <netsuke.h>

#include <exception>

namespace nb = nanobind;

namespace netsuke_python {

/// Calls `function(count, task)`, which is to call task(i) once for each i, on any threads. Whatever it does, every piece has run
/// exactly once when the loop returns; an exception of it is kept in `failure`.
struct PythonParallelFor {
  nb::object function;
  std::exception_ptr failure;

  static void run(void *user, size_t count, nsk_task_fn task, void *context);
};

void bind_parallel(nb::module_ &module);

}  // namespace netsuke_python
