// netsuke.hpp: the C API of netsuke.h for C++17: handles that release themselves, exceptions, spans in and vectors out.
//
//   netsuke::model net = netsuke::model::load("net.onnx");
//   netsuke::model small = net.compress("prune80");
//   small.save("net.nsk");
//   netsuke::session session(small);
//   netsuke::tensor y = session.run(netsuke::view(pixels, {1, 3, 224, 224})).front();
//   use(y.values<float>(), y.shape());
//
// Every failing call throws netsuke::error. Handles move and do not copy. What netsuke.h says of threads holds here: calls of const
// member functions may run beside each other, any other runs alone.
#ifndef NETSUKE_HPP
#define NETSUKE_HPP

#include "netsuke.h"

#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace netsuke {

/// A failed call: what to do about it (`what()`), the status, and the graph node and file offset at fault where there are some.
class error : public std::runtime_error {
public:
  explicit error(nsk_status status)
      : std::runtime_error(nsk_last_error()), status_(status), node_(nsk_last_error_node()), offset_(nsk_last_error_offset()) {}
  error(nsk_status status, const std::string &message) : std::runtime_error(message), status_(status), offset_(-1) {}

  nsk_status status() const noexcept { return status_; }
  const char *status_name() const noexcept { return nsk_status_string(status_); }
  const std::string &node() const noexcept { return node_; }
  int64_t offset() const noexcept { return offset_; }

private:
  nsk_status status_;
  std::string node_;
  int64_t offset_;
};

/// Throws where a C function failed.
inline void check(nsk_status status) {
  if (status != NSK_OK) throw error(status);
}

/// Throws unless the library that was found serves programs built with this header.
inline void check_abi() { check(nsk_check_abi(NSK_ABI_VERSION)); }

/// The element type of a C++ type.
template <class T> constexpr nsk_dtype dtype_of() {
  if constexpr (std::is_same_v<T, float>) return NSK_F32;
  else if constexpr (std::is_same_v<T, double>) return NSK_F64;
  else if constexpr (std::is_same_v<T, bool>) return NSK_BOOL;
  else {
    static_assert(std::is_integral_v<T>, "tensors have elements of float, double, bool or an integer type");
    constexpr bool is_signed = std::is_signed_v<T>;
    if constexpr (sizeof(T) == 1) return is_signed ? NSK_S8 : NSK_U8;
    else if constexpr (sizeof(T) == 2) return is_signed ? NSK_S16 : NSK_U16;
    else if constexpr (sizeof(T) == 4) return is_signed ? NSK_S32 : NSK_U32;
    else return is_signed ? NSK_S64 : NSK_U64;
  }
}

using dims = std::vector<int64_t>;

namespace detail {

/// A handle of the C API and the function that releases it.
template <class Handle, void (*Release)(Handle *)> struct releaser {
  void operator()(Handle *handle) const noexcept { Release(handle); }
};
template <class Handle, void (*Release)(Handle *)> using owned = std::unique_ptr<Handle, releaser<Handle, Release>>;

/// The text that a function of the C API makes.
template <class Function, class... Arguments> std::string text_of(Function function, Arguments... arguments) {
  char *text = nullptr;
  check(function(arguments..., &text));
  const owned<char, nsk_string_release> keeper(text);
  return std::string(text);
}

inline nsk_tensor describe(void *data, size_t bytes, nsk_dtype dtype, const int64_t *extents, size_t rank) {
  if (rank > NSK_MAX_RANK) throw error(NSK_SHAPE_MISMATCH, "a tensor has at most " + std::to_string(NSK_MAX_RANK) + " dimensions");
  nsk_tensor tensor = {data, bytes, dtype, static_cast<int32_t>(rank), {0, 0, 0, 0, 0, 0, 0, 0}};
  for (size_t axis = 0; axis < rank; ++axis) tensor.dims[axis] = extents[axis];
  return tensor;
}

/// Runs a callback; what it throws is kept and thrown again on the other side of the C functions.
class exception_carrier {
public:
  template <class Body> int run(Body body) noexcept {
    try {
      return body();
    } catch (...) {
      thrown_ = std::current_exception();
      return 1;
    }
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

private:
  std::exception_ptr thrown_;
};

} // namespace detail

/// A tensor in memory of somebody else's, which must outlive it: what sessions read.
class tensor_view {
public:
  tensor_view(const void *data, size_t bytes, nsk_dtype dtype, const dims &shape)
      : c_(detail::describe(const_cast<void *>(data), bytes, dtype, shape.data(), shape.size())) {}
  template <class T>
  tensor_view(const T *data, size_t count, const dims &shape) : tensor_view(data, count * sizeof(T), dtype_of<T>(), shape) {}

