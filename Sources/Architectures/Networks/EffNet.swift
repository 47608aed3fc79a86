extension Architecture {
  /// Freeman et al. 2018, for CIFAR; 151,146 parameters and 5.64 million MACs. `effBlock` says which axis is strided.
  static let effNet = Architecture(
    "effnet", "EffNet: 1×3 and 3×1 depthwise, for CIFAR-10 (Freeman et al. 2018)", classes: 10, resolution: 32, atLeast: 8
  ) { net, x, options in
    var x = x
    for (index, inner) in [32, 64, 128].enumerated() { x = try net.effBlock(x, "block\(index + 1)", inner, 2 * inner) }
    return try net.dense(x, "classifier", try options.classes)
  }
}
