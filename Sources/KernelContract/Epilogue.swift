/// A function of one element, applied behind a product, a sum, or alone.
package enum ActivationKind: UInt32, BitwiseCopyable, Sendable {
  /// min(max(x, a), b): none with ∓∞, relu with 0 and ∞, relu6 with 0 and 6.
  case clamp
  /// x where x ≥ 0, else a·x
  case leakyRelu
  /// min(max(a·x + b, 0), 1)
  case hardSigmoid
  /// x · min(max(x/6 + 1/2, 0), 1)
  case hardSwish
  /// 1 / (1 + e⁻ˣ)
  case sigmoid
  case tanh
}

/// An activation with its parameters, as a descriptor carries it.
package struct Epilogue: BitwiseCopyable, Sendable, Hashable {
  package var kind: ActivationKind
  package var a: Float
  package var b: Float

  package init(_ kind: ActivationKind, a: Float = 0, b: Float = 0) {
    self.kind = kind
    self.a = a
    self.b = b
  }

  package static let none = Epilogue(.clamp, a: -.infinity, b: .infinity)
  package static let relu = Epilogue(.clamp, a: 0, b: .infinity)
  package static func clamp(_ low: Float, _ high: Float) -> Epilogue { Epilogue(.clamp, a: low, b: high) }
  package static func leakyRelu(_ alpha: Float) -> Epilogue { Epilogue(.leakyRelu, a: alpha) }
  package static func hardSigmoid(alpha: Float, beta: Float) -> Epilogue { Epilogue(.hardSigmoid, a: alpha, b: beta) }
  package static let hardSwish = Epilogue(.hardSwish)
  package static let sigmoid = Epilogue(.sigmoid)
  package static let tanh = Epilogue(.tanh)
}
