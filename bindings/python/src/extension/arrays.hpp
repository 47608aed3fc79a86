// The array types of the tensor functions: dense row-major memory of one element type. The package converts before it calls.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>

namespace nb = nanobind;

namespace netsuke_python {

template <typename Element, typename... Options>
using Array = nb::ndarray<Element, nb::c_contig, nb::device::cpu, Options...>;

using In = Array<const float>;
using InRow = Array<const float, nb::ndim<1>>;
using InMatrix = Array<const float, nb::ndim<2>>;
using Out = Array<float>;
using OutMatrix = Array<float, nb::ndim<2>>;
using InIndices = Array<const int32_t, nb::ndim<1>>;

}  // namespace netsuke_python
