import Graph
import Tensors

extension ReferenceOperator {
  static let relu = map(.relu) { _ in .relu }
  static let sigmoid = map(.sigmoid) { _ in .sigmoid }
  static let tanh = map(.tanh) { _ in .tanh }
  static let hardSwish = map(.hardSwish) { _ in .hardSwish }
  static let leakyRelu = map(.leakyRelu) { .leakyRelu(alpha: try $0.float("alpha", default: 0.01)) }
  static let hardSigmoid = map(.hardSigmoid) {
    .hardSigmoid(alpha: try $0.float("alpha", default: 0.2), beta: try $0.float("beta", default: 0.5))
  }

  private static func map(_ op: Operator, _ activation: @escaping @Sendable (Attributes) throws -> Activation) -> ReferenceOperator {
    ReferenceOperator(op) { call in
      var elements = try call.input(0).doubles()
      try activation(call.node.attributes).apply(to: &elements)
      return try call.rounded(elements)
    }
  }

  /// min(max(x, low), high); a bound left out is none.
  static let clip = ReferenceOperator(.clip) { call in
    let x = try call.input(0)
    guard !x.dtype.isFloat else {
      let low = call.optional(1)?.doubles().first ?? -.infinity
      let high = call.optional(2)?.doubles().first ?? .infinity
      return try call.rounded(
        x.doubles().map { value in
          let raised = value < low ? low : value
          return raised > high ? high : raised
        })
    }
    // Doubles would round 64-bit integers.
    let low = try call.optional(1)?.wrappedInts().first
    let high = try call.optional(2)?.wrappedInts().first
    let less: (Int, Int) -> Bool = x.dtype == .u64 ? { UInt(bitPattern: $0) < UInt(bitPattern: $1) } : { $0 < $1 }
    let clipped = try x.wrappedInts().map { value in
      let raised = if let low, less(value, low) { low } else { value }
      return if let high, less(high, raised) { high } else { raised }
    }
    return [try Tensor(x.dtype, call.shape(), wrapping: clipped)]
  }
}
