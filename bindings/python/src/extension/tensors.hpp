// Python's arrays as nsk_tensor and back.
#pragma once
#include <nanobind/nanobind.h>
#include <netsuke.h>

#include <vector>

namespace nb = nanobind;

namespace netsuke_python {

/// An array of the caller's, readable by the library while this lives: borrowed where it is dense, row-major and of the wanted
/// type (buffer protocol or DLPack), else a converted copy. Make, move and destroy it holding the GIL.
class Borrowed {
 public:
  /// Raises TypeError for what cannot become `dtype`; `name` is the input's, for messages.
  Borrowed(nb::handle object, nsk_dtype dtype, const char *name);
  Borrowed(Borrowed &&other) noexcept;
  Borrowed(const Borrowed &) = delete;
  Borrowed &operator=(const Borrowed &) = delete;
  ~Borrowed();

  const nsk_tensor &tensor() const { return tensor_; }

 private:
  bool take_buffer(nb::handle object, nsk_dtype dtype);
  bool take_dlpack(nb::handle object, nsk_dtype dtype);
  bool take(nb::handle object, nsk_dtype dtype) { return take_buffer(object, dtype) || take_dlpack(object, dtype); }

  nsk_tensor tensor_{};
  Py_buffer buffer_{};  // buffer_.obj is set while a buffer is held
  nb::object keeper_;   // what else keeps the memory alive
};

/// A new array of Python's own with the contents of `tensor`: numpy's where numpy is installed, else one that offers DLPack and
/// the buffer protocol.
nb::object to_array(const nsk_tensor &tensor);

}  // namespace netsuke_python
