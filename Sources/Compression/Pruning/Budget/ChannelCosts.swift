import Graph

/// What a network costs as a function of how many channels its groups lose: a sum over nodes, each a function of the share of its work
/// that is left.
package struct ChannelCosts {
  /// A node's cost.
  package struct Term: Sendable {
    /// Along each axis that the work grows with, the extent and how many positions belong to which entry.
    package var axes: [(extent: Int, parts: [(entry: Int, positions: Int)])]
    /// Shares of the work, ascending, and what they cost; linear between, through zero below.
    package var points: [(share: Double, cost: Double)]

    package init(axes: [(extent: Int, parts: [(entry: Int, positions: Int)])], points: [(share: Double, cost: Double)]) {
      self.axes = axes
      self.points = points
    }

    /// - lost: for each entry the share of its channels that is gone.
    func cost(_ lost: [Double]) -> Double {
      var share = 1.0
      for axis in axes where axis.extent > 0 {
        share *= max(1 - axis.parts.reduce(0) { $0 + Double($1.positions) * lost[$1.entry] } / Double(axis.extent), 0)
      }
      var last = (share: 0.0, cost: 0.0)
      for point in points {
        if share <= point.share {
          return last.cost + (point.cost - last.cost) * (share - last.share) / max(point.share - last.share, 1e-9)
        }
        last = point
      }
      return last.cost
    }
  }

  package var terms: [Term] = []

  package init(terms: [Term]) { self.terms = terms }

  package func total(_ lost: [Double]) -> Double { terms.reduce(0) { $0 + $1.cost(lost) } }

  /// - costs: by name of node.
  package init(_ plan: ChannelPlan, costs: [String: Double]) throws {
    try self.init(plan) { name, _ in costs[name].map { [(1, $0)] } ?? [] }
  }

  /// - points: by name of node and the axes of its work.
  package init(_ plan: ChannelPlan, points: (String, Term) -> [(share: Double, cost: Double)]) throws {
    let graph = plan.dependencies.graph
    let layers = Dictionary(try Layer.all(in: graph).map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    var members: [ValueID: [(entry: Int, member: PruningGroup.Member)]] = [:]
    for (index, entry) in plan.entries.enumerated() {
      for member in plan.dependencies.groups[entry.group].members { members[member.value, default: []].append((index, member)) }
    }
    func axis(_ value: ValueID, _ axis: Int) -> (extent: Int, parts: [(entry: Int, positions: Int)]) {
      let parts = (members[value] ?? []).filter { $0.member.axis == axis }
      return (parts.first?.member.extent ?? 0, parts.map { ($0.entry, $0.member.positions.count) })
    }
    for (index, node) in graph.nodes.enumerated() {
      var term = Term(axes: [], points: [])
      if let layer = layers[index] {
        term.axes = [axis(layer.weight, layer.outputAxis), axis(layer.weight, layer.inputAxis)]
      } else if let output = node.outputs.first {
        let axes = Set((members[output] ?? []).map(\.member.axis))
        term.axes = axes.sorted().map { axis(output, $0) }
      }
      term.points = points(node.name, term)
      if !term.points.isEmpty { terms.append(term) }
    }
  }
}
