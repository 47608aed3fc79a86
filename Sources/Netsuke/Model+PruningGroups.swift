import Compression
import Graph
import Passes

extension Model {
  /// Which channels can be removed together, group by group, and why others cannot, as JSON.
  /// - Throws: `unsupported` for a graph with absurdly many channels.
  package func pruningGroups() throws -> String {
    var source = graph
    // One that was built rather than loaded still has its batch normalization apart; recipes see it folded.
    try Pipeline.simplify(&source)
    let dependencies = try ChannelDependencies(source)
    return JSONValue.array(dependencies.groups.map { $0.json(dependencies.graph) }).text()
  }
}

extension PruningGroup {
  fileprivate func json(_ graph: Graph) -> JSONValue {
    func names(_ nodes: [Int]) -> JSONValue { .strings(nodes.map { graph.nodes[$0].name }) }
    var reasons: [String] = []
    for case let reason? in fixed where !reasons.contains(reason) { reasons.append(reason) }
    if let frozen, reasons.isEmpty { reasons.append(frozen) }
    return .object([
      .init("name", .string(name)),
      .init("channels", .number(Double(count))),
      .init("removable", .number(Double(removable.count))),
      .init("reasons", .strings(reasons)),
      .init("layers", names(producers)),
      .init("readers", names(readers(graph))),
      .init(
        "tensors",
        .array(
          members.map { member in
            [
              "name": .string(graph[member.value].name), "axis": .number(Double(member.axis)), "extent": .number(Double(member.extent)),
              "positions": .number(Double(member.positions.count)), "constant": .bool(graph[member.value].constant != nil),
              "places": .array(member.places.map { .array($0.map { .number(Double($0)) }) }),
            ]
          })),
      .init(
        "equal",
        .array(balances.map { ["node": .string($0.node), "groups": .number(Double($0.blocks))] })),
    ])
  }
}

extension PruningGroup.Member {
  /// Runs [position, channel, channels, repeats]: for i below `channels`, the `repeats` positions from `position + i·repeats` on
  /// belong to channel `channel + i`.
  fileprivate var places: [[Int]] {
    var runs: [[Int]] = []
    var index = 0
    while index < positions.count {
      var same = 1
      while index + same < positions.count, channels[index + same] == channels[index],
        positions[index + same] == positions[index] + same
      { same += 1 }
      if let last = runs.last, last[3] == same, last[0] + last[2] * same == positions[index], last[1] + last[2] == channels[index] {
        runs[runs.count - 1][2] += 1
      } else {
        runs.append([positions[index], channels[index], 1, same])
      }
      index += same
    }
    return runs
  }
}
