extension NetworkBuilder {
  /// MobileNetV1's layer (Howard et al. 2017, figure 3): 3×3 depthwise and 1×1, both with normalization and ReLU.
  mutating func separable(_ x: Feature, _ name: String, _ channels: Int, stride: Int = 1) throws -> Feature {
    let y = try depthwiseNorm(x, "\(name)/depthwise", stride: stride, then: .relu)
    return try convNorm(y, "\(name)/pointwise", channels, then: .relu)
  }

  /// Xception's layer (Chollet 2017): 3×3 depthwise and 1×1 with nothing between them, then normalization.
  mutating func linearSeparable(
    _ x: Feature, _ name: String, _ channels: Int, then rectifier: Rectifier = .none, scale: Double = 1
  ) throws -> Feature {
    let window = Window(3, padding: 1)
    let y = try convolution(x, "\(name)/depthwise", x.channels, window, groups: x.channels, hasBias: false, gain: 1)
    return try convNorm(y, "\(name)/pointwise", channels, then: rectifier, scale: scale)
  }
}
