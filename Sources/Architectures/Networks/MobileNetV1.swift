extension Architecture {
  /// Howard et al. 2017; 4,231,976 parameters and 568.7 million MACs.
  ///
  /// The last depthwise layer has stride 1, whatever the paper's table prints. Strided layers pad one pixel on every side.
  static let mobileNetV1 = Architecture(
    "mobilenet_v1", "MobileNetV1: depthwise separable convolutions (Howard et al. 2017)", [.width]
  ) { net, x, options in
    let width = try options.width
    let layers = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)]
    var x = try net.convNorm(x, "conv1", scaled(32, by: width), Window(3, stride: 2, padding: 1), then: .relu)
    for (index, (channels, stride)) in (layers + [(1024, 2), (1024, 1)]).enumerated() {
      x = try net.separable(x, "block\(index + 1)", scaled(channels, by: width), stride: stride)
    }
    return try net.pooledClassifier(x, try options.classes)
  }
}
