import Tensors

extension DependencyRule {
  static let transpose = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    for (place, axis) in try labels.context(index).permutation(rank: labels.rank(x)).enumerated() {
      labels.set(output, place, labels.labels(x, axis))
    }
  }

  /// Its axes are written down: one that shrinks to an extent of 1 must not go, too.
  static let squeeze = DependencyRule(mend: { cut, index in
    guard cut.graph.nodes[index].input(1) == nil else { return }
    try cut.setIntegers(index, 1, cut.labels.squeezedAxes(index))
  }) { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    let gone = Set(try labels.squeezedAxes(index))
    for axis in gone { labels.freeze(labels.labels(x, axis), "'\(node.name)' squeezes its one channel") }
    for (place, axis) in (0..<labels.rank(x)).filter({ !gone.contains($0) }).enumerated() {
      labels.set(output, place, labels.labels(x, axis))
    }
  }

  static let unsqueeze = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    let context = try labels.context(index)
    let new = Set(try context.normalized(context.ints(1) ?? [], rank: labels.rank(output)))
    var axis = 0
    for place in 0..<labels.rank(output) where !new.contains(place) {
      labels.set(output, place, labels.labels(x, axis))
      axis += 1
    }
  }

  /// Channel g·(C/groups)+c moves to c·groups+g. The groups lose the same positions c, so that those that stay keep their order.
  static let channelShuffle = DependencyRule { labels, index in
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first else { return }
    for axis in 0..<labels.rank(x) where axis != 1 { labels.set(output, axis, labels.labels(x, axis)) }
    guard let channels = labels.labels(x, 1) else { return }
    let groups = try node.attributes.int("groups", default: 1)
    guard groups > 0, channels.count % groups == 0 else { return labels.freeze(channels, "'\(node.name)' does not divide its channels") }
    let slice = channels.count / groups
    for c in 0..<slice { for g in 1..<max(groups, 2) where g < groups { labels.unite(channels[c], channels[g * slice + c]) } }
    labels.set(output, 1, (0..<channels.count).map { channels[$0 % groups * slice + $0 / groups] })
  }

  static let flatten = DependencyRule(spreadReshape)

  static let reshape = DependencyRule(mend: mendReshape, spreadReshape)

  /// Runs of extents with equal products belong together: [N, C | H, W] and [N, C | H·W]. Within a run the elements' labels are followed one by one.
  @Sendable private static func spreadReshape(_ labels: inout ChannelLabels, _ index: Int) throws {
    let node = labels.graph.nodes[index]
    guard let x = node.input(0), let output = node.outputs.first, labels.axes[x.index].contains(where: { $0 != nil }) else { return }
    guard node.op == .flatten || node.input(1).map({ labels.graph[$0].constant != nil }) == true else {
      return labels.freeze(x, "the shape that '\(node.name)' makes is computed from data")
    }
    guard let from = labels.graph[x].type?.shape, let to = labels.graph[output].type?.shape, let runs = ReshapeRuns(from, to)?.runs else {
      return labels.freeze(x, "'\(node.name)' mixes its channels with extents that are not known")
    }
    for (old, new) in runs { try labels.carry(x, old, output, new, node) }
  }

  @Sendable private static func mendReshape(_ cut: inout ChannelCut, _ index: Int) throws {
    let node = cut.graph.nodes[index]
    guard let output = node.outputs.first, let target = node.input(1), var shape = try cut.graph[target].constant?.decoded().ints() else {
      return
    }
    let old = shape
    for axis in shape.indices where shape[axis] > 0 { shape[axis] = cut.keptCount(output, axis) ?? shape[axis] }
    // A 0 copies an extent of the input, whatever it is now.
    if shape != old { try cut.setIntegers(index, 1, shape) }
  }
}

/// How the axes of a tensor and of its reshaped form correspond: consecutive runs with equal numbers of elements.
struct ReshapeRuns {
  private(set) var runs: [(old: Range<Int>, new: Range<Int>)] = []

