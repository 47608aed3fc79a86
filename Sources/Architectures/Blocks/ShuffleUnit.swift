extension NetworkBuilder {
  /// ShuffleNet v1's unit (Zhang et al. 2018, figure 2): a bottleneck of grouped 1×1 convolutions with a shuffle between them. With
  /// stride 1 it is added to its input; with stride 2 it stands beside its average-pooled input.
  ///
  /// - channels: of the result; those of the bottleneck are a quarter.
  /// - firstGroups: of the first 1×1, which is not grouped where there are few channels.
  mutating func shuffleUnit(
    _ x: Feature, _ name: String, _ channels: Int, groups: Int, firstGroups: Int, stride: Int, scale: Double
  ) throws -> Feature {
    var y = try convNorm(x, "\(name)/reduce", channels / 4, groups: firstGroups, then: .relu)
    y = shuffle(y, "\(name)/shuffle", groups: groups)
    y = try depthwiseNorm(y, "\(name)/depthwise", stride: stride)
    if stride == 1 {
      y = try convNorm(y, "\(name)/expand", channels, groups: groups, scale: scale)
      return try rectify(add(x, y, "\(name)/add"), name, .relu)
    }
    y = try convNorm(y, "\(name)/expand", channels - x.channels, groups: groups)
    let pooled = try averagePool(x, "\(name)/pool", Window(3, stride: 2, padding: 1))
    return try rectify(concat(pooled, y, "\(name)/concat"), name, .relu)
  }

  /// ShuffleNet v2's unit with stride 1 (Ma et al. 2018, figure 3c): half of the channels pass, half go through 1×1, depthwise, 1×1.
  mutating func splitShuffleUnit(_ x: Feature, _ name: String) throws -> Feature {
    let half = x.channels / 2
    let sizes = try integers("\(name)/sizes", [half, half])
    let parts = append(.split, "\(name)/split", [x.id, sizes], ["axis": .int(1)], outputs: ["\(name)/left", "\(name)/right"])
    func part(_ index: Int) -> Feature { Feature(id: parts[index], channels: half, height: x.height, width: x.width) }
    let right = try shuffleBranch(part(1), "\(name)/branch", half, stride: 1)
    return shuffle(concat(part(0), right, "\(name)/concat"), "\(name)/shuffle", groups: 2)
  }

  /// ShuffleNet v2's unit with stride 2 (figure 3d): two branches of half of the `channels` each.
  mutating func stridedShuffleUnit(_ x: Feature, _ name: String, _ channels: Int) throws -> Feature {
    var left = try depthwiseNorm(x, "\(name)/shortcut/depthwise", stride: 2)
    left = try convNorm(left, "\(name)/shortcut/pointwise", channels / 2, then: .relu)
    let right = try shuffleBranch(x, "\(name)/branch", channels / 2, stride: 2)
    return shuffle(concat(left, right, "\(name)/concat"), "\(name)/shuffle", groups: 2)
  }

  private mutating func shuffleBranch(_ x: Feature, _ name: String, _ channels: Int, stride: Int) throws -> Feature {
    var y = try convNorm(x, "\(name)/first", channels, then: .relu)
    y = try depthwiseNorm(y, "\(name)/depthwise", stride: stride)
    y = try convNorm(y, "\(name)/last", channels, then: .relu)
    return y
  }
}
