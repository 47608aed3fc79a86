// An inference loop written with Eigen, in which one layer is replaced by a netsuke operator.
//
//   cmake -S examples/cpp -B build/examples -DCMAKE_PREFIX_PATH=$HOME/netsuke
//   cmake --build build/examples
//   build/examples/replace_layer
//
// The network is a multi-layer perceptron, 784 - 1024 - 1024 - 10. Nine tenths of the middle layer's weights are set to zero, which Eigen's dense
// product does not notice; the operator keeps only the others. The rest of the program stays as it was.
#include <Eigen/Dense>
#include <netsuke.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::RowVectorXf;

struct Layer {
  Matrix weights; // [out][in]
  Vector bias;

  Layer(int out, int in, std::mt19937 &random) : weights(out, in), bias(out) {
    std::normal_distribution<float> normal(0.0f, std::sqrt(2.0f / static_cast<float>(in)));
    for (int i = 0; i < weights.size(); ++i) weights.data()[i] = normal(random);
    for (int i = 0; i < out; ++i) bias(i) = 0.1f * normal(random);
  }

  Matrix operator()(const Matrix &x) const { return (x * weights.transpose()).rowwise() + bias; }
};

static Matrix relu(const Matrix &x) { return x.cwiseMax(0.0f); }

/// Median milliseconds of a call.
template <class Body> static double milliseconds(Body body) {
  std::vector<double> times;
  for (int round = 0; round < 21; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

int main() try {
  netsuke::check_abi();
  std::mt19937 random(7);
  const Layer first(1024, 784, random), last(10, 1024, random);
  Layer middle(1024, 1024, random);
  const size_t count = static_cast<size_t>(middle.weights.size());

  // Prune in place: the smallest nine tenths become zero.
  std::vector<uint8_t> mask(count);
  netsuke::check(nsk_prune_magnitude(middle.weights.data(), count, 0.9, mask.data()));
  netsuke::check(nsk_prune_apply(middle.weights.data(), mask.data(), count));

  // The operator takes the layer's weights as Eigen stores them, and the activation with it.
  const netsuke::linear operation(middle.weights.data(), middle.bias.data(), 1024, 1024, netsuke::sparse_weights(),
                                  netsuke::activation(NSK_ACTIVATION_RELU));

  std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
  Matrix x(8, 784);
  for (int i = 0; i < x.size(); ++i) x.data()[i] = uniform(random);

  const auto with_eigen = [&] { return last(relu(middle(relu(first(x))))); };
  const auto with_netsuke = [&] {
    const Matrix hidden = relu(first(x));
    Matrix next(hidden.rows(), 1024);
    operation(hidden.data(), static_cast<size_t>(hidden.rows()), next.data());
    return last(next);
  };

  const Matrix expected = with_eigen(), result = with_netsuke();
  const float error = (expected - result).cwiseAbs().maxCoeff() / expected.cwiseAbs().maxCoeff();
  const Matrix hidden = relu(first(x));
  Matrix next(8, 1024);
  const double before = milliseconds([&] { next = relu(middle(hidden)); });
  const double after = milliseconds([&] { operation(hidden.data(), 8, next.data()); });
  std::printf("the middle layer: %zu bytes, %.3f ms with Eigen; %zu bytes, %.3f ms with netsuke\n", (count + 1024) * sizeof(float), before,
              operation.bytes(), after);
  std::printf("largest difference of the outputs: %.2g of the largest output\n", static_cast<double>(error));
  // Two orders of summation of about 100 products: a few units in the last place of each.
  return error < 1e-5f ? 0 : 1;
} catch (const netsuke::error &e) {
  std::fprintf(stderr, "%s: %s\n", e.status_name(), e.what());
  return 1;
}
