#include "model.hpp"

#include <nanobind/stl/string.h>

#include <string>

#include "extension.hpp"

namespace netsuke_python {

namespace {

Model load(nb::bytes path) {
  nsk_model *handle = nullptr;
  check_without_gil([&] { return nsk_model_load(path.c_str(), &handle); });
  return Model(handle);
}

Model load_memory(nb::handle bytes) {
  Py_buffer view;
  if (PyObject_GetBuffer(bytes.ptr(), &view, PyBUF_SIMPLE) != 0) throw nb::python_error();
  nsk_model *handle = nullptr;
  nsk_status status;
  {
    nb::gil_scoped_release release;
    status = nsk_model_load_memory(view.buf, static_cast<size_t>(view.len), &handle);
  }
  PyBuffer_Release(&view);
  check(status);
  return Model(handle);
}

Model architecture_create(const std::string &name, const std::string &options) {
  nsk_model *handle = nullptr;
  check_without_gil([&] { return nsk_architecture_create(name.c_str(), options.c_str(), &handle); });
  return Model(handle);
}

void save(const Model &model, nb::bytes path) {
  check_without_gil([&] { return nsk_model_save(model.handle(), path.c_str()); });
}

int append(void *user, const void *bytes, size_t size) {
  try {
    static_cast<std::string *>(user)->append(static_cast<const char *>(bytes), size);
    return 0;
  } catch (...) {
    return 1;
  }
}

nb::bytes write(const Model &model, int32_t format) {
  std::string bytes;
  check_without_gil([&] { return nsk_model_write(model.handle(), format, &append, &bytes); });
  return nb::bytes(bytes.data(), bytes.size());
}

/// (name, dtype, dims) of each value; dims is None where the rank is open, and -1 in it where an extent is.
template <typename Count, typename Info>
nb::list values(const Model &model, Count count, Info info) {
  nb::list result;
  for (size_t index = 0; index < count(model.handle()); ++index) {
    nsk_value_info value = NSK_VALUE_INFO_INIT;
    check(info(model.handle(), index, &value));
    nb::object dims = nb::none();
    if (value.rank >= 0) {
      nb::list extents;
      for (int32_t i = 0; i < value.rank; ++i) extents.append(value.dims[i]);
      dims = extents;
    }
    result.append(nb::make_tuple(nb::str(value.name), nb::str(nsk_dtype_name(value.dtype)), dims));
  }
  return result;
}

std::string describe(const Model &model) {
  char *json = nullptr;
  check_without_gil([&] { return nsk_model_describe(model.handle(), &json); });
  return taken(json);
}

std::string pruning_groups(const Model &model) {
  char *json = nullptr;
  check_without_gil([&] { return nsk_model_pruning_groups(model.handle(), &json); });
  return taken(json);
}

nb::object report(const Model &model) {
  char *json = nullptr;
  const nsk_status status = nsk_model_report(model.handle(), &json);
  if (status == NSK_NOT_FOUND) return nb::none();
  check(status);
  return nb::cast(taken(json));
}

}  // namespace

std::vector<Borrowed> borrow_inputs(const nsk_model *model, nb::sequence objects) {
  const size_t count = nsk_model_input_count(model), given = nb::len(objects);
  if (given != count) {
    raise_failure(NSK_INVALID_ARGUMENT,
                  std::to_string(given) + " arrays were given; the model has " + std::to_string(count) + " inputs");
  }
  std::vector<Borrowed> result;
  result.reserve(count);
  for (size_t index = 0; index < count; ++index) {
    nsk_value_info info = NSK_VALUE_INFO_INIT;
    check(nsk_model_input_info(model, index, &info));
    result.emplace_back(nb::object(objects[index]), info.dtype, info.name);
  }
  return result;
}

void bind_model(nb::module_ &module) {
  module.def("load", &load, nb::arg("path"));
  module.def("load_memory", &load_memory, nb::arg("bytes"));
  module.def("architecture_create", &architecture_create, nb::arg("name"), nb::arg("options"));
  nb::class_<Model>(module, "Model")
      .def("save", &save, nb::arg("path"))
      .def("write", &write, nb::arg("format"))
      .def("describe", &describe)
      .def("pruning_groups", &pruning_groups)
      .def("report", &report)
      .def("inputs", [](const Model &model) { return values(model, nsk_model_input_count, nsk_model_input_info); })
      .def("outputs", [](const Model &model) { return values(model, nsk_model_output_count, nsk_model_output_info); })
      .def("compress", &compress, nb::arg("recipe"), nb::arg("sample_count"), nb::arg("sample").none(), nb::arg("progress").none(),
           nb::arg("log").none(), nb::arg("threads"));
  module.attr("FORMAT_NSK") = static_cast<int>(NSK_FORMAT_NSK);
  module.attr("FORMAT_ONNX") = static_cast<int>(NSK_FORMAT_ONNX);
}

}  // namespace netsuke_python
