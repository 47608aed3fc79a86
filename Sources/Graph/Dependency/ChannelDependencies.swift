import Tensors

/// Which channels of a graph depend on each other: its pruning groups, and how to cut them.
package struct ChannelDependencies {
  package let groups: [PruningGroup]
  private let labels: ChannelLabels
  /// For each group the root label of each channel.
  private let roots: [[Int]]

  /// - graph: types are inferred; simplified or not.
  /// - Throws: `unsupported` for a graph with absurdly many channels.
  package init(_ graph: Graph) throws {
    labels = try ChannelLabels.of(graph.withOwnVectors())
    var builder = GroupBuilder(labels)
    (groups, roots) = builder.build()
  }

  /// The graph that the groups speak of: the given one, in which every node has biases and scales of its own.
  package var graph: Graph { labels.graph }

  /// The graph without some channels: `removed[g]` lists channels of group g.
  ///
  /// What stays computes what it computed when the removed channels were zero wherever they were read. Names of nodes stay.
  /// - Throws: `invalidArgument` for a channel that is fixed or not there, where an axis would be empty, or where the groups of a
  ///   convolution would keep unequal numbers.
  package func cut(_ removed: [Int: [Int]]) throws -> Graph {
    var isRemoved = [Bool](repeating: false, count: labels.count)
    for (index, channels) in removed {
      guard groups.indices.contains(index) else { throw Failure(.invalidArgument, "there is no pruning group \(index)") }
      for channel in channels {
        guard roots[index].indices.contains(channel) else {
          throw Failure(.invalidArgument, "the group '\(groups[index].name)' has no channel \(channel)")
        }
        if let reason = groups[index].fixed[channel] {
          throw Failure(.invalidArgument, "channel \(channel) of the group '\(groups[index].name)' cannot be removed: \(reason)")
        }
        isRemoved[roots[index][channel]] = true
      }
    }
    var cut = ChannelCut(labels, isRemoved: isRemoved)
    return try cut.finish()
  }
}

extension Graph {
  /// The same graph with a copy of every shared vector for each node that reads it. Exporters share biases that happen to be equal, which
  /// says nothing about the channels; a shared matrix or filter does.
  fileprivate func withOwnVectors() -> Graph {
    var result = self
    var isRead = Set<ValueID>(outputs)
    var names = Set(values.map(\.name)).union(nodes.map(\.name))
    for index in nodes.indices {
      for (position, input) in nodes[index].inputs.enumerated() {
        guard let input, let weight = self[input].constant, weight.dtype.isFloat, weight.count > 1,
          weight.shape.max() == weight.count, !isRead.insert(input).inserted
        else { continue }
        var name = "\(self[input].name)/\(nodes[index].name)"
        while !names.insert(name).inserted { name += "'" }
        result.nodes[index].inputs[position] = result.addValue(name, self[input].type, constant: weight)
      }
    }
    return result
  }
}

/// Sorts labels into groups: those that the same layers make, and those that a balance ties.
private struct GroupBuilder {
  let labels: ChannelLabels
  private var parents: [Int]

  init(_ labels: ChannelLabels) {
    self.labels = labels
    parents = Array(0..<labels.count)
  }

  private mutating func find(_ label: Int) -> Int {
    var label = label
    while parents[label] != label {
      parents[label] = parents[parents[label]]
      label = parents[label]
    }
    return label
  }

  private mutating func join(_ list: some Sequence<Int>) {
    var first: Int?
    for label in list {
      let root = find(labels.root(label))
      if let other = first { parents[max(find(other), root)] = min(find(other), root) } else { first = root }
    }
  }

  mutating func build() -> ([PruningGroup], [[Int]]) {
    for (source, range) in labels.sources { if case .layer = source { join(range) } }
    for balance in labels.balances { join(balance.labels) }
    // Groups by the order of the layers that make them.
    var groupOf: [Int: Int] = [:]
    var roots: [[Int]] = []
    var producers: [[Int]] = []
    for case (.layer(let node), let range) in labels.sources {
      guard let label = range.first else { continue }
      let key = find(labels.root(label))
      let group = groupOf[key] ?? roots.count
      if group == roots.count {
        groupOf[key] = group
        roots.append([])
        producers.append([])
      }
      producers[group].append(node)
    }
    var place = [(group: Int, channel: Int)?](repeating: nil, count: labels.count)
    for label in 0..<labels.count where labels.root(label) == label {
      guard let group = groupOf[find(label)] else { continue }
      place[label] = (group, roots[group].count)
      roots[group].append(label)
    }
    var members = [[PruningGroup.Member]](repeating: [], count: roots.count)
    for (index, axes) in labels.axes.enumerated() {
      for (axis, list) in axes.enumerated() {
        if let list { add(list, ValueID(index), axis, blocks: 1, place, &members) }
      }
      if let block = labels.blocked[ValueID(index)] { add(block.labels, ValueID(index), 1, blocks: block.groups, place, &members) }
    }
    let balances = balances(place, count: roots.count)
    let groups = roots.indices.map { group in
      PruningGroup(
        name: labels.graph.nodes[producers[group][0]].name, count: roots[group].count, producers: producers[group], members: members[group],
        balances: balances[group], fixed: roots[group].map(labels.reason), covers: GroupBuilder.covers(members[group]))
    }
    return (groups, roots)
  }

  private func add(
    _ list: [Int], _ id: ValueID, _ axis: Int, blocks: Int, _ place: [(group: Int, channel: Int)?],
    _ members: inout [[PruningGroup.Member]]
  ) {
    var parts: [Int: (positions: [Int], channels: [Int])] = [:]
    for (position, label) in list.enumerated() {
      guard let (group, channel) = place[labels.root(label)] else { continue }
      parts[group, default: ([], [])].positions.append(position)
      parts[group, default: ([], [])].channels.append(channel)
    }
    for (group, part) in parts {
      members[group].append(
        PruningGroup.Member(
          value: id, axis: axis, positions: part.positions, channels: part.channels, blocks: blocks, extent: list.count))
    }
  }

  private func balances(_ place: [(group: Int, channel: Int)?], count: Int) -> [[PruningGroup.Balance]] {
    var result = [[PruningGroup.Balance]](repeating: [], count: count)
    for balance in labels.balances {
      var shares: [Int: [Int]] = [:]
      var owner: Int?
      let size = max(balance.labels.count / max(balance.blocks, 1), 1)
      for (position, label) in balance.labels.enumerated() {
        guard let (group, channel) = place[labels.root(label)] else { continue }
        owner = group
        shares[channel, default: [Int](repeating: 0, count: balance.blocks)][position / size] += 1
      }
      guard let owner else { continue }
      let entry = PruningGroup.Balance(node: labels.graph.nodes[balance.node].name, blocks: balance.blocks, shares: shares)
      if !result[owner].contains(where: { $0.shares == shares }) { result[owner].append(entry) }
    }
    return result
  }

  /// For every axis the channels it has of the group; of equal sets one.
  private static func covers(_ members: [PruningGroup.Member]) -> [[Int]] {
    var sets = Set<[Int]>()
    for member in members { sets.insert(Set(member.channels).sorted()) }
    return sets.sorted { ($0.count, $0.first ?? 0) < ($1.count, $1.first ?? 0) }
  }
}
