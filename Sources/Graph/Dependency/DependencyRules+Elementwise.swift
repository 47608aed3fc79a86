import Tensors

extension DependencyRule {
  /// Element by element: the output has the input's shape.
  static let sameShape = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    for axis in 0..<labels.rank(x) { labels.set(output, axis, labels.labels(x, axis)) }
  }

  /// Two operands, broadcast.
  static let elementwise = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let output = node.outputs.first else { return }
    let rank = labels.rank(output)
    for axis in 0..<rank {
      var operands: [(id: ValueID, axis: Int)] = []
      for case let input? in node.inputs {
        let own = axis - rank + labels.rank(input)
        if own >= 0 { operands.append((input, own)) }
      }
      try labels.meet(operands, output, axis)
    }
  }

  /// Sums over an axis, so that a channel without effect would still count there.
  static let softmax = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0) else { return }
    labels.freeze(labels.labels(x, try labels.axis(index, x, default: -1)), "Softmax ('\(node.name)') sums over its channels")
    try sameShape.spread(&labels, index)
  }

  /// Scale and zero point run along an axis, or are one for all.
  static let quantization = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0) else { return }
    let axis = try labels.axis(index, x, default: 1)
    for case let parameter? in node.inputs.dropFirst() where labels.rank(parameter) == 1 && labels.extent(parameter, 0) != .fixed(1) {
      guard let channels = labels.labels(x, axis), let own = try labels.channels(parameter, 0) else { continue }
      labels.unite(channels, own)
    }
    try sameShape.spread(&labels, index)
  }

  /// X [N, C, …] and four statistics [C].
  static let batchNormalization = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let channels = try labels.channels(x, 1) else {
      return labels.freezeInputs(index, "its extents are not known")
    }
    for case let parameter? in node.inputs.dropFirst() {
      if let own = try labels.channels(parameter, 0) { labels.unite(channels, own) }
    }
    try sameShape.spread(&labels, index)
  }

  /// Each channel is divided by a sum over its neighbours, who would be others.
  static let lrn = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0) else { return }
    labels.freeze(labels.labels(x, 1), "LRN ('\(node.name)') mixes neighbouring channels")
    try sameShape.spread(&labels, index)
  }

  /// [N, C, spatial…]: windows do not cross channels.
  static let pool = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    for axis in 0..<labels.rank(x) {
      if axis < 2 {
        labels.set(output, axis, labels.labels(x, axis))
      } else {
        labels.freeze(labels.labels(x, axis), "'\(node.name)' pools over its channels")
      }
    }
  }

  static let reduceMean = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    let context = try labels.context(index)
    guard let reduced = try context.reducedAxes() else { return try sameShape.spread(&labels, index) }
    let keeps = try context.flag("keepdims", default: true)
    var place = 0
    for axis in 0..<labels.rank(x) {
      if reduced.contains(axis) {
        labels.freeze(labels.labels(x, axis), "ReduceMean ('\(node.name)') averages over its channels")
      } else {
        labels.set(output, place, labels.labels(x, axis))
      }
      if keeps || !reduced.contains(axis) { place += 1 }
    }
  }
}