  const nsk_tensor &c() const noexcept { return c_; }

private:
  nsk_tensor c_;
};

/// Sees a contiguous container (std::vector, std::array, std::span …) as a tensor of this shape.
template <class Container> tensor_view view(const Container &values, const dims &shape) {
  return tensor_view(values.data(), values.size(), shape);
}

/// A tensor with memory of its own: what sessions return.
class tensor {
public:
  explicit tensor(const nsk_tensor &source)
      : dtype_(source.dtype), shape_(source.dims, source.dims + source.rank), bytes_(source.byte_size) {
    if (source.byte_size > 0) std::memcpy(bytes_.data(), source.data, source.byte_size);
  }

  nsk_dtype dtype() const noexcept { return dtype_; }
  const dims &shape() const noexcept { return shape_; }
  const std::vector<unsigned char> &bytes() const noexcept { return bytes_; }

  /// The elements; throws where they are of another type.
  template <class T> std::vector<T> values() const {
    if (dtype_of<T>() != dtype_) throw error(NSK_INVALID_ARGUMENT, std::string("the tensor's elements are ") + nsk_dtype_name(dtype_));
    std::vector<T> result(bytes_.size() / sizeof(T));
    if (!bytes_.empty()) std::memcpy(result.data(), bytes_.data(), bytes_.size());
    return result;
  }

private:
  nsk_dtype dtype_;
  dims shape_;
  std::vector<unsigned char> bytes_;
};

/// Name, type and shape of a model's input or output; an extent of -1 is open. `has_shape` is false where not even the rank is known.
struct value_info {
  std::string name;
  nsk_dtype dtype;
  bool has_shape;
  dims shape;
};

/// Calibration samples: how many there are, and the inputs of each, which must stay valid until the next call.
struct dataset {
  size_t count = 0;
  std::function<std::vector<tensor_view>(size_t index)> get;
};

/// Whom to tell while a model is compressed, and on how many threads.
struct compress_options {
  int32_t threads = 0;
  /// Returns false to cancel.
  std::function<bool(const std::string &phase, int64_t done, int64_t total)> progress;
  std::function<void(int32_t level, const std::string &message)> log;
};

/// A network. Immutable: share it freely among threads and sessions.
class model {
public:
  /// Reads an .onnx or .nsk file.
  static model load(const std::string &path) {
    nsk_model *handle = nullptr;
    check(nsk_model_load(path.c_str(), &handle));
    return model(handle);
  }

  /// Reads a model from memory, which is copied.
  static model load(const void *bytes, size_t size) {
    nsk_model *handle = nullptr;
    check(nsk_model_load_memory(bytes, size, &handle));
    return model(handle);
  }

  /// A network of the literature with random weights: nsk_architecture_create. `options` is JSON such as {"width": 0.5}.
  static model create(const std::string &architecture, const std::string &options = "{}") {
    nsk_model *handle = nullptr;
    check(nsk_architecture_create(architecture.c_str(), options.c_str(), &handle));
    return model(handle);
  }

  /// Takes over a handle of the C API.
  explicit model(nsk_model *handle) noexcept : handle_(handle) {}

  /// Writes .nsk or .onnx, by the extension.
  void save(const std::string &path) const { check(nsk_model_save(c(), path.c_str())); }

  /// The bytes of a file in `format`: NSK_FORMAT_NSK or NSK_FORMAT_ONNX.
  std::vector<unsigned char> encode(int32_t format = NSK_FORMAT_NSK) const {
    struct sink {
      std::vector<unsigned char> bytes;
      detail::exception_carrier carrier;
    } target;
    const nsk_status status = nsk_model_write(
        c(), format,
        [](void *user, const void *bytes, size_t size) {
          sink &to = *static_cast<sink *>(user);
          return to.carrier.run([&] {
            const unsigned char *begin = static_cast<const unsigned char *>(bytes);
            to.bytes.insert(to.bytes.end(), begin, begin + size);
            return 0;
          });
        },
        &target);
    target.carrier.rethrow();
    check(status);
    return std::move(target.bytes);
  }

  /// What nsk_model_describe, nsk_model_pruning_groups and nsk_model_report say, as JSON.
  std::string describe() const { return detail::text_of(nsk_model_describe, c()); }
  std::string pruning_groups() const { return detail::text_of(nsk_model_pruning_groups, c()); }
  std::string report() const { return detail::text_of(nsk_model_report, c()); }

