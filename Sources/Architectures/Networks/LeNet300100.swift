extension Architecture {
  /// LeCun et al. 1998: fully connected layers of 300 and 100; 266,610 parameters.
  static let leNet300100 = Architecture(
    "lenet_300_100", "LeNet-300-100: fully connected, for MNIST (LeCun et al. 1998)", classes: 10, resolution: 28, atLeast: 1, channels: 1
  ) { net, x, options in
    var x = try net.dense(x, "fc1", 300, then: .relu)
    x = try net.dense(x, "fc2", 100, then: .relu)
    return try net.dense(x, "fc3", try options.classes)
  }
}
