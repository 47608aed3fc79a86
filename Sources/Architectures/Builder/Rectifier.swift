import Graph
import Tensors

/// What follows a layer, and so how large its weights begin.
enum Rectifier {
  case none
  case relu
  /// min(max(x, 0), 6)
  case relu6
  /// x, or `leakySlope`·x below 0.
  case leaky

  static let leakySlope: Float = 0.01

  /// The factor on the variance of the weights that keeps the mean square of the activations (He et al. 2015, equations 10 and 14).
  var gain: Double {
    switch self {
    case .none: 1
    case .relu, .relu6: 2
    case .leaky: 2 / (1 + Double(Rectifier.leakySlope * Rectifier.leakySlope))
    }
  }
}

extension NetworkBuilder {
  /// The rectified `x`, by a node named after `name`.
  mutating func rectify(_ x: Feature, _ name: String, _ rectifier: Rectifier) throws -> Feature {
    switch rectifier {
    case .none: return x
    case .relu: return x.replaced(by: append(.relu, "\(name)/relu", [x.id]))
    case .leaky: return x.replaced(by: append(.leakyRelu, "\(name)/relu", [x.id], ["alpha": .float(Rectifier.leakySlope)]))
    case .relu6:
      let low = try scalar("relu6/low", 0), high = try scalar("relu6/high", 6)
      return x.replaced(by: append(.clip, "\(name)/relu6", [x.id, low, high]))
    }
  }
}
