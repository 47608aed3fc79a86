#include <utility>

#include "arrays.hpp"
#include "extension.hpp"

namespace netsuke_python {

namespace {

using Codes = nb::ndarray<nb::c_contig, nb::device::cpu>;
using InCodes = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

template <typename Array>
nsk_dtype code_type(const Array &codes) {
  if (codes.dtype() == nb::dtype<uint8_t>()) return NSK_U8;
  if (codes.dtype() == nb::dtype<int8_t>()) return NSK_S8;
  raise_failure(NSK_INVALID_ARGUMENT, "codes are uint8 or int8");
}

void same_size(size_t a, size_t b) {
  if (a != b) raise_failure(NSK_SHAPE_MISMATCH, "the arrays differ in size: " + std::to_string(a) + " and " + std::to_string(b));
}

nb::tuple quantize_params(float min, float max, bool is_signed, bool symmetric) {
  float scale = 0;
  int32_t zero_point = 0;
  check(nsk_quantize_params(min, max, is_signed ? NSK_S8 : NSK_U8, symmetric ? 1 : 0, &scale, &zero_point));
  return nb::make_tuple(scale, zero_point);
}

void quantize_affine(In x, float scale, int32_t zero_point, Codes codes) {
  same_size(x.size(), codes.size());
  const nsk_dtype dtype = code_type(codes);
  check_without_gil([&] { return nsk_quantize_affine(x.data(), x.size(), scale, zero_point, dtype, codes.data()); });
}

void dequantize_affine(InCodes codes, float scale, int32_t zero_point, Out x) {
  same_size(x.size(), codes.size());
  const nsk_dtype dtype = code_type(codes);
  check_without_gil([&] { return nsk_dequantize_affine(codes.data(), codes.size(), scale, zero_point, dtype, x.data()); });
}

void quantize_per_channel(InMatrix weights, Array<int8_t, nb::ndim<2>> codes, Array<float, nb::ndim<1>> scales) {
  same_size(weights.size(), codes.size());
  same_size(weights.shape(0), scales.size());
  check_without_gil([&] {
    return nsk_quantize_per_channel(weights.data(), weights.shape(0), weights.shape(1), codes.data(), scales.data());
  });
}

/// The library's calibrator; the GIL is held while it works, which keeps threads apart.
class Calibrator {
 public:
  Calibrator(int32_t method, double percentile) { check(nsk_calibrator_create(method, percentile, &handle_)); }
  Calibrator(const Calibrator &) = delete;
  Calibrator &operator=(const Calibrator &) = delete;
  ~Calibrator() { nsk_calibrator_release(handle_); }

  void observe(In values) { check(nsk_calibrator_observe(handle_, values.data(), values.size())); }

  nb::tuple range() const {
    float min = 0, max = 0;
    check(nsk_calibrator_range(handle_, &min, &max));
    return nb::make_tuple(min, max);
  }

 private:
  nsk_calibrator *handle_ = nullptr;
};

}  // namespace

void bind_quantization(nb::module_ &module) {
  module.def("quantize_params", &quantize_params, nb::arg("min"), nb::arg("max"), nb::arg("is_signed"), nb::arg("symmetric"));
  module.def("quantize_affine", &quantize_affine, nb::arg("x").noconvert(), nb::arg("scale"), nb::arg("zero_point"),
             nb::arg("codes").noconvert());
  module.def("dequantize_affine", &dequantize_affine, nb::arg("codes").noconvert(), nb::arg("scale"), nb::arg("zero_point"),
             nb::arg("x").noconvert());
  module.def("quantize_per_channel", &quantize_per_channel, nb::arg("weights").noconvert(), 
             nb::arg("codes").noconvert(), nb::arg("scales").noconvert());
  nb::class_<Calibrator>(module, "Calibrator")
      .def(nb::init<int32_t, double>(), nb::arg("method"), nb::arg("percentile"))
      .def("observe", &Calibrator::observe, nb::arg("values").noconvert())
      .def("range", &Calibrator::range);
}

}  // namespace netsuke_python
