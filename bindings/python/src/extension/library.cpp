#include <nanobind/stl/string.h>

#include "extension.hpp"

namespace netsuke_python {

namespace {
std::string recipe_names() {
  char *json = nullptr;
  check(nsk_recipe_names(&json));
  return taken(json);
}

std::string recipe_get(const std::string &name) {
  char *json = nullptr;
  check(nsk_recipe_get(name.c_str(), &json));
  return taken(json);
}

std::string architecture_names() {
  char *json = nullptr;
  check(nsk_architecture_names(&json));
  return taken(json);
}

std::string architecture_describe(const std::string &name) {
  char *json = nullptr;
  check(nsk_architecture_describe(name.c_str(), &json));
  return taken(json);
}

std::string methods_describe() {
  char *json = nullptr;
  check(nsk_methods_describe(&json));
  return taken(json);
}
}  // namespace

void bind_library(nb::module_ &module) {
  if (nsk_check_abi(NSK_ABI_VERSION) != NSK_OK) {
    PyErr_SetString(PyExc_ImportError, "libnetsuke.so is of another ABI than this package was built for; install the package again");
    throw nb::python_error();
  }
  module.def("version", [] { return std::string(nsk_version()); });
  module.def("build_info", [] { return std::string(nsk_build_info()); });
  module.def("status_string", [](nsk_status status) { return std::string(nsk_status_string(status)); });
  module.def("recipe_names", &recipe_names);
  module.def("recipe_get", &recipe_get);
  module.def("methods_describe", &methods_describe);
  module.def("architecture_names", &architecture_names);
  module.def("architecture_describe", &architecture_describe);
}

}  // namespace netsuke_python
