import Tensors

extension DependencyRule {
  /// X [N, C, …], W [M, C/groups, …], B [M]; WinogradConv is alike.
  static let conv = DependencyRule(mend: mendConv) { labels, index in
    let node = labels.graph.nodes[index]
    let (x, w) = (try node.requiredInput(0), try node.requiredInput(1))
    let groups = max(try node.attributes.int("group", default: 1), 1)
    guard let weight = labels.graph[w].constant, let output = node.outputs.first, weight.shape.count >= 3,
      let input = try labels.channels(x, 1), input.count == weight.shape[1] * groups
    else { return labels.freezeInputs(index, "the weight of '\(node.name)' is not constant") }
    let made: [Int]
    let rows = weight.shape[0]
    if groups > 1, weight.shape[1] == 1 {
      // Depthwise: rows/groups outputs of each input channel, which go with it.
      made = (0..<rows).map { input[$0 / max(rows / groups, 1)] }
      labels.set(w, 0, made)
    } else {
      guard let channels = try labels.channels(w, 0, .layer(index)) else { return }
      made = channels
      if groups > 1 {
        labels.setBlocked(w, input, groups: groups)
        labels.balance(input, blocks: groups, node: index)
        labels.balance(made, blocks: groups, node: index)
      } else if let columns = try labels.channels(w, 1) {
        labels.unite(input, columns)
      }
      if labels.blocked[w] != nil, labels.labels(w, 1) != nil {
        labels.freeze(input, "'\(labels.graph[w].name)' is shared by convolutions of different groups")
      }
    }
    if let bias = node.input(2) {
      if let channels = try labels.channels(bias, 0) { labels.unite(made, channels) }
    }
    labels.set(output, 1, made)
  }

  @Sendable private static func mendConv(_ cut: inout ChannelCut, _ index: Int) throws {
    let node = cut.graph.nodes[index]
    let groups = try node.attributes.int("group", default: 1)
    guard groups > 1, let w = node.input(1), let x = node.input(0), cut.labels.blocked[w] == nil else { return }
    cut.graph.nodes[index].attributes["group"] = .int(cut.keptCount(x, 1) ?? groups)
  }

  /// op(A) [M, K], op(B) [K, N], C broadcast to [M, N].
  static let gemm = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    let (a, b) = (try node.requiredInput(0), try node.requiredInput(1))
    guard let output = node.outputs.first else { return }
    let transA = try node.attributes.int("transA", default: 0) != 0
    let transB = try node.attributes.int("transB", default: 0) != 0
    try labels.contract((a, transA ? 0 : 1), (b, transB ? 1 : 0))
    if labels.graph[b].constant != nil { labels.set(output, 1, try labels.channels(b, transB ? 0 : 1, .layer(index))) }
    if labels.graph[b].constant == nil { labels.set(output, 1, labels.labels(b, transB ? 0 : 1)) }
    labels.set(output, 0, labels.labels(a, transA ? 1 : 0))
    guard let c = node.input(2) else { return }
    for axis in 0..<labels.rank(c) {
      let place = axis + 2 - labels.rank(c)
      try labels.meet([(output, place), (c, axis)], output, place)
    }
  }

  /// NumPy's matmul, of tensors of two or more extents.
  static let matMul = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    let (a, b) = (try node.requiredInput(0), try node.requiredInput(1))
    let (m, n) = (labels.rank(a), labels.rank(b))
    guard let output = node.outputs.first, m >= 2, n >= 2 else {
      return labels.freezeInputs(index, "'\(node.name)' multiplies by a vector")
    }
    try labels.contract((a, m - 1), (b, n - 2))
    let rank = labels.rank(output)
    for (id, axis, place) in [(a, m - 2, rank - 2), (b, n - 1, rank - 1)] {
      if labels.graph[id].constant != nil {
        labels.set(output, place, try labels.channels(id, axis, .layer(index)))
      } else {
        labels.set(output, place, labels.labels(id, axis))
      }
    }
    for place in 0..<max(rank - 2, 0) {
      let operands = [(a, place + m - rank), (b, place + n - rank)].filter { $0.1 >= 0 }
      try labels.meet(operands.map { (id: $0.0, axis: $0.1) }, output, place)
    }
  }
}

extension ChannelLabels {
  mutating func freezeInputs(_ index: Int, _ reason: String) {
    for case let input? in graph.nodes[index].inputs { freeze(input, reason) }
  }

  /// The extent that a product sums over: both sides lose the same positions.
  fileprivate mutating func contract(_ a: (id: ValueID, axis: Int), _ b: (id: ValueID, axis: Int)) throws {
    guard labels(a.id, a.axis) != nil || labels(b.id, b.axis) != nil || graph[a.id].constant == nil && graph[b.id].constant != nil,
      let left = try channels(a.id, a.axis), let right = try channels(b.id, b.axis)
    else {
      freeze(labels(a.id, a.axis), "its extents are not known")
      return freeze(labels(b.id, b.axis), "its extents are not known")
    }
    unite(left, right)
  }
}
