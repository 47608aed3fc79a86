import Graph
import KernelContract
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Activation {
  /// The activation of one number, rounded once; for tables of 256 codes.
  func callAsFunction(_ real: Float) -> Float {
    let x = Double(real)
    return switch self {
    case .none: real
    case .relu: max(real, 0)
    case .clip(let low, let high): min(max(real, low), high)
    case .leakyRelu(let alpha): x < 0 ? Float(Double(alpha) * x) : real
    case .hardSigmoid(let alpha, let beta): Float(min(max(Double(alpha) * x + Double(beta), 0), 1))
    case .hardSwish: Float(x * min(max(x / 6 + 0.5, 0), 1))
    case .sigmoid: Float(1 / (1 + exp(-x)))
    case .tanh: Float(1 - 2 / (exp(2 * x) + 1))
    }
  }
}

extension Epilogue {
  init(_ activation: Activation) {
    self =
      switch activation {
      case .none: .none
      case .relu: .relu
      case .clip(let low, let high): .clamp(low, high)
      case .leakyRelu(let alpha): .leakyRelu(alpha)
      case .hardSigmoid(let alpha, let beta): .hardSigmoid(alpha: alpha, beta: beta)
      case .hardSwish: .hardSwish
      case .sigmoid: .sigmoid
      case .tanh: .tanh
      }
  }
}

extension CodeParameters {
  /// The code of a real number, as QuantizeLinear makes it.
  func code(_ real: Float) -> UInt8 {
    let ratio = (real / scale).rounded(.toNearestOrEven)
    guard !ratio.isNaN else { return 0 }
    return UInt8(min(max(ratio + Float(zeroPoint), 0), 255))
  }

  func real(_ code: UInt8) -> Float { Float(Int32(code) - zeroPoint) * scale }

  /// The codes to clamp to where `activation` is a clamp: as rounding is monotone, clamping the codes is clamping the reals.
  func range(_ activation: Activation) -> (low: Int32, high: Int32)? {
    let bounds: (low: Int32, high: Int32)
    switch activation {
    case .none: bounds = (0, 255)
    case .relu: bounds = (zeroPoint, 255)
    case .clip(let low, let high):
      guard !low.isNaN, !high.isNaN else { return nil }
      bounds = (Int32(code(low)), Int32(code(high)))
    default: return nil
    }
    return bounds.low <= bounds.high ? bounds : nil
  }

  /// For each code, the code of `function` of what it stands for.
  func table(to output: CodeParameters, _ function: (Float) -> Float) -> [UInt8] {
    (0...255).map { output.code(function(real(UInt8($0)))) }
  }
}

extension PlanBuilder {
  /// The function of an elementwise node with one input.
  func activation(of node: Node) throws -> Activation {
    func bound(_ position: Int, _ open: Float) throws -> Float {
      guard node.input(position) != nil else { return open }
      guard let tensor = try graph.constant(node, position), let value = tensor.floats().first else {
        throw unsupported("the bounds must be constant")
      }
      return value
    }
    switch node.op {
    case .relu: return .relu
    case .clip: return .clip(low: try bound(1, -.infinity), high: try bound(2, .infinity))
    case .leakyRelu: return .leakyRelu(alpha: try node.attributes.float("alpha", default: 0.01))
    case .hardSigmoid:
      return .hardSigmoid(
        alpha: try node.attributes.float("alpha", default: 0.2), beta: try node.attributes.float("beta", default: 0.5))
    case .hardSwish: return .hardSwish
    case .sigmoid: return .sigmoid
    case .tanh: return .tanh
    default: return .none
    }
  }
}
