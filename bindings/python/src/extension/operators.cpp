#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>

#include <array>
#include <optional>

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
  Linear(InMatrix weights, std::optional<InRow> bias, int32_t format, float input_min, float input_max, Activation activation)
      : out_features(weights.shape(0)), in_features(weights.shape(1)) {
    const float *bias_data = bias_of(bias, out_features);
    const nsk_weights_options options = options_of(format, input_min, input_max);
    const nsk_activation after = activation_of(activation);
    check_without_gil(
        [&] { return nsk_linear_create(weights.data(), bias_data, out_features, in_features, &options, &after, &handle_); });
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

  const size_t out_features, in_features;

 private:
  nsk_linear *handle_ = nullptr;
};

class Conv2D {
 public:
  using Weights = Array<const float, nb::ndim<4>>;

  Conv2D(Weights weights, std::optional<InRow> bias, int64_t groups, Pair stride, Pair dilation, std::array<int64_t, 4> padding,
         bool channels_last, int32_t format, float input_min, float input_max, Activation activation)
      : channels_last_(channels_last) {
    desc_.layout = channels_last ? NSK_LAYOUT_NHWC : NSK_LAYOUT_NCHW;
    desc_.groups = groups;
    desc_.out_channels = static_cast<int64_t>(weights.shape(0));
    if (groups < 1 || __builtin_mul_overflow(static_cast<int64_t>(weights.shape(1)), groups, &desc_.in_channels)) {
      raise_failure(NSK_INVALID_ARGUMENT, "groups must be at least 1");
    }
    desc_.kernel_h = static_cast<int64_t>(weights.shape(2));
    desc_.kernel_w = static_cast<int64_t>(weights.shape(3));
    desc_.stride_h = stride[0], desc_.stride_w = stride[1];
    desc_.dilation_h = dilation[0], desc_.dilation_w = dilation[1];
    desc_.pad_top = padding[0], desc_.pad_left = padding[1], desc_.pad_bottom = padding[2], desc_.pad_right = padding[3];
    desc_.activation = activation_of(activation);
    const float *bias_data = bias_of(bias, weights.shape(0));
    const nsk_weights_options options = options_of(format, input_min, input_max);
    check_without_gil([&] { return nsk_conv2d_create(&desc_, weights.data(), bias_data, &options, &handle_); });
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
    if (static_cast<int64_t>(x.shape(channel)) != desc_.in_channels) {
      raise_failure(NSK_SHAPE_MISMATCH, "x has " + std::to_string(x.shape(channel)) + " channels where the weights have " +
                                            std::to_string(desc_.in_channels));
    }
    int64_t out_height = 0, out_width = 0;
    check(nsk_conv2d_output_size(handle_, height, width, &out_height, &out_width));
    if (y.shape(0) != x.shape(0) || static_cast<int64_t>(y.shape(channel)) != desc_.out_channels ||
        static_cast<int64_t>(y.shape(row)) != out_height || static_cast<int64_t>(y.shape(row + 1)) != out_width) {
      raise_failure(NSK_SHAPE_MISMATCH, "y does not have the shape of the result");
    }
    check_without_gil([&] { return nsk_conv2d_run(handle_, x.data(), x.shape(0), height, width, y.data(), nullptr); });
  }

  size_t bytes() const { return nsk_conv2d_bytes(handle_); }

 private:
  nsk_conv2d_desc desc_ = NSK_CONV2D_DESC_INIT;
  bool channels_last_;
  nsk_conv2d *handle_ = nullptr;
};

}  // namespace

void bind_operators(nb::module_ &module) {
  nb::class_<Linear>(module, "Linear")
      .def(nb::init<InMatrix, std::optional<InRow>, int32_t, float, float, Activation>(), nb::arg("weights").noconvert(),
           nb::arg("bias").noconvert().none(), nb::arg("format"), nb::arg("input_min"), nb::arg("input_max"), nb::arg("activation"))
      .def("run", &Linear::run, nb::arg("x").noconvert(), nb::arg("y").noconvert())
      .def("bytes", &Linear::bytes);
  nb::class_<Conv2D>(module, "Conv2D")
      .def(nb::init<Conv2D::Weights, std::optional<InRow>, int64_t, Pair, Pair, std::array<int64_t, 4>, bool, int32_t, float, float,
                    Activation>(),
           nb::arg("weights").noconvert(), nb::arg("bias").noconvert().none(), nb::arg("groups"), nb::arg("stride"),
           nb::arg("dilation"), nb::arg("padding"), nb::arg("channels_last"), nb::arg("format"), nb::arg("input_min"),
           nb::arg("input_max"), nb::arg("activation"))
      .def("output_size", &Conv2D::output_size, nb::arg("height"), nb::arg("width"))
      .def("run", &Conv2D::run, nb::arg("x").noconvert(), nb::arg("y").noconvert())
      .def("bytes", &Conv2D::bytes);
}

}  // namespace netsuke_python
