#include "tensors.hpp"

#include <nanobind/ndarray.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "extension.hpp"

namespace netsuke_python {

namespace {

constexpr uint8_t lanes = 1;

/// The element type of a buffer's format character, 0 where there is none. `l` and `L` have the machine's size of a long.
nsk_dtype dtype_of_format(const char *format, Py_ssize_t item_size) {
  if (!format) return NSK_U8;
  if (*format == '@' || *format == '=' || *format == '<') ++format;
  if (format[0] == 0 || format[1] != 0) return 0;
  switch (*format) {
    case 'f': return NSK_F32;
    case 'd': return NSK_F64;
    case 'e': return NSK_F16;
    case '?': return NSK_BOOL;
    case 'b': return NSK_S8;
    case 'B': return NSK_U8;
    case 'h': case 'i': case 'l': case 'q':
      return item_size == 8 ? NSK_S64 : item_size == 4 ? NSK_S32 : item_size == 2 ? NSK_S16 : 0;
    case 'H': case 'I': case 'L': case 'Q':
      return item_size == 8 ? NSK_U64 : item_size == 4 ? NSK_U32 : item_size == 2 ? NSK_U16 : 0;
    default: return 0;
  }
}

nb::dlpack::dtype to_dlpack(nsk_dtype dtype) {
  using code = nb::dlpack::dtype_code;
  const auto bits = static_cast<uint8_t>(8 * nsk_dtype_size(dtype));
  switch (dtype) {
    case NSK_F32: case NSK_F16: case NSK_F64: return {static_cast<uint8_t>(code::Float), bits, lanes};
    case NSK_BOOL: return {static_cast<uint8_t>(code::Bool), bits, lanes};
    case NSK_S8: case NSK_S16: case NSK_S32: case NSK_S64: return {static_cast<uint8_t>(code::Int), bits, lanes};
    default: return {static_cast<uint8_t>(code::UInt), bits, lanes};
  }
}

bool is_aligned(const void *data, nsk_dtype dtype) { return reinterpret_cast<uintptr_t>(data) % nsk_dtype_size(dtype) == 0; }

/// Somewhere to point at for arrays without elements, whose own pointer may be NULL.
alignas(64) char nowhere[64];

bool has_numpy() {
  static const bool found = [] {
    PyObject *numpy = PyImport_ImportModule("numpy");
    if (!numpy) PyErr_Clear();
    Py_XDECREF(numpy);
    return numpy != nullptr;
  }();
  return found;
}

}  // namespace

Borrowed::Borrowed(nb::handle object, nsk_dtype dtype, const char *name) {
  if (take(object, dtype)) return;
  nb::object converted = nb::module_::import_("netsuke._arrays").attr("converted")(object, nsk_dtype_name(dtype), name);
  if (!take(converted, dtype)) {
    PyErr_Format(PyExc_TypeError, "input '%s': an array of %s is needed", name, nsk_dtype_name(dtype));
    throw nb::python_error();
  }
}

Borrowed::Borrowed(Borrowed &&other) noexcept
    : tensor_(other.tensor_), buffer_(other.buffer_), keeper_(std::move(other.keeper_)) {
  other.buffer_.obj = nullptr;
}

Borrowed::~Borrowed() {
  if (buffer_.obj) PyBuffer_Release(&buffer_);
}

bool Borrowed::take_buffer(nb::handle object, nsk_dtype dtype) {
  if (!PyObject_CheckBuffer(object.ptr())) return false;
  if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0) {
    PyErr_Clear();  // not contiguous, or a type that buffers cannot say: converted instead
    buffer_.obj = nullptr;
    return false;
  }
  if (buffer_.ndim > NSK_MAX_RANK || dtype_of_format(buffer_.format, buffer_.itemsize) != dtype) {
    const int rank = buffer_.ndim;
    PyBuffer_Release(&buffer_);
    if (rank > NSK_MAX_RANK) {
      raise_failure(NSK_SHAPE_MISMATCH, "an array of " + std::to_string(rank) + " dimensions; at most 8 are supported");
    }
    return false;
  }
  if (!is_aligned(buffer_.buf, dtype)) {
    PyBuffer_Release(&buffer_);
    return false;
  }
  tensor_.data = buffer_.len > 0 ? buffer_.buf : nowhere;
  tensor_.byte_size = static_cast<size_t>(buffer_.len);
  tensor_.dtype = dtype;
  tensor_.rank = buffer_.ndim;
  for (int i = 0; i < buffer_.ndim; ++i) tensor_.dims[i] = buffer_.shape[i];
  return true;
}

bool Borrowed::take_dlpack(nb::handle object, nsk_dtype dtype) {
  using Array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
  if (!nb::hasattr(object, "__dlpack__")) return false;
  Array array;
  if (!nb::try_cast<Array>(object, array, false)) {
    PyErr_Clear();
    return false;
  }
  if (array.dtype() != to_dlpack(dtype) || !is_aligned(array.data(), dtype)) return false;
  if (array.ndim() > NSK_MAX_RANK) {
    raise_failure(NSK_SHAPE_MISMATCH, "an array of " + std::to_string(array.ndim()) + " dimensions; at most 8 are supported");
  }
  tensor_.data = array.size() > 0 ? const_cast<void *>(array.data()) : nowhere;
  tensor_.byte_size = array.nbytes();
  tensor_.dtype = dtype;
  tensor_.rank = static_cast<int32_t>(array.ndim());
  for (size_t i = 0; i < array.ndim(); ++i) tensor_.dims[i] = static_cast<int64_t>(array.shape(i));
  keeper_ = nb::cast(array, nb::rv_policy::reference);
  return true;
}

nb::object to_array(const nsk_tensor &tensor) {
  void *memory = std::aligned_alloc(64, (tensor.byte_size + 64) & ~static_cast<size_t>(63));
  if (!memory) raise_failure(NSK_OUT_OF_MEMORY, "cannot allocate " + std::to_string(tensor.byte_size) + " bytes for a result");
  std::memcpy(memory, tensor.data, tensor.byte_size);
  nb::capsule owner(memory, [](void *pointer) noexcept { std::free(pointer); });
  size_t shape[NSK_MAX_RANK];
  for (int32_t i = 0; i < tensor.rank; ++i) shape[i] = static_cast<size_t>(tensor.dims[i]);
  const auto rank = static_cast<size_t>(tensor.rank);
  if (has_numpy()) {
    return nb::cast(nb::ndarray<nb::numpy>(memory, rank, shape, owner, nullptr, to_dlpack(tensor.dtype)));
  }
  return nb::cast(nb::ndarray<nb::array_api>(memory, rank, shape, owner, nullptr, to_dlpack(tensor.dtype)));
}

}  // namespace netsuke_python
