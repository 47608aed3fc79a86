extension NetworkBuilder {
  /// EffNet's block (Freeman et al. 2018, table 1): 1×1, 1×3 depthwise, 2×1 maximum, 3×1 depthwise, and a convolution of two pixels to
  /// `channels`; each convolution has LeakyReLU and then normalization.
  ///
  /// The pooling halves the height, so the last convolution must halve the width. Its kernel lies along the axis that it strides,
  /// 1×2 with stride 1×2: every pixel is read once. (Known ports have 2×1 with stride 1×2, which drops every second column.)
  mutating func effBlock(_ x: Feature, _ name: String, _ inner: Int, _ channels: Int) throws -> Feature {
    var y = try leakyNorm(x, "\(name)/pointwise", inner, .pointwise)
    y = try leakyNorm(y, "\(name)/depthwise1x3", inner, Window((1, 3), padding: (0, 1)), groups: inner)
    y = try maxPool(y, "\(name)/pool", Window((2, 1), stride: (2, 1)))
    y = try leakyNorm(y, "\(name)/depthwise3x1", inner, Window((3, 1), padding: (1, 0)), groups: inner)
    return try leakyNorm(y, "\(name)/conv", channels, Window((1, 2), stride: (1, 2)))
  }

  private mutating func leakyNorm(_ x: Feature, _ name: String, _ channels: Int, _ window: Window, groups: Int = 1) throws -> Feature {
    let y = try convolution(x, name, channels, window, groups: groups, hasBias: false, gain: Rectifier.leaky.gain)
    return try batchNorm(try rectify(y, name, .leaky), name)
  }
}
