#include <nanobind/stl/string.h>

#include "extension.hpp"

namespace netsuke_python {

void raise_failure(nsk_status status, const std::string &message, const std::string &node, int64_t offset) {
  nb::object make = nb::module_::import_("netsuke._errors").attr("make_error");
  nb::object error = make(status, message, node, offset);
  PyErr_SetObject(error.type().ptr(), error.ptr());
  throw nb::python_error();
}

void raise_last_failure(nsk_status status) {
  raise_failure(status, nsk_last_error(), nsk_last_error_node(), nsk_last_error_offset());
}

std::string taken(char *text) {
  std::string result = text ? text : "";
  nsk_string_release(text);
  return result;
}

}  // namespace netsuke_python
