import Tensors

/// A function fused behind Conv, Gemm or Add: the attribute `activation` with its parameters.
///
/// In the graph: `activation` is the ONNX operator's name; Clip has `activation_min`, `activation_max`; LeakyRelu
/// `activation_alpha`; HardSigmoid `activation_alpha`, `activation_beta`.
package enum Activation: Hashable, Sendable {
  case none
  case relu
  /// min(max(x, low), high); an end left open is infinite.
  case clip(low: Float, high: Float)
  case leakyRelu(alpha: Float)
  /// min(max(alpha·x + beta, 0), 1)
  case hardSigmoid(alpha: Float, beta: Float)
  /// x · min(max(x/6 + 1/2, 0), 1)
  case hardSwish
  case sigmoid
  case tanh

  package init(_ attributes: Attributes) throws {
    let name = try attributes.string("activation", default: "")
    switch name {
    case "": self = .none
    case "Relu": self = .relu
    case "Clip":
      self = .clip(
        low: try attributes.float("activation_min", default: -.infinity), high: try attributes.float("activation_max", default: .infinity))
    case "LeakyRelu": self = .leakyRelu(alpha: try attributes.float("activation_alpha", default: 0.01))
    case "HardSigmoid":
      self = .hardSigmoid(
        alpha: try attributes.float("activation_alpha", default: 0.2), beta: try attributes.float("activation_beta", default: 0.5))
    case "HardSwish": self = .hardSwish
    case "Sigmoid": self = .sigmoid
    case "Tanh": self = .tanh
    default: throw Failure(.unsupported, "the activation '\(name)' is not known")
    }
  }

  /// Writes the activation into `attributes`, replacing what was there.
  package func store(in attributes: inout Attributes) {
    for name in ["activation", "activation_min", "activation_max", "activation_alpha", "activation_beta"] { attributes[name] = nil }
    switch self {
    case .none: break
    case .relu: attributes["activation"] = .string("Relu")
    case .clip(let low, let high):
      attributes["activation"] = .string("Clip")
      if low > -.infinity { attributes["activation_min"] = .float(low) }
      if high < .infinity { attributes["activation_max"] = .float(high) }
    case .leakyRelu(let alpha):
      attributes["activation"] = .string("LeakyRelu")
      attributes["activation_alpha"] = .float(alpha)
    case .hardSigmoid(let alpha, let beta):
      attributes["activation"] = .string("HardSigmoid")
      attributes["activation_alpha"] = .float(alpha)
      attributes["activation_beta"] = .float(beta)
    case .hardSwish: attributes["activation"] = .string("HardSwish")
    case .sigmoid: attributes["activation"] = .string("Sigmoid")
    case .tanh: attributes["activation"] = .string("Tanh")
    }
  }
}
