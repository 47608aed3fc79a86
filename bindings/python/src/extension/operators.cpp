#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <optional>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "extension.hpp"

namespace netsuke_python {

namespace {

using Activation = std::array<float, 3>;  // kind, alpha, beta
using Pair = std::array<int64_t, 2>;

nsk_activation activation_of(const Activation &activation) {
  return {static_cast<int32_t>(activation[0]), activation[1], activation[2]};
}

nsk_weights_options options_of(int32_t format, float input_min, float input_max) {
  nsk_weights_options options = NSK_WEIGHTS_OPTIONS_INIT;
  options.format = format;
  options.input_min = input_min;
  options.input_max = input_max;
  return options;
}

const float *bias_of(const std::optional<InRow> &bias, size_t count) {
  if (!bias) return nullptr;
  if (bias->size() != count) raise_failure(NSK_SHAPE_MISMATCH, "the bias has one element for each output");
  return bias->data();
}

class Linear {
 public:
  /// One matrix, or the factors of one, the first of which is applied first.
  Linear(const std::vector<InMatrix> &factors, std::optional<InRow> bias, int32_t format, float input_min, float input_max,
         Activation activation) {
    if (factors.empty()) raise_failure(NSK_INVALID_ARGUMENT, "there are no factors");
    std::vector<const float *> elements;
    std::vector<size_t> features{factors.front().shape(1)};
    for (const InMatrix &factor : factors) {
      if (factor.shape(1) != features.back()) {
        raise_failure(NSK_SHAPE_MISMATCH, "factor " + std::to_string(elements.size()) + " reads " + std::to_string(factor.shape(1)) +
                                              " features where there are " + std::to_string(features.back()));
      }
      elements.push_back(factor.data());
      features.push_back(factor.shape(0));
    }
    out_features = features.back(), in_features = features.front();
    const float *bias_data = bias_of(bias, out_features);
    const nsk_weights_options options = options_of(format, input_min, input_max);
    const nsk_activation after = activation_of(activation);
    check_without_gil([&] {
      return factors.size() == 1
                 ? nsk_linear_create(elements[0], bias_data, out_features, in_features, &options, &after, &handle_)
                 : nsk_linear_create_factors(elements.data(), features.data(), elements.size(), bias_data, &options, &after, &handle_);
    });
  }
  Linear(const Linear &) = delete;
  Linear &operator=(const Linear &) = delete;
  ~Linear() { nsk_linear_release(handle_); }

  void run(InMatrix x, OutMatrix y) const {
    if (x.shape(1) != in_features || y.shape(0) != x.shape(0) || y.shape(1) != out_features) {
      raise_failure(NSK_SHAPE_MISMATCH, "x is [batch][" + std::to_string(in_features) + "]");
    }
    check_without_gil([&] { return nsk_linear_run(handle_, x.data(), x.shape(0), y.data(), nullptr); });
  }

  size_t bytes() const { return nsk_linear_bytes(handle_); }

  size_t out_features = 0, in_features = 0;

 private:
  nsk_linear *handle_ = nullptr;
};

class Conv2D {
 public:
  using Weights = Array<const float, nb::ndim<4>>;

  /// How one convolution goes over its input: strides, dilations and (top, left, bottom, right) zeros.
  using Geometry = std::tuple<Pair, Pair, std::array<int64_t, 4>>;

