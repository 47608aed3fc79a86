extension NetworkBuilder {
  /// How a residual block brings its input to the shape of its result.
  enum Shortcut {
    /// A 1×1 convolution (He et al. 2016, option B).
    case projection
    /// Every second pixel, and channels of zeros: no parameters (option A).
    case padding
  }

  /// Two 3×3 convolutions beside a shortcut (He et al. 2016, figure 5 left).
  ///
  /// - scale: about where the last normalization's scale begins.
  mutating func basicResidual(
    _ x: Feature, _ name: String, _ channels: Int, stride: Int, shortcut: Shortcut, scale: Double
  ) throws -> Feature {
    var y = try convNorm(x, "\(name)/conv1", channels, Window(3, stride: stride, padding: 1), then: .relu)
    y = try convNorm(y, "\(name)/conv2", channels, Window(3, padding: 1), scale: scale)
    let passed = try self.shortcut(x, "\(name)/shortcut", channels, stride: stride, shortcut)
    return try rectify(add(passed, y, "\(name)/add"), name, .relu)
  }

  /// 1×1 to a quarter of the channels, 3×3, 1×1 back, beside a shortcut (figure 5 right); the stride is that of the 3×3, as in
  /// most implementations since 2016.
  mutating func bottleneckResidual(_ x: Feature, _ name: String, _ channels: Int, stride: Int, scale: Double) throws -> Feature {
    var y = try convNorm(x, "\(name)/conv1", channels / 4, then: .relu)
    y = try convNorm(y, "\(name)/conv2", channels / 4, Window(3, stride: stride, padding: 1), then: .relu)
    y = try convNorm(y, "\(name)/conv3", channels, scale: scale)
    let passed = try shortcut(x, "\(name)/shortcut", channels, stride: stride, .projection)
    return try rectify(add(passed, y, "\(name)/add"), name, .relu)
  }

  private mutating func shortcut(_ x: Feature, _ name: String, _ channels: Int, stride: Int, _ kind: Shortcut) throws -> Feature {
    if stride == 1, x.channels == channels { return x }
    switch kind {
    case .projection: return try convNorm(x, name, channels, Window(1, stride: stride))
    case .padding:
      let parameters = [
        try integers("\(name)/starts", [0, 0]), try integers("\(name)/ends", [x.height, x.width]),
        try integers("\(name)/axes", [2, 3]), try integers("\(name)/steps", [stride, stride]),
      ]
      let taken = append(.slice, "\(name)/slice", [x.id] + parameters)
      // The same number of zeros on both sides, one more behind where it is odd.
      let extra = channels - x.channels
      let pads = try integers("\(name)/pads", [0, extra / 2, 0, 0, 0, extra - extra / 2, 0, 0])
      let id = extra == 0 ? taken : append(.pad, "\(name)/pad", [taken, pads], ["mode": .string("constant")])
      return Feature(
        id: id, channels: channels, height: (x.height + stride - 1) / stride, width: (x.width + stride - 1) / stride)
    }
  }

  /// The scale at which a residual block's last normalization begins in a network of `count` such blocks: the sum of all of them
  /// then grows the mean square by e at most, not by 2 for every block (De and Smith 2020 go to 0 and train from there).
  static func residualScale(_ count: Int) -> Double { 1 / Double(max(count, 1)).squareRoot() }
}
