extension Architecture {
  /// He et al. 2016, table 1; 11,689,512 parameters and 1.814 billion MACs.
  static let resNet18 = Architecture("resnet18", "ResNet-18 (He et al. 2016)", [.width]) { net, x, options in
    try net.resNet(x, [2, 2, 2, 2], expansion: 1, try options.width, try options.classes)
  }

  /// He et al. 2016, table 1; 25,557,032 parameters and 4.089 billion MACs.
  static let resNet50 = Architecture("resnet50", "ResNet-50 (He et al. 2016)", [.width]) { net, x, options in
    try net.resNet(x, [3, 4, 6, 3], expansion: 4, try options.width, try options.classes)
  }
}

extension NetworkBuilder {
  /// Four stages of residual blocks, which are bottlenecks where `expansion` is above 1.
  fileprivate mutating func resNet(
    _ x: Feature, _ depths: [Int], expansion: Int, _ width: Double, _ classes: Int
  ) throws -> Feature {
    let scale = NetworkBuilder.residualScale(depths.reduce(0, +))
    var x = try convNorm(x, "conv1", scaled(64, by: width), Window(7, stride: 2, padding: 3), then: .relu)
    x = try maxPool(x, "pool1", Window(3, stride: 2, padding: 1))
    for (stage, depth) in depths.enumerated() {
      let channels = scaled(64 << stage, by: width)
      for block in 0..<depth {
        let name = "stage\(stage + 1)/block\(block + 1)", stride = stage > 0 && block == 0 ? 2 : 1
        x =
          expansion > 1
          ? try bottleneckResidual(x, name, expansion * channels, stride: stride, scale: scale)
          : try basicResidual(x, name, channels, stride: stride, shortcut: .projection, scale: scale)
      }
    }
    return try pooledClassifier(x, classes)
  }
}