  std::vector<value_info> inputs() const { return infos(nsk_model_input_count(c()), nsk_model_input_info); }
  std::vector<value_info> outputs() const { return infos(nsk_model_output_count(c()), nsk_model_output_info); }

  /// The model that a recipe (JSON or a name) makes of this one; see nsk_model_compress.
  model compress(const std::string &recipe, const dataset &samples = {}, const compress_options &options = {}) const;

  const nsk_model *c() const noexcept { return handle_.get(); }

private:
  std::vector<value_info> infos(size_t count, nsk_status (*get)(const nsk_model *, size_t, nsk_value_info *)) const {
    std::vector<value_info> result;
    for (size_t index = 0; index < count; ++index) {
      nsk_value_info info = NSK_VALUE_INFO_INIT;
      check(get(c(), index, &info));
      const int32_t known = info.rank < 0 ? 0 : info.rank < NSK_MAX_RANK ? info.rank : NSK_MAX_RANK;
      result.push_back({info.name, info.dtype, info.rank >= 0, dims(info.dims, info.dims + known)});
    }
    return result;
  }

  detail::owned<nsk_model, nsk_model_release> handle_;
};

inline model model::compress(const std::string &recipe, const dataset &samples, const compress_options &options) const {
  struct state {
    const dataset &samples;
    const compress_options &options;
    std::vector<tensor_view> current;
    detail::exception_carrier carrier;
  } at{samples, options, {}, {}};

  nsk_dataset data = NSK_DATASET_INIT;
  data.count = samples.count;
  data.user = &at;
  data.get = [](void *user, size_t index, nsk_tensor *inputs, size_t input_count) {
    state &s = *static_cast<state *>(user);
    return s.carrier.run([&] {
      s.current = s.samples.get(index);
      if (s.current.size() != input_count) throw error(NSK_SHAPE_MISMATCH, "a sample has not one tensor for each input of the model");
      for (size_t i = 0; i < input_count; ++i) inputs[i] = s.current[i].c();
      return 0;
    });
  };
  nsk_compress_options chosen = NSK_COMPRESS_OPTIONS_INIT;
  chosen.threads = options.threads;
  if (options.progress) {
    chosen.progress_user = &at;
    chosen.progress = [](void *user, const char *phase, int64_t done, int64_t total) {
      state &s = *static_cast<state *>(user);
      return s.carrier.run([&] { return s.options.progress(phase, done, total) ? 0 : 1; });
    };
  }
  if (options.log) {
    chosen.log_user = &at;
    chosen.log = [](void *user, int32_t level, const char *message) {
      state &s = *static_cast<state *>(user);
      s.carrier.run([&] { return s.options.log(level, message), 0; });
    };
  }
  nsk_model *handle = nullptr;
  const nsk_status status = nsk_model_compress(c(), recipe.c_str(), samples.count > 0 ? &data : nullptr, &chosen, &handle);
  model result(handle);
  at.carrier.rethrow();
  check(status);
  return result;
}

/// A model made ready to run. One thread at a time.
class session {
public:
  explicit session(const model &source, const nsk_session_options &options = NSK_SESSION_OPTIONS_INIT)
      : outputs_(nsk_model_output_count(source.c())) {
    nsk_session *handle = nullptr;
    check(nsk_session_create(source.c(), &options, &handle));
    handle_.reset(handle);
  }

  /// The outputs for these inputs, one for each of the model's, copied.
  std::vector<tensor> run(const std::vector<tensor_view> &inputs) {
    std::vector<nsk_tensor> arguments, results(outputs_, nsk_tensor{nullptr, 0, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}});
    for (const tensor_view &input : inputs) arguments.push_back(input.c());
    check(nsk_session_run(c(), arguments.data(), arguments.size(), results.data(), results.size()));
    std::vector<tensor> tensors;
    for (const nsk_tensor &result : results) tensors.emplace_back(result);
    return tensors;
  }
  std::vector<tensor> run(const tensor_view &input) { return run(std::vector<tensor_view>{input}); }

  std::string profile() const { return detail::text_of(nsk_session_profile, static_cast<const nsk_session *>(handle_.get())); }
  std::string plan() const { return detail::text_of(nsk_session_plan, static_cast<const nsk_session *>(handle_.get())); }

  nsk_session *c() noexcept { return handle_.get(); }

private:
  size_t outputs_;
  detail::owned<nsk_session, nsk_session_release> handle_;
};

