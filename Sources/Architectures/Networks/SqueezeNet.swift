extension Architecture {
  /// Iandola et al. 2016; 1,248,424 parameters and 819 million MACs.
  static let squeezeNet10 = Architecture("squeezenet1_0", "SqueezeNet 1.0 (Iandola et al. 2016)", atLeast: 35) { net, x, options in
    let x = try net.conv(x, "conv1", 96, Window(7, stride: 2), then: .relu)
    return try net.squeezeNet(x, poolsBefore: [2, 5, 9], try options.classes)
  }

  /// The authors' later version: a smaller first convolution, pooling earlier; 1,235,496 parameters and 349 million MACs.
  static let squeezeNet11 = Architecture("squeezenet1_1", "SqueezeNet 1.1 (Iandola et al. 2016)", atLeast: 31) { net, x, options in
    let x = try net.conv(x, "conv1", 64, Window(3, stride: 2), then: .relu)
    return try net.squeezeNet(x, poolsBefore: [2, 4, 6], try options.classes)
  }
}

extension NetworkBuilder {
  /// The fire modules 2 to 9, pooling before those numbered in `poolsBefore`, and the convolution that gives the scores.
  fileprivate mutating func squeezeNet(_ x: Feature, poolsBefore: Set<Int>, _ classes: Int) throws -> Feature {
    let fires = [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]
    var x = x
    for (number, (squeeze, expand)) in zip(2..., fires) {
      if poolsBefore.contains(number) { x = try maxPool(x, "pool\(number - 1)", Window(3, stride: 2, roundsUp: true)) }
      x = try fire(x, "fire\(number)", squeeze: squeeze, expand: expand)
    }
    x = try conv(x, "conv10", classes, then: .relu)
    return flatten(globalAveragePool(x, "pool10"), "flatten")
  }
}
