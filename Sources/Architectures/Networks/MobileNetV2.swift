extension Architecture {
  /// Sandler et al. 2018; 3,504,872 parameters and 300.8 million MACs. The last convolution does not shrink below 1280 channels.
  static let mobileNetV2 = Architecture(
    "mobilenet_v2", "MobileNetV2: inverted residuals (Sandler et al. 2018)", [.width]
  ) { net, x, options in
    let width = try options.width
    let stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    let scale = NetworkBuilder.residualScale(10)
    var x = try net.convNorm(x, "conv1", scaled(32, by: width), Window(3, stride: 2, padding: 1), then: .relu6)
    for (stage, (expansion, channels, depth, stride)) in stages.enumerated() {
      for block in 0..<depth {
        x = try net.invertedResidual(
          x, "stage\(stage + 1)/block\(block + 1)", scaled(channels, by: width), expansion: expansion, stride: block == 0 ? stride : 1,
          scale: scale)
      }
    }
    x = try net.convNorm(x, "conv2", scaled(1280, by: max(width, 1)), then: .relu6)
    return try net.pooledClassifier(x, try options.classes)
  }
}
