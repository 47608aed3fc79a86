#include <nanobind/stl/optional.h>

#include <exception>
#include <optional>
#include <utility>

#include "arrays.hpp"
#include "extension.hpp"

namespace netsuke_python {

namespace {

using InFilters = Array<const float, nb::ndim<4>>;
using InBank = Array<const float, nb::ndim<3>>;
using InMoments = Array<const double, nb::ndim<2>>;
using OutErrors = Array<double, nb::ndim<1>>;

/// Lets Ctrl-C end a factorization: the library asks between pieces of work, on the calling thread, which has given the GIL away.
struct Interruptible {
  nsk_factorize_options options = NSK_FACTORIZE_OPTIONS_INIT;
  std::exception_ptr failure;

  explicit Interruptible(int threads) {
    options.threads = threads;
    options.progress = [](void *user, const char *, int64_t, int64_t) {
      auto *self = static_cast<Interruptible *>(user);
      nb::gil_scoped_acquire acquire;
      if (PyErr_CheckSignals() == 0) return 0;
      self->failure = std::make_exception_ptr(nb::python_error());
      return 1;
    };
    options.progress_user = this;
  }

  /// The relative error that `call(options, &error)` tells.
  template <typename Call>
  double run(Call &&call) {
    double error = 0;
    nsk_status status;
    {
      nb::gil_scoped_release release;
      status = call(&options, &error);
    }
    if (failure) std::rethrow_exception(failure);
    check(status);
    return error;
  }
};

void require_size(const char *name, size_t size, size_t wanted) {
  if (size != wanted) raise_failure(NSK_SHAPE_MISMATCH, std::string(name) + " has " + std::to_string(size) + " elements, not " + std::to_string(wanted));
}

double factorize_svd(InMatrix w, std::optional<InMoments> moments, size_t rank, int threads, Out left, Out right) {
  const size_t rows = w.shape(0), columns = w.shape(1);
  if (moments) require_size("moments", moments->size(), columns * columns);
  require_size("left", left.size(), rows * rank);
  require_size("right", right.size(), rank * columns);
  return Interruptible(threads).run([&](const nsk_factorize_options *options, double *error) {
    return nsk_factorize_svd(w.data(), rows, columns, moments ? moments->data() : nullptr, rank, options, left.data(), right.data(), error);
  });
}

double factorize_spatial(InFilters w, size_t rank, int threads, Out vertical, Out horizontal) {
  const size_t n = w.shape(0), c = w.shape(1), kh = w.shape(2), kw = w.shape(3);
  require_size("vertical", vertical.size(), rank * c * kh);
  require_size("horizontal", horizontal.size(), n * rank * kw);
  return Interruptible(threads).run([&](const nsk_factorize_options *options, double *error) {
    return nsk_factorize_spatial(w.data(), n, c, kh, kw, rank, options, vertical.data(), horizontal.data(), error);
  });
}

void factorize_separable(InBank filters, size_t rank, Out columns, Out rows, OutErrors errors) {
  const size_t count = filters.shape(0), kh = filters.shape(1), kw = filters.shape(2);
  require_size("columns", columns.size(), count * rank * kh);
  require_size("rows", rows.size(), count * rank * kw);
  require_size("errors", errors.size(), count);
  check_without_gil([&] {
    return nsk_factorize_separable(filters.data(), count, kh, kw, rank, columns.data(), rows.data(), errors.data());
  });
}

double factorize_channel(InMatrix responses, size_t rank, bool nonlinear, int threads, Out expand, Out reduce, Out bias) {
  const size_t samples = responses.shape(0), channels = responses.shape(1);
  require_size("expand", expand.size(), channels * rank);
  require_size("reduce", reduce.size(), rank * channels);
  require_size("bias", bias.size(), channels);
  return Interruptible(threads).run([&](const nsk_factorize_options *options, double *error) {
    return nsk_factorize_channel(responses.data(), samples, channels, rank, nonlinear ? 1 : 0, options, expand.data(), reduce.data(),
                                 bias.data(), error);
  });
}

double factorize_tucker2(InFilters w, size_t rank_in, size_t rank_out, int threads, Out first, Out core, Out last) {
  const size_t n = w.shape(0), c = w.shape(1), kh = w.shape(2), kw = w.shape(3);
  require_size("first", first.size(), rank_in * c);
  require_size("core", core.size(), rank_out * rank_in * kh * kw);
  require_size("last", last.size(), n * rank_out);
  return Interruptible(threads).run([&](const nsk_factorize_options *options, double *error) {
    return nsk_factorize_tucker2(w.data(), n, c, kh, kw, rank_in, rank_out, options, first.data(), core.data(), last.data(), error);
  });
}

size_t factorize_rank(InMatrix matrix) {
  size_t rank = 0;
  check_without_gil([&] { return nsk_factorize_rank(matrix.data(), matrix.shape(0), matrix.shape(1), &rank); });
  return rank;
}

double factorize_cp(InFilters w, size_t rank, int threads, Out first, Out vertical, Out horizontal, Out last) {
  const size_t n = w.shape(0), c = w.shape(1), kh = w.shape(2), kw = w.shape(3);
  require_size("first", first.size(), rank * c);
  require_size("vertical", vertical.size(), rank * kh);
  require_size("horizontal", horizontal.size(), rank * kw);
  require_size("last", last.size(), n * rank);
  return Interruptible(threads).run([&](const nsk_factorize_options *options, double *error) {
    return nsk_factorize_cp(w.data(), n, c, kh, kw, rank, options, first.data(), vertical.data(), horizontal.data(), last.data(), error);
  });
}

double factorize_depthwise(InFilters w, size_t multiplier, int threads, Out spatial, Out pointwise) {
  const size_t n = w.shape(0), c = w.shape(1), kh = w.shape(2), kw = w.shape(3);
  require_size("spatial", spatial.size(), c * multiplier * kh * kw);
  require_size("pointwise", pointwise.size(), n * c * multiplier);
  return Interruptible(threads).run([&](const nsk_factorize_options *options, double *error) {
    return nsk_factorize_depthwise(w.data(), n, c, kh, kw, multiplier, options, spatial.data(), pointwise.data(), error);
  });
}

void dct2(InBank filters, bool inverse, Out out) {
  require_size("out", out.size(), filters.size());
  check_without_gil(
      [&] { return nsk_dct2(filters.data(), filters.shape(0), filters.shape(1), filters.shape(2), inverse ? 1 : 0, out.data()); });
}

}  // namespace

void bind_factorization(nb::module_ &module) {
  module.def("factorize_svd", &factorize_svd, nb::arg("weights").noconvert(), nb::arg("moments").none(), nb::arg("rank"),
             nb::arg("threads"), nb::arg("left").noconvert(), nb::arg("right").noconvert());
  module.def("factorize_spatial", &factorize_spatial, nb::arg("weights").noconvert(), nb::arg("rank"), nb::arg("threads"),
             nb::arg("vertical").noconvert(), nb::arg("horizontal").noconvert());
  module.def("factorize_separable", &factorize_separable, nb::arg("filters").noconvert(), nb::arg("rank"),
             nb::arg("columns").noconvert(), nb::arg("rows").noconvert(), nb::arg("errors").noconvert());
  module.def("factorize_channel", &factorize_channel, nb::arg("responses").noconvert(), nb::arg("rank"), nb::arg("nonlinear"),
             nb::arg("threads"), nb::arg("expand").noconvert(), nb::arg("reduce").noconvert(), nb::arg("bias").noconvert());
  module.def("factorize_tucker2", &factorize_tucker2, nb::arg("weights").noconvert(), nb::arg("rank_in"), nb::arg("rank_out"),
             nb::arg("threads"), nb::arg("first").noconvert(), nb::arg("core").noconvert(), nb::arg("last").noconvert());
  module.def("factorize_rank", &factorize_rank, nb::arg("matrix").noconvert());
  module.def("factorize_cp", &factorize_cp, nb::arg("weights").noconvert(), nb::arg("rank"), nb::arg("threads"),
             nb::arg("first").noconvert(), nb::arg("vertical").noconvert(), nb::arg("horizontal").noconvert(),
             nb::arg("last").noconvert());
  module.def("factorize_depthwise", &factorize_depthwise, nb::arg("weights").noconvert(), nb::arg("multiplier"), nb::arg("threads"),
             nb::arg("spatial").noconvert(), nb::arg("pointwise").noconvert());
  module.def("dct2", &dct2, nb::arg("filters").noconvert(), nb::arg("inverse"), nb::arg("out").noconvert());
}

}  // namespace netsuke_python
