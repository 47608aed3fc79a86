import Tensors

/// Which positions along the axes of a graph's values stand for the same channel.
///
/// A *label* is a channel's identity. The rules of the operators give every channel axis its labels, one a position, and unite labels
/// that can only be removed together: the two sides of an addition, an output channel and the weight row that makes it. A frozen label
/// cannot be removed. Removing a label deletes its positions everywhere; those that stay keep their order.
package struct ChannelLabels {
  /// What brought labels into being.
  enum Source: Hashable {
    /// The output channels of the layer that is this node.
    case layer(Int)
    /// Anything else: a constant, an input of the graph, padding.
    case other
  }

  /// Blocks of an axis that must keep equally many positions: the groups of a convolution.
  struct Balance {
    let node: Int
    let labels: [Int]
    let blocks: Int
  }

  let graph: Graph
  /// For each value and axis the labels of its positions; nil where the axis is no channel axis. A value is empty until its rank is known.
  private(set) var axes: [[[Int]?]]
  private(set) var balances: [Balance] = []
  /// The input channels, all groups', of a weight [M, C/groups, …] whose groups may keep different positions of axis 1.
  private(set) var blocked: [ValueID: (labels: [Int], groups: Int)] = [:]
  private(set) var sources: [(source: Source, labels: Range<Int>)] = []
  private var parents: [Int] = []
  private var reasons: [String?] = []

  /// More labels than any real network has; a bound for hostile ones.
  static let maximumCount = 1 << 23

  init(_ graph: Graph) {
    self.graph = graph
    axes = graph.values.map { [[Int]?](repeating: nil, count: $0.type?.shape?.count ?? 0) }
  }

  var count: Int { parents.count }

  /// The label that stands for all that `label` is united with.
  func root(_ label: Int) -> Int {
    var label = label
    while parents[label] != label { label = parents[label] }
    return label
  }

  /// Why the label cannot be removed; nil: it can.
  func reason(_ label: Int) -> String? { reasons[root(label)] }

  func extent(_ id: ValueID, _ axis: Int) -> Dim? {
    guard let shape = graph[id].type?.shape, shape.indices.contains(axis) else { return nil }
    return shape[axis]
  }

  func rank(_ id: ValueID) -> Int { axes[id.index].count }

  func labels(_ id: ValueID, _ axis: Int) -> [Int]? { axes[id.index].indices.contains(axis) ? axes[id.index][axis] : nil }

  // MARK: Changes

  mutating func set(_ id: ValueID, _ axis: Int, _ labels: [Int]?) {
    guard let labels else { return }
    guard axes[id.index].indices.contains(axis), extent(id, axis) == .fixed(labels.count) else {
      return freeze(labels, "the extents of '\(graph[id].name)' are not known")
    }
    if let old = axes[id.index][axis] { unite(old, labels) } else { axes[id.index][axis] = labels }
  }

  /// New labels for `count` positions.
  mutating func fresh(_ count: Int, _ source: Source = .other, frozen reason: String? = nil) throws -> [Int] {
    guard count >= 0, count <= ChannelLabels.maximumCount - parents.count else {
      throw Failure(.unsupported, "the graph has too many channels to tell how they depend on each other")
    }
    let labels = parents.count..<parents.count + count
    parents += labels
    reasons += [String?](repeating: reason, count: count)
    sources.append((source, labels))
    return Array(labels)
  }

  /// The labels of an axis that an operator takes for channels: those it has; new ones for a constant; frozen ones for what no layer
  /// made. nil where the extent is not known.
  mutating func channels(_ id: ValueID, _ axis: Int, _ source: Source = .other) throws -> [Int]? {
    if let labels = labels(id, axis) { return labels }
    guard let extent = extent(id, axis)?.value, axes[id.index].indices.contains(axis) else { return nil }
    let value = graph[id]
    let labels = try fresh(
      extent, source,
      frozen: value.constant != nil
        ? nil
        : graph.inputs.contains(id)
          ? "an input of the graph ('\(value.name)')" : "axis \(axis) of '\(value.name)' has no channels of a layer")
    axes[id.index][axis] = labels
    return labels
  }

  mutating func unite(_ a: Int, _ b: Int) {
    let (x, y) = (root(a), root(b))
    guard x != y else { return }
    let (low, high) = (min(x, y), max(x, y))
    parents[high] = low
    // Shorter paths for whoever asks next.
    parents[a] = low
    parents[b] = low
    reasons[low] = reasons[low] ?? reasons[high]
  }

  mutating func unite(_ a: [Int], _ b: [Int]) {
    guard a.count == b.count else {
      freeze(a, "its extents do not agree")
      return freeze(b, "its extents do not agree")
    }
    for (x, y) in zip(a, b) { unite(x, y) }
  }

  mutating func freeze(_ labels: [Int]?, _ reason: String) {
    for label in labels ?? [] where reasons[root(label)] == nil { reasons[root(label)] = reason }
  }

  /// Freezes every axis of a value.
  mutating func freeze(_ id: ValueID, _ reason: String) {
    for labels in axes[id.index] { freeze(labels, reason) }
  }

  /// The labels fall into `blocks` equal runs, which must keep equally many.
  mutating func balance(_ labels: [Int], blocks: Int, node: Int) {
    balances.append(Balance(node: node, labels: labels, blocks: blocks))
  }

  mutating func setBlocked(_ id: ValueID, _ labels: [Int], groups: Int) {
    if let old = blocked[id] { unite(old.labels, labels) } else { blocked[id] = (labels, groups) }
  }
}
