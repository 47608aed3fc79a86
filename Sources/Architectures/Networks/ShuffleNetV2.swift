extension Architecture {
  /// Ma et al. 2018, table 5; with a width of 1 2,278,604 parameters and 144.9 million MACs.
  static let shuffleNetV2 = Architecture(
    "shufflenet_v2", "ShuffleNet v2: split, 1×1, depthwise, shuffle (Ma et al. 2018)",
    [
      ArchitectureOption(
        key: "width", kind: .choice([0.5, 1, 1.5, 2]), fallback: 1, summary: "which of the published networks, by channels")
    ]
  ) { net, x, options in
    let channels =
      switch try options.width {
      case 0.5: [48, 96, 192, 1024]
      case 1.5: [176, 352, 704, 1024]
      case 2: [244, 488, 976, 2048]
      default: [116, 232, 464, 1024]
      }
    var x = try net.convNorm(x, "conv1", 24, Window(3, stride: 2, padding: 1), then: .relu)
    x = try net.maxPool(x, "pool1", Window(3, stride: 2, padding: 1))
    for (stage, depth) in [4, 8, 4].enumerated() {
      let name = "stage\(stage + 2)"
      x = try net.stridedShuffleUnit(x, "\(name)/unit1", channels[stage])
      for unit in 2...depth { x = try net.splitShuffleUnit(x, "\(name)/unit\(unit)") }
    }
    x = try net.convNorm(x, "conv5", channels[3], then: .relu)
    return try net.pooledClassifier(x, try options.classes)
  }
}
