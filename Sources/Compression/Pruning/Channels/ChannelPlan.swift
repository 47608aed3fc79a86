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
    /// Whether `ratios` or `remove` says the count, whatever the others are.
    package let isPinned: Bool
    /// The channels that go, where `remove` lists them.
    package var chosen: [Int]?
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
    let lists = try step.options.indices("remove")
    let all = try Layer.all(in: graph)
    let byNode = Dictionary(all.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    let selected = Set(step.layers.map(\.node))
    for (pattern, _) in ratios { _ = try LayerSelector(include: [pattern]).select(from: all, path: "\(step.path).ratios") }
    if let lists {
      try choose(lists, "\(step.path).remove")
      return
    }
    for (index, group) in dependencies.groups.enumerated() {
      guard group.producers.allSatisfy({ selected.contains($0) || byNode[$0] == nil }) else { continue }
      if let reason = group.frozen {
        leave(group.name, reason)
        continue
      }
      let layers = group.producers.compactMap { byNode[$0] }
      let share = ratios.last { pattern, _ in layers.contains { LayerSelector.fits(pattern, $0) } }?.share
      entries.append(
        Entry(group: index, name: group.name, count: selection(group).count(share ?? ratio), isPinned: share != nil))
    }
    guard !entries.isEmpty else {
      let reasons = leftAlone.map { "\($0.names.joined(separator: ", ")): \($0.reason)" }.joined(separator: "; ")
      throw Failure(
        .recipe, "\(step.path): none of the selected layers has channels that can be removed" + (reasons.isEmpty ? "" : " (\(reasons))"))
    }
  }

  /// The groups of `lists` lose exactly those channels, and no other group any.
  private mutating func choose(_ lists: [(name: String, indices: [Int])], _ path: String) throws {
    for (name, indices) in lists {
      guard let index = dependencies.groups.firstIndex(where: { $0.name == name }) else {
        let near = NearestName.to(name, among: dependencies.groups.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        throw Failure(.recipe, "\(path): no pruning group is called '\(name)'\(near)")
      }
      let chosen = Array(Set(indices)).sorted()
      entries.append(Entry(group: index, name: name, count: chosen.count, isPinned: true, chosen: chosen))
    }
    entries.sort { $0.group < $1.group }
    do {
      _ = try dependencies.cut(Dictionary(entries.map { ($0.group, $0.chosen ?? []) }, uniquingKeysWith: { $0 + $1 }))
    } catch let failure as Failure where failure.status == .invalidArgument {
      throw Failure(.recipe, "\(path): \(failure.message)")
    }
  }

  /// The plan in which the groups that are not pinned lose these shares of their channels, one for each entry, rounded up.
  package func with(_ shares: [Double]) -> ChannelPlan {
    var plan = self
    for (index, entry) in entries.enumerated() where !entry.isPinned {
      let group = dependencies.groups[entry.group], whole = Double(max(group.count, 1))
      // A little more than the whole number, so that rounding down gives it again.
      plan.entries[index].count = selection(group).count((max(shares[index] * whole - 1e-6, 0).rounded(.up) + 1e-6) / whole)
    }
    return plan
  }

  /// For each entry the share of its channels that goes.
  package var shares: [Double] { entries.map { Double($0.count) / Double(max(dependencies.groups[$0.group].count, 1)) } }

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
