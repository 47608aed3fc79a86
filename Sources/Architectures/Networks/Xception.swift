extension Architecture {
  /// Chollet 2017, figure 5; 22,855,952 parameters and 8.36 billion MACs at 299×299.
  static let xception = Architecture(
    "xception", "Xception: separable convolutions with residuals (Chollet 2017)", resolution: 299, atLeast: 32
  ) { net, x, options in
    let scale = NetworkBuilder.residualScale(12)
    var x = try net.convNorm(x, "conv1", 32, Window(3, stride: 2), then: .relu)
    x = try net.convNorm(x, "conv2", 64, Window(3), then: .relu)
    for (index, channels) in [128, 256, 728].enumerated() {
      x = try net.xceptionDown(x, "entry\(index + 1)", [channels, channels], beginsRectified: index > 0, scale: scale)
    }
    for index in 1...8 {
      var y = x
      for layer in 1...3 {
        let name = "middle\(index)/sep\(layer)"
        y = try net.linearSeparable(try net.rectify(y, "\(name)/before", .relu), name, 728, scale: layer == 3 ? scale : 1)
      }
      x = net.add(x, y, "middle\(index)/add")
    }
    x = try net.xceptionDown(x, "exit", [728, 1024], beginsRectified: true, scale: scale)
    x = try net.linearSeparable(x, "sep1", 1536, then: .relu)
    x = try net.linearSeparable(x, "sep2", 2048, then: .relu)
    return try net.pooledClassifier(x, try options.classes)
  }
}

extension NetworkBuilder {
  /// Two separable convolutions and a pooling with stride 2, beside a 1×1 convolution with stride 2.
  fileprivate mutating func xceptionDown(
    _ x: Feature, _ name: String, _ channels: [Int], beginsRectified: Bool, scale: Double
  ) throws -> Feature {
    var y = x
    for (index, count) in channels.enumerated() {
      let layer = "\(name)/sep\(index + 1)", isLast = index == channels.count - 1
      if index > 0 || beginsRectified { y = try rectify(y, "\(layer)/before", .relu) }
      y = try linearSeparable(y, layer, count, scale: isLast ? scale : 1)
    }
    y = try maxPool(y, "\(name)/pool", Window(3, stride: 2, padding: 1))
    let passed = try convNorm(x, "\(name)/shortcut", y.channels, Window(1, stride: 2))
    return add(passed, y, "\(name)/add")
  }
}
