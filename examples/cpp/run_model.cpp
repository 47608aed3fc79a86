// Compresses a model and runs it, with the C++ interface.
//
//   cmake -S examples/cpp -B build/examples -DCMAKE_PREFIX_PATH=$HOME/netsuke
//   cmake --build build/examples
//   build/examples/run_model examples/fashion-mnist/fashion.onnx [recipe]
#include <netsuke.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

static void print(const char *name, const std::vector<float> &values) {
  std::printf("%s:", name);
  for (float value : values) std::printf(" %.9g", static_cast<double>(value));
  std::printf("\n");
}

int main(int argc, char **argv) try {
  if (argc < 2) return std::fprintf(stderr, "usage: %s model.onnx|model.nsk [recipe]\n", argv[0]), 2;
  netsuke::check_abi();
  const netsuke::model net = netsuke::model::load(argv[1]);

  // An open extent, such as the batch, is 1 here; the pixels are made up and the same everywhere.
  netsuke::dims shape = net.inputs().front().shape;
  size_t count = 1;
  for (int64_t &extent : shape) count *= static_cast<size_t>(extent = std::max<int64_t>(extent, 1));
  std::vector<float> pixels(count);
  for (size_t i = 0; i < count; ++i) pixels[i] = static_cast<float>(static_cast<uint32_t>(i) * 2654435761u >> 16) / 65536.0f;
  const netsuke::tensor_view x = netsuke::view(pixels, shape);

  netsuke::session session(net);
  print("output", session.run(x).front().values<float>());

  if (argc > 2) {
    netsuke::dataset samples{8, [&](size_t) { return std::vector<netsuke::tensor_view>{x}; }};
    const netsuke::model small = net.compress(argv[2], samples);
    std::printf("%zu bytes become %zu\n", net.encode().size(), small.encode().size());
    print("compressed", netsuke::session(small).run(x).front().values<float>());
  }
  return 0;
} catch (const netsuke::error &e) {
  std::fprintf(stderr, "%s: %s\n", e.status_name(), e.what());
  return 1;
}
