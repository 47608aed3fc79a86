#include "arrays.hpp"
#include "extension.hpp"

namespace netsuke_python {

namespace {

using OutIndices = Array<int32_t, nb::ndim<1>>;

size_t csr_count(InMatrix dense) {
  size_t nonzeros = 0;
  check_without_gil([&] {
    return nsk_csr_from_dense(dense.data(), dense.shape(0), dense.shape(1), nullptr, nullptr, nullptr, 0, &nonzeros);
  });
  return nonzeros;
}

void csr_from_dense(InMatrix dense, OutIndices row_offsets, OutIndices column_indices, Array<float, nb::ndim<1>> values) {
  if (row_offsets.size() != dense.shape(0) + 1 || column_indices.size() != values.size()) {
    raise_failure(NSK_SHAPE_MISMATCH, "row_offsets has one element more than there are rows; column_indices and values are equally long");
  }
  size_t nonzeros = 0;
  check_without_gil([&] {
    return nsk_csr_from_dense(dense.data(), dense.shape(0), dense.shape(1), row_offsets.data(), column_indices.data(), values.data(),
                              values.size(), &nonzeros);
  });
}

void spmm(InIndices row_offsets, InIndices column_indices, InRow values, InMatrix b, OutMatrix c) {
  // The library checks the offsets against each other; that the last one stays inside the arrays is for us to say.
  const size_t rows = c.shape(0);
  if (row_offsets.size() != rows + 1 || column_indices.size() != values.size() || b.shape(1) != c.shape(1) ||
      row_offsets.data()[rows] < 0 || static_cast<size_t>(row_offsets.data()[rows]) > values.size()) {
    raise_failure(NSK_SHAPE_MISMATCH, "the parts of the sparse matrix, b and c do not fit each other");
  }
  check_without_gil([&] {
    return nsk_spmm_f32(rows, b.shape(0), b.shape(1), row_offsets.data(), column_indices.data(), values.data(), b.data(), b.shape(1),
                        c.data(), c.shape(1));
  });
}

void gemm_u8s8s32(Array<const uint8_t, nb::ndim<2>> a, int32_t a_zero_point, Array<const int8_t, nb::ndim<2>> b,
                  Array<int32_t, nb::ndim<2>> c) {
  if (a.shape(1) != b.shape(1) || c.shape(0) != a.shape(0) || c.shape(1) != b.shape(0)) {
    raise_failure(NSK_SHAPE_MISMATCH, "a is [m][k], b is [n][k]");
  }
  const size_t m = a.shape(0), n = b.shape(0), k = a.shape(1);
  check_without_gil([&] { return nsk_gemm_u8s8s32(m, n, k, a.data(), k, a_zero_point, b.data(), k, c.data(), n); });
}

}  // namespace

void bind_products(nb::module_ &module) {
  module.def("csr_count", &csr_count, nb::arg("dense").noconvert());
  module.def("csr_from_dense", &csr_from_dense, nb::arg("dense").noconvert(), nb::arg("row_offsets").noconvert(),
             nb::arg("column_indices").noconvert(), nb::arg("values").noconvert());
  module.def("spmm", &spmm, nb::arg("row_offsets").noconvert(), nb::arg("column_indices").noconvert(), nb::arg("values").noconvert(),
             nb::arg("b").noconvert(), nb::arg("c").noconvert());
  module.def("gemm_u8s8s32", &gemm_u8s8s32, nb::arg("a").noconvert(), nb::arg("a_zero_point"), nb::arg("b").noconvert(),
             nb::arg("c").noconvert());
}

}  // namespace netsuke_python
