extension NetworkBuilder {
  /// MobileNetV2's block (Sandler et al. 2018, table 1): 1×1 to `expansion` times the channels, 3×3 depthwise, 1×1 to `channels` without
  /// an activation; added to its input where both have the same shape. No expansion where the factor is 1.
  ///
  /// - scale: about where the last normalization's scale begins when the block is added to its input.
  mutating func invertedResidual(
    _ x: Feature, _ name: String, _ channels: Int, expansion: Int, stride: Int, scale: Double
  ) throws -> Feature {
    let isResidual = stride == 1 && x.channels == channels
    var y = x
    if expansion > 1 { y = try convNorm(y, "\(name)/expand", x.channels * expansion, then: .relu6) }
    y = try depthwiseNorm(y, "\(name)/depthwise", stride: stride, then: .relu6)
    y = try convNorm(y, "\(name)/project", channels, scale: isResidual ? scale : 1)
    return isResidual ? add(x, y, "\(name)/add") : y
  }
}
