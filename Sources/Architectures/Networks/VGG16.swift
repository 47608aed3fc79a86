extension Architecture {
  /// Simonyan and Zisserman 2015, configuration D; 138,357,544 parameters and 15.47 billion MACs.
  static let vgg16 = Architecture(
    "vgg16", "VGG-16: thirteen 3×3 convolutions and three fully connected layers (Simonyan and Zisserman 2015)", [.width]
  ) { net, x, options in
    let width = try options.width
    var x = x
    for (stage, (channels, depth)) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)].enumerated() {
      for layer in 0..<depth {
        let name = "conv\(stage + 1)_\(layer + 1)"
        x = try net.conv(x, name, scaled(channels, by: width), Window(3, padding: 1), then: .relu)
      }
      x = try net.maxPool(x, "pool\(stage + 1)", Window(2, stride: 2))
    }
    x = try net.dense(x, "fc6", scaled(4096, by: width), then: .relu)
    x = try net.dense(x, "fc7", scaled(4096, by: width), then: .relu)
    return try net.dense(x, "fc8", try options.classes)
  }
}
