#include "extension.hpp"

using namespace netsuke_python;

NB_MODULE(_netsuke, module) {
  module.doc() = "The C functions of libnetsuke, with Python's memory and exceptions. The package netsuke is what people use.";
  nb::set_leak_warnings(false);  // an interpreter that ends while sessions live is no mistake of the caller's
  bind_library(module);
  bind_model(module);
  bind_session(module);
  bind_operators(module);
  bind_pruning(module);
  bind_quantization(module);
  bind_products(module);
  bind_algebra(module);
  bind_factorization(module);
}
