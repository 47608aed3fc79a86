import Graph

extension Architecture {
  /// Krizhevsky et al. 2012, as in Caffe: groups where the original had two machines, local response normalization; 60,965,224
  /// parameters and 724.4 million MACs at 227×227.
  static let alexNet = Architecture(
    "alexnet", "AlexNet with two groups, as published (Krizhevsky et al. 2012)", resolution: 227, atLeast: 67,
    [.groups([1, 2], default: 2, "of the second, fourth and fifth convolution")]
  ) { net, x, options in
    let groups = try options.groups, pool = Window(3, stride: 2)
    var x = try net.conv(x, "conv1", 96, Window(11, stride: 4), then: .relu)
    x = try net.maxPool(net.responseNorm(x, "norm1"), "pool1", pool)
    x = try net.conv(x, "conv2", 256, Window(5, padding: 2), groups: groups, then: .relu)
    x = try net.maxPool(net.responseNorm(x, "norm2"), "pool2", pool)
    x = try net.conv(x, "conv3", 384, Window(3, padding: 1), then: .relu)
    x = try net.conv(x, "conv4", 384, Window(3, padding: 1), groups: groups, then: .relu)
    x = try net.conv(x, "conv5", 256, Window(3, padding: 1), groups: groups, then: .relu)
    return try net.alexNetClassifier(try net.maxPool(x, "pool5", pool), try options.classes)
  }

  /// Krizhevsky 2014, as in torchvision: no groups, fewer channels; 61,100,840 parameters and 714.2 million MACs at 224×224.
  static let alexNetOneTower = Architecture(
    "alexnet_one_tower", "AlexNet without groups (Krizhevsky 2014)", resolution: 224, atLeast: 63
  ) { net, x, options in
    let pool = Window(3, stride: 2)
    var x = try net.conv(x, "conv1", 64, Window(11, stride: 4, padding: 2), then: .relu)
    x = try net.conv(try net.maxPool(x, "pool1", pool), "conv2", 192, Window(5, padding: 2), then: .relu)
    x = try net.conv(try net.maxPool(x, "pool2", pool), "conv3", 384, Window(3, padding: 1), then: .relu)
    x = try net.conv(x, "conv4", 256, Window(3, padding: 1), then: .relu)
    x = try net.conv(x, "conv5", 256, Window(3, padding: 1), then: .relu)
    return try net.alexNetClassifier(try net.maxPool(x, "pool5", pool), try options.classes)
  }
}

extension NetworkBuilder {
  /// Over five channels, with the paper's constants.
  fileprivate mutating func responseNorm(_ x: Feature, _ name: String) -> Feature {
    x.replaced(
      by: append(.lrn, name, [x.id], ["size": .int(5), "alpha": .float(1e-4), "beta": .float(0.75), "bias": .float(1)]))
  }

  fileprivate mutating func alexNetClassifier(_ x: Feature, _ classes: Int) throws -> Feature {
    var x = try dense(x, "fc6", 4096, then: .relu)
    x = try dense(x, "fc7", 4096, then: .relu)
    return try dense(x, "fc8", classes)
  }
}
