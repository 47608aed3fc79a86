extension Architecture {
  /// Zhang et al. 2018, table 1; with 3 groups 1,865,728 parameters and 137.5 million MACs. A width scales the first convolution too.
  static let shuffleNetV1 = Architecture(
    "shufflenet_v1", "ShuffleNet v1: grouped 1×1 convolutions and shuffles (Zhang et al. 2018)",
    [.width, .groups([1, 2, 3, 4, 8], default: 3, "of the 1×1 convolutions; more groups have more channels")]
  ) { net, x, options in
    let width = try options.width, groups = try options.groups
    let channels = [1: 144, 2: 200, 3: 240, 4: 272, 8: 384][groups] ?? 240
    let scale = NetworkBuilder.residualScale(13)
    // Multiples that every grouped convolution divides; with a width of 1 these are the paper's numbers.
    let first = max(nearestMultiple(of: groups, to: 24 * width), groups)
    var x = try net.convNorm(x, "conv1", first, Window(3, stride: 2, padding: 1), then: .relu)
    x = try net.maxPool(x, "pool1", Window(3, stride: 2, padding: 1))
    for (stage, depth) in [4, 8, 4].enumerated() {
      // More than there are: a strided unit stands beside its input.
      let least = (x.channels / (4 * groups) + 1) * 4 * groups
      let count = max(nearestMultiple(of: 4 * groups, to: Double(channels << stage) * width), least)
      for unit in 0..<depth {
        x = try net.shuffleUnit(
          x, "stage\(stage + 2)/unit\(unit + 1)", count, groups: groups, firstGroups: stage == 0 && unit == 0 ? 1 : groups,
          stride: unit == 0 ? 2 : 1, scale: scale)
      }
    }
    return try net.pooledClassifier(x, try options.classes)
  }
}
