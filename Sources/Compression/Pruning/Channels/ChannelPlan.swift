import Graph
import Tensors

/// Which groups a step cuts, and by how much.
package struct ChannelPlan {
  package struct Entry {
    /// Index into the groups of `dependencies`.
    package let group: Int
    package let name: String
    /// Channels that go, at most.
    package var count: Int
  }

  package let dependencies: ChannelDependencies
  package var entries: [Entry] = []
  private let minimum: Int
  private let multiple: Int
  /// What is left alone, by reason: names of groups.
  private var leftAlone: [(reason: String, names: [String])] = []

  /// A group is cut when the step is for every layer that makes its channels.
  package init(_ graph: Graph, _ step: StepContext) throws {
    dependencies = try ChannelDependencies(graph)
    (minimum, multiple) = (Int(try step.options.number("min_channels")), Int(try step.options.number("round_to")))
    let ratio = try step.options.number("ratio")
    let ratios = try step.options.shares("ratios")
    let all = try Layer.all(in: graph)
    let byNode = Dictionary(all.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    let selected = Set(step.layers.map(\.node))
    for (pattern, _) in ratios { _ = try LayerSelector(include: [pattern]).select(from: all, path: "\(step.path).ratios") }
    for (index, group) in dependencies.groups.enumerated() {
      guard group.producers.allSatisfy({ selected.contains($0) || byNode[$0] == nil }) else { continue }
      if let reason = group.frozen {
        leave(group.name, reason)
        continue
      }
      let layers = group.producers.compactMap { byNode[$0] }
      let share = ratios.last { pattern, _ in layers.contains { LayerSelector.fits(pattern, $0) } }?.share ?? ratio
      entries.append(Entry(group: index, name: group.name, count: selection(group).count(share)))
    }
    guard !entries.isEmpty else {
      let reasons = leftAlone.map { "\($0.names.joined(separator: ", ")): \($0.reason)" }.joined(separator: "; ")
      throw Failure(
        .recipe, "\(step.path): none of the selected layers has channels that can be removed" + (reasons.isEmpty ? "" : " (\(reasons))"))
    }
  }

  /// How channels of the group are chosen under this step's bounds.
  package func selection(_ group: PruningGroup) -> ChannelSelection {
    var selection = ChannelSelection(group)
    (selection.minimum, selection.multiple) = (minimum, multiple)
    return selection
  }

  private mutating func leave(_ name: String, _ reason: String) {
    if let index = leftAlone.firstIndex(where: { $0.reason == reason }) {
      leftAlone[index].names.append(name)
    } else {
      leftAlone.append((reason, [name]))
    }
  }

  /// Tells the report what was left alone, and why.
  package func note(_ ledger: Ledger) {
    for (reason, names) in leftAlone {
      ledger.note("channels left alone: \(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? " …" : ""): \(reason)")
    }
  }
}
