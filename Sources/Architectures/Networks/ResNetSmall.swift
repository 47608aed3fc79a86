extension Architecture {
  /// He et al. 2016, section 4.2, with one block a stage; 75,290 parameters and 12.24 million MACs.
  static let resNet8 = small("resnet8", "ResNet-8 for CIFAR (after He et al. 2016)", depth: 1)

  /// Three blocks a stage; 269,722 parameters and 40.55 million MACs.
  static let resNet20 = small("resnet20", "ResNet-20 for CIFAR (He et al. 2016)", depth: 3)

  /// Nine blocks a stage; 853,018 parameters and 125.5 million MACs.
  static let resNet56 = small("resnet56", "ResNet-56 for CIFAR (He et al. 2016)", depth: 9)

  /// Three stages of `depth` basic blocks whose shortcuts have no parameters.
  private static func small(_ name: String, _ summary: String, depth: Int) -> Architecture {
    Architecture(name, summary, classes: 10, resolution: 32, atLeast: 4, [.width]) { net, x, options in
      let width = try options.width, scale = NetworkBuilder.residualScale(3 * depth)
      var x = try net.convNorm(x, "conv1", scaled(16, by: width), Window(3, padding: 1), then: .relu)
      for stage in 0..<3 {
        for block in 0..<depth {
          x = try net.basicResidual(
            x, "stage\(stage + 1)/block\(block + 1)", scaled(16 << stage, by: width), stride: stage > 0 && block == 0 ? 2 : 1,
            shortcut: .padding, scale: scale)
        }
      }
      return try net.pooledClassifier(x, try options.classes)
    }
  }
}