  /// nil where an open extent does not stand alone on both sides.
  init?(_ old: [Dim], _ new: [Dim]) {
    var (i, j) = (0, 0)
    while i < old.count || j < new.count {
      let (first, second) = (i, j)
      if i < old.count, j < new.count, old[i] == new[j] {
        (i, j) = (i + 1, j + 1)
      } else {
        var (a, b) = (1, 1)
        repeat {
          if a <= b, i < old.count || j == new.count {
            guard i < old.count, let extent = old[i].value, extent > 0, extent <= 1 << 40, a <= 1 << 20 else { return nil }
            a *= extent
            i += 1
          } else {
            guard j < new.count, let extent = new[j].value, extent > 0, extent <= 1 << 40, b <= 1 << 20 else { return nil }
            b *= extent
            j += 1
          }
        } while a != b
      }
      runs.append((first..<i, second..<j))
    }
  }
}

extension ChannelLabels {
  /// The axes that Squeeze removes.
  fileprivate func squeezedAxes(_ index: Int) throws -> [Int] {
    guard let x = graph.nodes[index].input(0) else { return [] }
    let context = try context(index)
    if let stated = try context.ints(1) { return try context.normalized(stated, rank: rank(x)) }
    return (0..<rank(x)).filter { extent(x, $0) == .fixed(1) }
  }

  /// Labels through one run of a reshape. Along one of the new axes the elements get labels, the one that ties the fewest together.
  fileprivate mutating func carry(_ x: ValueID, _ old: Range<Int>, _ output: ValueID, _ new: Range<Int>, _ node: Node) throws {
    let labelled = old.filter { labels(x, $0) != nil }
    guard let axis = labelled.first, let channels = labels(x, axis) else { return }
    if old.count == 1, new.count == 1 { return set(output, new.lowerBound, channels) }
    let shape = old.map { extent(x, $0)?.value ?? 1 }
    let target = new.map { extent(output, $0)?.value ?? 1 }
    let total = shape.reduce(1, *)
    // Extents of 1 beside it carry nothing away.
    guard labelled.allSatisfy({ $0 == axis || shape[$0 - old.lowerBound] == 1 }), total <= ChannelLabels.maximumCount, total > 0 else {
      for axis in labelled { freeze(labels(x, axis), "'\(node.name)' joins two axes of channels") }
      return
    }
    for other in labelled where other != axis { freeze(labels(x, other), "'\(node.name)' joins two axes of channels") }
    let inner = shape[(axis - old.lowerBound + 1)...].reduce(1, *)
    let elements = (0..<total).map { root(channels[$0 / inner % channels.count]) }
    var best: (place: Int, classes: [Int], distinct: Int)?
    for place in target.indices where target[place] > 1 || total == 1 {
      let stride = target[(place + 1)...].reduce(1, *)
      let classes = ChannelLabels.joined(elements, extent: target[place], stride: stride)
      let distinct = Set(classes).count
      if distinct >= best?.distinct ?? 0 { best = (place, classes, distinct) }
    }
    guard let best else { return freeze(channels, "'\(node.name)' has no axis for its channels") }
    let stride = target[(best.place + 1)...].reduce(1, *)
    for element in elements.indices { unite(elements[element], elements[best.classes[element / stride % target[best.place]]]) }
    set(output, new.lowerBound + best.place, best.classes.map { elements[$0] })
  }

  /// For each position along an axis, the first element of those that must go with it once every element of a position goes together.
  private static func joined(_ elements: [Int], extent: Int, stride: Int) -> [Int] {
    // A small union of the labels at each position.
    var first: [Int: Int] = [:]
    var position = [Int](repeating: -1, count: extent)
    var parents = Array(0..<extent)
    func root(_ place: Int) -> Int {
      var place = place
      while parents[place] != place { place = parents[place] }
      return place
    }
    for (element, label) in elements.enumerated() {
      let place = element / stride % extent
      if position[place] < 0 { position[place] = element }
      if let other = first[label] {
        let (a, b) = (root(place), root(other))
        parents[max(a, b)] = min(a, b)
      } else {
        first[label] = place
      }
    }
    return (0..<extent).map { position[root($0)] }
  }
}
