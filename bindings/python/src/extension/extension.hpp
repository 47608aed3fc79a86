// What the files of the extension share: one bind function for each topic, and how a failed call becomes a Python exception.
#pragma once
#include <nanobind/nanobind.h>
#include <netsuke.h>

#include <string>

namespace nb = nanobind;

namespace netsuke_python {

/// Raises netsuke.Error (the subclass for `status`) with `message`.
[[noreturn]] void raise_failure(nsk_status status, const std::string &message, const std::string &node = "", int64_t offset = -1);

/// Raises what the failed call left in nsk_last_error. Call it on the thread that made the call, holding the GIL.
[[noreturn]] void raise_last_failure(nsk_status status);

inline void check(nsk_status status) {
  if (status != NSK_OK) raise_last_failure(status);
}

/// Takes over a `char **` result of the library.
std::string taken(char *text);

/// Runs `call`, which returns a status and needs no Python, without the GIL.
template <typename Call>
void check_without_gil(Call &&call) {
  nsk_status status;
  {
    nb::gil_scoped_release release;
    status = call();
  }
  check(status);
}

void bind_library(nb::module_ &module);
void bind_model(nb::module_ &module);
void bind_session(nb::module_ &module);
void bind_operators(nb::module_ &module);
void bind_pruning(nb::module_ &module);
void bind_quantization(nb::module_ &module);
void bind_products(nb::module_ &module);
void bind_algebra(nb::module_ &module);
void bind_factorization(nb::module_ &module);

}  // namespace netsuke_python
