import Graph
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Activation {
  /// The activation of one number, in double precision. NaN stays NaN.
  package func apply(_ x: Double) -> Double {
    switch self {
    case .none: x
    case .relu: x < 0 ? 0 : x
    case .clip(let low, let high): Self.clip(x, Double(low), Double(high))
    case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
    case .hardSigmoid(let alpha, let beta): Self.clip(Double(alpha) * x + Double(beta), 0, 1)
    case .hardSwish: x * Self.clip(x / 6 + 0.5, 0, 1)
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Self.hyperbolicTangent(x)
    }
  }

  private static func hyperbolicTangent(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.tanh(x)
    #else
      Musl.tanh(x)
    #endif
  }

  /// min(max(x, low), high), as ONNX defines it where low is above high.
  private static func clip(_ x: Double, _ low: Double, _ high: Double) -> Double {
    let raised = x < low ? low : x
    return raised > high ? high : raised
  }

  /// The activation of every element, in place.
  package func apply(to elements: inout [Double]) {
    if self == .none { return }
    for index in elements.indices { elements[index] = apply(elements[index]) }
  }
}