/// Weight formats and activations, as the operators take them.
inline nsk_weights_options f32_weights() { return NSK_WEIGHTS_OPTIONS_INIT; }
inline nsk_weights_options sparse_weights() {
  nsk_weights_options options = NSK_WEIGHTS_OPTIONS_INIT;
  options.format = NSK_WEIGHTS_SPARSE;
  return options;
}
/// Inputs are quantized over [low, high], or over each call's own range while both are 0.
inline nsk_weights_options int8_weights(float low = 0, float high = 0) {
  nsk_weights_options options = NSK_WEIGHTS_OPTIONS_INIT;
  options.format = NSK_WEIGHTS_INT8;
  options.input_min = low;
  options.input_max = high;
  return options;
}
inline nsk_activation activation(int32_t kind = NSK_ACTIVATION_NONE, float alpha = 0, float beta = 0) { return {kind, alpha, beta}; }

/// A fully connected layer on the caller's buffers: y = f(x · weightsᵀ + bias).
class linear {
public:
  /// weights [out_features][in_features], bias [out_features] or null; both are copied.
  linear(const float *weights, const float *bias, size_t out_features, size_t in_features,
         const nsk_weights_options &format = f32_weights(), const nsk_activation &function = activation()) {
    nsk_linear *handle = nullptr;
    check(nsk_linear_create(weights, bias, out_features, in_features, &format, &function, &handle));
    handle_.reset(handle);
  }

  /// Weights that are a product: factors[i] is [features[i + 1]][features[i]], factors[0] applied first; all is copied.
  linear(const std::vector<const float *> &factors, const std::vector<size_t> &features, const float *bias,
         const nsk_weights_options &format = f32_weights(), const nsk_activation &function = activation()) {
    if (features.size() != factors.size() + 1) throw error(NSK_INVALID_ARGUMENT, "features must have one element more than factors");
    nsk_linear *handle = nullptr;
    check(nsk_linear_create_factors(factors.data(), features.data(), factors.size(), bias, &format, &function, &handle));
    handle_.reset(handle);
  }

  /// y [batch][out_features] from x [batch][in_features]. Safe from many threads at once.
  void operator()(const float *x, size_t batch, float *y, const nsk_run_options *options = nullptr) const {
    check(nsk_linear_run(handle_.get(), x, batch, y, options));
  }
  size_t bytes() const noexcept { return nsk_linear_bytes(handle_.get()); }

private:
  detail::owned<nsk_linear, nsk_linear_release> handle_;
};

/// A convolution on the caller's buffers.
class conv2d {
public:
  /// weights [out][in / groups][height][width], bias [out] or null; both are copied.
  conv2d(const nsk_conv2d_desc &desc, const float *weights, const float *bias, const nsk_weights_options &format = f32_weights()) {
    nsk_conv2d *handle = nullptr;
    check(nsk_conv2d_create(&desc, weights, bias, &format, &handle));
    handle_.reset(handle);
  }

  /// Convolutions one behind the other, the factors of a layer: weights[i] as descs[i] says, bias of the last one or null; all is copied.
  conv2d(const std::vector<nsk_conv2d_desc> &descs, const std::vector<const float *> &weights, const float *bias,
         const nsk_weights_options &format = f32_weights()) {
    if (descs.size() != weights.size()) throw error(NSK_INVALID_ARGUMENT, "descs and weights must be as many");
    std::vector<const nsk_conv2d_desc *> pointers;
    for (const nsk_conv2d_desc &desc : descs) pointers.push_back(&desc);
    nsk_conv2d *handle = nullptr;
    check(nsk_conv2d_create_factors(pointers.data(), weights.data(), weights.size(), bias, &format, &handle));
    handle_.reset(handle);
  }

  std::pair<int64_t, int64_t> output_size(int64_t height, int64_t width) const {
    std::pair<int64_t, int64_t> size;
    check(nsk_conv2d_output_size(handle_.get(), height, width, &size.first, &size.second));
    return size;
  }

  /// Safe from many threads at once.
  void operator()(const float *x, size_t batch, int64_t height, int64_t width, float *y, const nsk_run_options *options = nullptr) const {
    check(nsk_conv2d_run(handle_.get(), x, batch, height, width, y, options));
  }
  size_t bytes() const noexcept { return nsk_conv2d_bytes(handle_.get()); }

private:
  detail::owned<nsk_conv2d, nsk_conv2d_release> handle_;
};

} // namespace netsuke

#endif
