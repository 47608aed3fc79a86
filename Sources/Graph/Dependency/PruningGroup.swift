/// Channels of a graph that can be removed together with everything that belongs to them: a value.
///
/// Its channels are numbered from 0. Removing one removes, at once, all positions that the members list for it.
package struct PruningGroup: Sendable {
  /// Where the group's channels lie along one axis of one value.
  package struct Member: Sendable {
    package let value: ValueID
    package let axis: Int
    /// Positions of the axis, ascending, and the channel that each belongs to. Other positions belong to other groups.
    package let positions: [Int]
    package let channels: [Int]
    /// Above 1 for the weight [M, C/blocks, …] of a grouped convolution: position p stands for column p % (C/blocks) of block
    /// p / (C/blocks), and each block may lose columns of its own.
    package let blocks: Int

    /// How many positions the axis has, those of other groups included.
    package let extent: Int
  }

  /// Runs of one axis that must keep equally many positions: the groups of a convolution.
  package struct Balance: Sendable, Hashable {
    /// Name of the convolution.
    package let node: String
    package let blocks: Int
    /// For each channel how many positions it has in each block; a channel that has none is absent.
    package let shares: [Int: [Int]]
  }

  /// The name of the first layer that makes the channels.
  package let name: String
  /// How many channels there are.
  package let count: Int
  /// The layers (indices of nodes) whose output channels these are; empty where only constants or padding make them.
  package let producers: [Int]
  package let members: [Member]
  package let balances: [Balance]
  /// For each channel why it cannot be removed; nil: it can.
  package let fixed: [String?]
  /// Sets of channels of which one must stay, for else an axis would be empty.
  package let covers: [[Int]]

  /// Why no channel can be removed; nil where some can.
  package var frozen: String? {
    guard fixed.allSatisfy({ $0 != nil }) else {
      return covers.contains { $0.count == 1 } && removable.isEmpty ? "its channels can only be removed all at once" : nil
    }
    return fixed.first ?? nil
  }

  /// The layers (indices of nodes) that read the channels as columns of their weights.
  package func readers(_ graph: Graph) -> [Int] {
    let columns = Set(members.filter { graph[$0.value].constant != nil }.map { Place(id: $0.value, axis: $0.axis) })
    return graph.nodes.indices.filter { index in
      guard let id = graph.nodes[index].input(1), graph[id].constant != nil else { return false }
      let transB = (try? graph.nodes[index].attributes.int("transB", default: 0)) ?? 0
      switch graph.nodes[index].op {
      case .conv: return columns.contains(Place(id: id, axis: 1))
      case .gemm: return columns.contains(Place(id: id, axis: transB != 0 ? 1 : 0))
      case .matMul: return columns.contains(Place(id: id, axis: max((graph[id].constant?.shape.count ?? 0) - 2, 0)))
      default: return false
      }
    }
  }

  private struct Place: Hashable {
    let id: ValueID
    let axis: Int
  }

  /// The channels that can be removed, though not all of them at once.
  package var removable: [Int] {
    let last = Set(covers.filter { $0.count == 1 }.map { $0[0] })
    return (0..<count).filter { fixed[$0] == nil && !last.contains($0) }
  }
}
