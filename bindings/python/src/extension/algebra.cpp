#include "arrays.hpp"
#include "extension.hpp"

namespace netsuke_python {

namespace {

using Doubles = Array<const double, nb::ndim<2>>;
using OutDoubles = Array<double, nb::ndim<2>>;
using OutRow = Array<double, nb::ndim<1>>;

void require_shape(const char *name, size_t rows, size_t columns, size_t wanted_rows, size_t wanted_columns) {
  if (rows == wanted_rows && columns == wanted_columns) return;
  raise_failure(NSK_SHAPE_MISMATCH, std::string(name) + " must be [" + std::to_string(wanted_rows) + "][" + std::to_string(wanted_columns) + "]");
}

void svd(Doubles a, OutDoubles u, OutRow s, OutDoubles vt) {
  const size_t rows = a.shape(0), columns = a.shape(1), k = rows < columns ? rows : columns;
  require_shape("u", u.shape(0), u.shape(1), rows, k);
  require_shape("s", s.shape(0), 1, k, 1);
  require_shape("vt", vt.shape(0), vt.shape(1), k, columns);
  check_without_gil([&] { return nsk_svd(a.data(), rows, columns, u.data(), s.data(), vt.data()); });
}

void eigh(Doubles a, OutRow values, OutDoubles vectors) {
  const size_t size = a.shape(0);
  require_shape("a", a.shape(0), a.shape(1), size, size);
  require_shape("values", values.shape(0), 1, size, 1);
  require_shape("vectors", vectors.shape(0), vectors.shape(1), size, size);
  check_without_gil([&] { return nsk_eigh(a.data(), size, values.data(), vectors.data()); });
}

void cholesky(Doubles a, OutDoubles l) {
  const size_t size = a.shape(0);
  require_shape("a", a.shape(0), a.shape(1), size, size);
  require_shape("l", l.shape(0), l.shape(1), size, size);
  check_without_gil([&] { return nsk_cholesky(a.data(), size, l.data()); });
}

size_t lstsq(Doubles a, Doubles b, OutDoubles x) {
  require_shape("b", b.shape(0), b.shape(1), a.shape(0), b.shape(1));
  require_shape("x", x.shape(0), x.shape(1), a.shape(1), b.shape(1));
  size_t rank = 0;
  check_without_gil([&] { return nsk_lstsq(a.data(), a.shape(0), a.shape(1), b.data(), b.shape(1), x.data(), &rank); });
  return rank;
}

}  // namespace

void bind_algebra(nb::module_ &module) {
  module.def("svd", &svd, nb::arg("a").noconvert(), nb::arg("u").noconvert(), nb::arg("s").noconvert(), nb::arg("vt").noconvert());
  module.def("eigh", &eigh, nb::arg("a").noconvert(), nb::arg("values").noconvert(), nb::arg("vectors").noconvert());
  module.def("cholesky", &cholesky, nb::arg("a").noconvert(), nb::arg("l").noconvert());
  module.def("lstsq", &lstsq, nb::arg("a").noconvert(), nb::arg("b").noconvert(), nb::arg("x").noconvert());
}

}  // namespace netsuke_python
