import Tensors

extension DependencyRule {
  static let concat = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let output = node.outputs.first else { return }
    let inputs = node.inputs.compactMap { $0 }
    let axis = try labels.axis(index, output, default: 0)
    for other in 0..<labels.rank(output) where other != axis {
      try labels.meet(inputs.map { (id: $0, axis: other) }, output, other)
    }
    guard inputs.contains(where: { labels.labels($0, axis) != nil }) else { return }
    var all: [Int] = []
    for id in inputs {
      guard let part = try labels.channels(id, axis) else {
        for id in inputs { labels.freeze(labels.labels(id, axis), "'\(node.name)' joins it with an extent that is not known") }
        return
      }
      all += part
    }
    labels.set(output, axis, all)
  }

  static let split = DependencyRule(mend: { cut, index in
    let node = cut.graph.nodes[index]
    guard let x = node.input(0) else { return }
    let axis = try cut.labels.axis(index, x, default: 0)
    let kept = node.outputs.map { cut.keptCount($0, axis) }
    let sizes = kept.compactMap { $0 }
    // Equal parts may be unequal now, so the sizes are always written down.
    guard cut.changes(x, axis), sizes.count == kept.count else { return }
    try cut.setIntegers(index, 1, sizes)
    cut.graph.nodes[index].attributes["num_outputs"] = nil
  }) { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0) else { return }
    let axis = try labels.axis(index, x, default: 0)
    var begin = 0
    for output in node.outputs {
      for other in 0..<labels.rank(x) where other != axis { labels.set(output, other, labels.labels(x, other)) }
      guard let channels = labels.labels(x, axis) else { continue }
      guard let size = labels.extent(output, axis)?.value, size <= channels.count - begin else {
        labels.freeze(channels, "the parts of '\(node.name)' are not known")
        continue
      }
      labels.set(output, axis, Array(channels[begin..<begin + size]))
      begin += size
    }
  }

  static let slice = DependencyRule(mend: mendSlice) { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first, labels.axes[x.index].contains(where: { $0 != nil }) else { return }
    guard [1, 2, 3, 4].allSatisfy({ position in node.input(position).map { labels.graph[$0].constant != nil } ?? true }) else {
      return labels.freeze(x, "what '\(node.name)' takes is computed from data")
    }
    for (axis, range) in try labels.context(index).sliceRanges().enumerated() {
      guard let channels = labels.labels(x, axis) else { continue }
      switch range {
      case nil: labels.set(output, axis, channels)
      case .some(.some(let range)) where range.step == 1: labels.set(output, axis, Array(channels[range.start..<range.start + range.count]))
      case .some: labels.freeze(channels, "'\(node.name)' takes every so many of its channels")
      }
    }
  }

  @Sendable private static func mendSlice(_ cut: inout ChannelCut, _ index: Int) throws {
    let node = cut.graph.nodes[index]
    guard let x = node.input(0), (0..<cut.labels.rank(x)).contains(where: { cut.changes(x, $0) }) else { return }
    let context = try cut.labels.context(index)
    var (starts, ends, axes, steps) = ([Int](), [Int](), [Int](), [Int]())
    let stated = try context.ints(3).map { try context.normalized($0, rank: cut.labels.rank(x)) }
    for (axis, range) in try context.sliceRanges().enumerated() {
      guard let range else { continue }
      axes.append(axis)
      if let kept = cut.kept(x, axis), let range, range.step == 1 {
        let start = kept.count(where: { $0 < range.start })
        starts.append(start)
        ends.append(start + kept.count(where: { $0 >= range.start && $0 < range.start + range.count }))
        steps.append(1)
      } else {
        // An axis without channels: as it was.
        let position = stated?.firstIndex(of: axis) ?? axis
        starts.append(try context.ints(1)?[position] ?? 0)
        ends.append(try context.ints(2)?[position] ?? 0)
        steps.append(try context.ints(4)?[position] ?? 1)
      }
    }
    guard !axes.isEmpty else { return }
    for (position, list) in [starts, ends, axes, steps].enumerated() { try cut.setIntegers(index, position + 1, list) }
  }

  /// Padding of an axis of channels makes channels of its own, which can be removed like any other.
  static let pad = DependencyRule(mend: mendPad) { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    let pads = try labels.pads(index)
    let mode = try node.attributes.string("mode", default: "constant")
    for axis in 0..<labels.rank(x) {
      guard let channels = labels.labels(x, axis) else { continue }
      let (begin, end) = pads[axis]
      guard begin != 0 || end != 0 else {
        labels.set(output, axis, channels)
        continue
      }
      guard mode == "constant" else {
        labels.freeze(channels, "'\(node.name)' repeats its channels as padding")
        continue
      }
      let middle = channels.dropFirst(max(-begin, 0)).dropLast(max(-end, 0))
      labels.set(output, axis, try labels.fresh(max(begin, 0)) + middle + labels.fresh(max(end, 0)))
    }
  }

  @Sendable private static func mendPad(_ cut: inout ChannelCut, _ index: Int) throws {
    let node = cut.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    var pads = try cut.labels.pads(index)
    var changed = false
    for axis in pads.indices where pads[axis] != (0, 0) && (cut.changes(x, axis) || cut.changes(output, axis)) {
      guard let before = cut.kept(x, axis), let after = cut.kept(output, axis), let extent = cut.labels.labels(x, axis)?.count else {
        continue
      }
      let (begin, end) = pads[axis]
      pads[axis] = (
        begin > 0 ? after.count(where: { $0 < begin }) : -before.count(where: { $0 < -begin }),
        end > 0 ? after.count(where: { $0 >= extent + begin }) : -before.count(where: { $0 >= extent + end })
      )
      changed = true
    }
    guard changed else { return }
    try cut.setIntegers(index, 1, pads.map(\.0) + pads.map(\.1))
    if node.input(3) != nil { cut.graph.nodes[index].inputs[3] = nil }
  }

  /// Along a channel axis with constant indices: a choice of channels. Elsewhere what is taken does not matter.
  static let gather = DependencyRule(mend: mendGather) { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let indices = node.input(1), let output = node.outputs.first else { return }
    let axis = try labels.axis(index, x, default: 0)
    let shift = labels.rank(indices) - 1
    for other in 0..<labels.rank(x) where other != axis {
      // A table's rows are made by training, like the weight of a layer.
      let channels = labels.graph[x].constant != nil ? try labels.channels(x, other, .layer(index)) : labels.labels(x, other)
      labels.set(output, other < axis ? other : other + shift, channels)
    }
    guard let channels = labels.labels(x, axis) else { return }
    guard labels.rank(indices) == 1, let taken = try labels.graph.constant(node, 1)?.ints() else {
      return labels.freeze(channels, "'\(node.name)' picks single channels")
    }
    labels.set(output, axis, taken.map { channels[$0 < 0 ? $0 + channels.count : $0] })
  }

  @Sendable private static func mendGather(_ cut: inout ChannelCut, _ index: Int) throws {
    let node = cut.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    let axis = try cut.labels.axis(index, x, default: 0)
    guard cut.changes(x, axis), let before = cut.kept(x, axis), let after = cut.kept(output, axis),
      let extent = cut.labels.labels(x, axis)?.count, let taken = try cut.labels.graph.constant(node, 1)?.ints()
    else { return }
    var places = [Int](repeating: 0, count: extent)
    for (place, position) in before.enumerated() { places[position] = place }
    try cut.setIntegers(index, 1, after.map { places[taken[$0] < 0 ? taken[$0] + extent : taken[$0]] })
  }

  /// An extent of 1 that becomes many makes channels of its own.
  static let expand = DependencyRule(mend: mendExpand) { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    guard let target = node.input(1), labels.graph[target].constant != nil else {
      return labels.freeze(x, "the shape that '\(node.name)' makes is computed from data")
    }
    let shift = labels.rank(output) - labels.rank(x)
    for axis in 0..<labels.rank(x) {
      if labels.extent(x, axis) == labels.extent(output, axis + shift) {
        labels.set(output, axis + shift, labels.labels(x, axis))
      } else {
        labels.freeze(labels.labels(x, axis), "its one channel is spread over others by '\(node.name)'")
      }
    }
  }

  @Sendable private static func mendExpand(_ cut: inout ChannelCut, _ index: Int) throws {
    guard let target = cut.graph.nodes[index].input(1), let output = cut.graph.nodes[index].outputs.first,
      var shape = try cut.graph[target].constant?.decoded().ints()
    else { return }
    let old = shape
    let shift = cut.labels.rank(output) - shape.count
    for axis in shape.indices where shape[axis] > 1 { shape[axis] = cut.keptCount(output, axis + shift) ?? shape[axis] }
    if shape != old { try cut.setIntegers(index, 1, shape) }
  }
}

extension ChannelLabels {
  /// For each axis what Pad puts before and behind.
  fileprivate func pads(_ index: Int) throws -> [(Int, Int)] {
    guard let x = graph.nodes[index].input(0) else { return [] }
    let context = try context(index)
    var result = [(Int, Int)](repeating: (0, 0), count: rank(x))
    guard let pads = try context.ints(1) else { return result }
    let axes = try context.ints(3).map { try context.normalized($0, rank: rank(x)) } ?? Array(0..<rank(x))
    for (position, axis) in axes.enumerated() where pads.count == 2 * axes.count {
      result[axis] = (pads[position], pads[position + axes.count])
    }
    return result
  }
}
