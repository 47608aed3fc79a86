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
    return JSONValue.array(try ChannelDependencies(source).groups.map { $0.json(source) }).text()
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
            ]
          })),
      .init(
        "equal",
        .array(balances.map { ["node": .string($0.node), "groups": .number(Double($0.blocks))] })),
    ])
  }
}