  /// One convolution, or factors of one, the first of which is applied first; `groups` is the first one's, the others' follow from the channels.
  Conv2D(const std::vector<Weights> &factors, const std::vector<Geometry> &geometries, std::optional<InRow> bias, int64_t groups,
         bool channels_last, int32_t format, float input_min, float input_max, Activation activation)
      : channels_last_(channels_last) {
    if (factors.empty() || geometries.size() != factors.size()) raise_failure(NSK_INVALID_ARGUMENT, "there are no factors");
    if (groups < 1 || __builtin_mul_overflow(static_cast<int64_t>(factors.front().shape(1)), groups, &in_channels_)) {
      raise_failure(NSK_INVALID_ARGUMENT, "groups must be at least 1");
    }
    std::vector<nsk_conv2d_desc> descs;
    std::vector<const nsk_conv2d_desc *> pointers;
    std::vector<const float *> elements;
    out_channels_ = in_channels_;
    for (size_t index = 0; index < factors.size(); ++index) {
      const Weights &weights = factors[index];
      const auto [stride, dilation, padding] = geometries[index];
      const auto read = static_cast<int64_t>(weights.shape(1));
      if (read < 1 || out_channels_ % read != 0) {
        raise_failure(NSK_SHAPE_MISMATCH, "factor " + std::to_string(index) + " reads " + std::to_string(read) + " channels of " +
                                              std::to_string(out_channels_));
      }
      nsk_conv2d_desc desc = NSK_CONV2D_DESC_INIT;
      desc.layout = channels_last ? NSK_LAYOUT_NHWC : NSK_LAYOUT_NCHW;
      desc.in_channels = out_channels_, desc.groups = out_channels_ / read;
      desc.out_channels = out_channels_ = static_cast<int64_t>(weights.shape(0));
      desc.kernel_h = static_cast<int64_t>(weights.shape(2)), desc.kernel_w = static_cast<int64_t>(weights.shape(3));
      desc.stride_h = stride[0], desc.stride_w = stride[1];
      desc.dilation_h = dilation[0], desc.dilation_w = dilation[1];
      desc.pad_top = padding[0], desc.pad_left = padding[1], desc.pad_bottom = padding[2], desc.pad_right = padding[3];
      if (index + 1 == factors.size()) desc.activation = activation_of(activation);
      descs.push_back(desc);
      elements.push_back(weights.data());
    }
    for (const nsk_conv2d_desc &desc : descs) pointers.push_back(&desc);
    const float *bias_data = bias_of(bias, factors.back().shape(0));
    const nsk_weights_options options = options_of(format, input_min, input_max);
    check_without_gil([&] {
      return descs.size() == 1 ? nsk_conv2d_create(&descs[0], elements[0], bias_data, &options, &handle_)
                               : nsk_conv2d_create_factors(pointers.data(), elements.data(), descs.size(), bias_data, &options, &handle_);
    });
  }
  Conv2D(const Conv2D &) = delete;
  Conv2D &operator=(const Conv2D &) = delete;
  ~Conv2D() { nsk_conv2d_release(handle_); }

  nb::tuple output_size(int64_t height, int64_t width) const {
    int64_t out_height = 0, out_width = 0;
    check(nsk_conv2d_output_size(handle_, height, width, &out_height, &out_width));
    return nb::make_tuple(out_height, out_width);
  }

  void run(Array<const float, nb::ndim<4>> x, Array<float, nb::ndim<4>> y) const {
    const size_t channel = channels_last_ ? 3 : 1, row = channels_last_ ? 1 : 2;
    const auto height = static_cast<int64_t>(x.shape(row)), width = static_cast<int64_t>(x.shape(row + 1));
    if (static_cast<int64_t>(x.shape(channel)) != in_channels_) {
      raise_failure(NSK_SHAPE_MISMATCH, "x has " + std::to_string(x.shape(channel)) + " channels where the weights have " +
                                            std::to_string(in_channels_));
    }
    int64_t out_height = 0, out_width = 0;
    check(nsk_conv2d_output_size(handle_, height, width, &out_height, &out_width));
    if (y.shape(0) != x.shape(0) || static_cast<int64_t>(y.shape(channel)) != out_channels_ ||
        static_cast<int64_t>(y.shape(row)) != out_height || static_cast<int64_t>(y.shape(row + 1)) != out_width) {
      raise_failure(NSK_SHAPE_MISMATCH, "y does not have the shape of the result");
    }
    check_without_gil([&] { return nsk_conv2d_run(handle_, x.data(), x.shape(0), height, width, y.data(), nullptr); });
  }

  size_t bytes() const { return nsk_conv2d_bytes(handle_); }

 private:
  int64_t in_channels_ = 0, out_channels_ = 0;
  bool channels_last_;
  nsk_conv2d *handle_ = nullptr;
};

}  // namespace

void bind_operators(nb::module_ &module) {
  nb::class_<Linear>(module, "Linear")
      .def(nb::init<const std::vector<InMatrix> &, std::optional<InRow>, int32_t, float, float, Activation>(), nb::arg("factors").noconvert(),
           nb::arg("bias").noconvert().none(), nb::arg("format"), nb::arg("input_min"), nb::arg("input_max"), nb::arg("activation"))
      .def("run", &Linear::run, nb::arg("x").noconvert(), nb::arg("y").noconvert())
      .def("bytes", &Linear::bytes);
  nb::class_<Conv2D>(module, "Conv2D")
      .def(nb::init<const std::vector<Conv2D::Weights> &, const std::vector<Conv2D::Geometry> &, std::optional<InRow>, int64_t, bool,
                    int32_t, float, float, Activation>(),
           nb::arg("factors").noconvert(), nb::arg("geometries"), nb::arg("bias").noconvert().none(), nb::arg("groups"),
           nb::arg("channels_last"), nb::arg("format"), nb::arg("input_min"), nb::arg("input_max"), nb::arg("activation"))
      .def("output_size", &Conv2D::output_size, nb::arg("height"), nb::arg("width"))
      .def("run", &Conv2D::run, nb::arg("x").noconvert(), nb::arg("y").noconvert())
      .def("bytes", &Conv2D::bytes);
}

}  // namespace netsuke_python
