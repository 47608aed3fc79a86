import KernelContract

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Epilogue {
  /// The function in Double.
  func exact(_ x: Double) -> Double {
    switch kind {
    case .clamp: min(max(x, Double(a)), Double(b))
    case .leakyRelu: x < 0 ? Double(a) * x : x
    case .hardSigmoid: min(max(Double(a) * x + Double(b), 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundationless.tanh(x)
    }
  }

  static let all: [Epilogue] = [
    .none, .relu, .clamp(0, 6), .clamp(-1, 0.25), .leakyRelu(0.1), .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish, .sigmoid, .tanh,
  ]
}

/// The C library's function, whose name the enumeration's case hides.
private enum Foundationless {
  static func tanh(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.tanh(x)
    #else
      Darwin.tanh(x)
    #endif
  }
}
