extension Architecture {
  /// The LeNet-5 that came with Caffe, which the literature on pruning uses: 20 and 50 channels, 500 features; 431,080 parameters.
  static let leNet5 = Architecture(
    "lenet_5", "LeNet-5 of Caffe, 20-50-500, for MNIST (after LeCun et al. 1998)", classes: 10, resolution: 28, atLeast: 16, channels: 1
  ) { net, x, options in
    var x = try net.conv(x, "conv1", 20, Window(5))
    x = try net.maxPool(x, "pool1", Window(2, stride: 2, roundsUp: true))
    x = try net.conv(x, "conv2", 50, Window(5))
    x = try net.maxPool(x, "pool2", Window(2, stride: 2, roundsUp: true))
    x = try net.dense(x, "fc1", 500, then: .relu)
    return try net.dense(x, "fc2", try options.classes)
  }
}
