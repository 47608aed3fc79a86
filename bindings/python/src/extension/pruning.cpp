#include "arrays.hpp"
#include "extension.hpp"

namespace netsuke_python {

namespace {

using Mask = Array<uint8_t>;

void same_size(size_t a, size_t b) {
  if (a != b) raise_failure(NSK_SHAPE_MISMATCH, "the arrays differ in size: " + std::to_string(a) + " and " + std::to_string(b));
}

void prune_magnitude(In weights, double sparsity, Mask mask) {
  same_size(weights.size(), mask.size());
  check_without_gil([&] { return nsk_prune_magnitude(weights.data(), weights.size(), sparsity, mask.data()); });
}

void prune_magnitude_activation(InMatrix weights, InRow input_norms, double sparsity, Mask mask) {
  same_size(weights.size(), mask.size());
  same_size(weights.shape(1), input_norms.size());
  check_without_gil([&] {
    return nsk_prune_magnitude_activation(weights.data(), weights.shape(0), weights.shape(1), input_norms.data(), sparsity,
                                          mask.data());
  });
}

void prune_apply(Out weights, Array<const uint8_t> mask) {
  same_size(weights.size(), mask.size());
  check_without_gil([&] { return nsk_prune_apply(weights.data(), mask.data(), weights.size()); });
}

}  // namespace

void bind_pruning(nb::module_ &module) {
  module.def("prune_magnitude", &prune_magnitude, nb::arg("weights").noconvert(), nb::arg("sparsity"), nb::arg("mask").noconvert());
  module.def("prune_magnitude_activation", &prune_magnitude_activation, nb::arg("weights").noconvert(),
             nb::arg("input_norms").noconvert(), nb::arg("sparsity"), nb::arg("mask").noconvert());
  module.def("prune_apply", &prune_apply, nb::arg("weights").noconvert(), nb::arg("mask").noconvert());
}

}  // namespace netsuke_python
