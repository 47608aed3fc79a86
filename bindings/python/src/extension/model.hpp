// The handle of a model, as the extension's files share it.
#pragma once
#include <nanobind/nanobind.h>
#include <netsuke.h>

#include <utility>
#include <vector>

#include "tensors.hpp"

namespace nb = nanobind;

namespace netsuke_python {

class Model {
 public:
  explicit Model(nsk_model *handle) : handle_(handle) {}
  Model(Model &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model() { nsk_model_release(handle_); }

  const nsk_model *handle() const { return handle_; }

 private:
  nsk_model *handle_;
};

/// Compresses; see Model.compress in the package. `sample(index)` gives a list of arrays, one for each input, or is None with a
/// count of 0; `progress(phase, done, total)` may be None and cancels by returning False.
Model compress(const Model &model, const std::string &recipe, size_t sample_count, nb::object sample, nb::object progress,
               nb::object log, int32_t threads);

/// The arrays of `objects` for the inputs of `model`, in order.
std::vector<Borrowed> borrow_inputs(const nsk_model *model, nb::sequence objects);

}  // namespace netsuke_python
