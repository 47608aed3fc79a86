import Graph
import Tensors

/// Where the activation fused behind a layer passes sums on; what lies outside is cut off, and all the same.
struct ActiveRange {
  let low: Float
  let high: Float

  /// What a ReLU passes on.
  static let relu = ActiveRange(low: 0, high: .infinity)

  private init(low: Float, high: Float) { (self.low, self.high) = (low, high) }

  /// nil for a node without an activation that cuts off.
  init?(_ node: Node) throws {
    switch try Activation(node.attributes) {
    case .relu: (low, high) = (0, .infinity)
    case .clip(let low, let high): (self.low, self.high) = (low, high)
    default: return nil
    }
  }

  /// Sums that are as good as `wanted` and nearest to `found`: where `wanted` is cut off, any that is cut off at the same end (the
  /// auxiliary variable of Zhang et al. 2016, "Accelerating very deep convolutional networks", section 3.2).
  func targets(_ wanted: Tensor, nearest found: Tensor) throws -> Tensor {
    guard wanted.shape == found.shape, wanted.dtype == .f32, found.dtype == .f32 else {
      throw Failure(.internal, "sums of \(wanted.shape) and \(found.shape) do not compare")
    }
    return try Tensor(.f32, wanted.shape) { bytes in
      let (a, b, out) = (wanted.elements(as: Float.self), found.elements(as: Float.self), bytes.bindMemory(to: Float.self))
      for index in 0..<a.count {
        out[index] = a[index] <= low ? min(b[index], low) : a[index] >= high ? max(b[index], high) : a[index]
      }
    }
  }
}
