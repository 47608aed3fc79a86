import Graph

/// Chooses which channels of a group go, by their scores and within what the group allows.
package struct ChannelSelection {
  package let group: PruningGroup
  /// At least this many stay.
  package var minimum = 1
  /// The number that stays is a multiple of this where that is possible.
  package var multiple = 1

  package init(_ group: PruningGroup) { self.group = group }

  /// The share of the group's channels, as a count that the minimum and the multiple allow: never more than was asked for.
  package func count(_ share: Double) -> Int {
    let wanted = Int((Double(group.count) * share).rounded(.down))
    let rest = max(group.count - wanted, minimum, group.count - group.removable.count)
    let rounded = (rest + multiple - 1) / multiple * multiple
    return max(group.count - (rounded > group.count ? group.count : rounded), 0)
  }

  /// The channels that go, ascending: at most `count`, the lowest scores first, of equal ones the first. Fewer where the groups of a
  /// convolution must keep equally many, or an axis would be empty.
  package func remove(_ count: Int, scores: [Double]) -> [Int] {
    let removable = Set(group.removable)
    let order = (0..<group.count).filter(removable.contains).sorted { (scores[$0], $0) < (scores[$1], $1) }
    guard !group.balances.isEmpty else { return kept(order, count) }
    return BalancedSelection(group, order: order)?.remove(count, multiple: multiple) ?? []
  }

  /// The first `count` of `order` that leave something of every axis.
  private func kept(_ order: [Int], _ count: Int) -> [Int] {
    var left = group.covers.map(\.count)
    var coversOf = [[Int]](repeating: [], count: group.count)
    for (index, cover) in group.covers.enumerated() { for channel in cover { coversOf[channel].append(index) } }
    var removed: [Int] = []
    for channel in order {
      guard removed.count < count else { break }
      guard coversOf[channel].allSatisfy({ left[$0] > 1 }) else { continue }
      for cover in coversOf[channel] { left[cover] -= 1 }
      removed.append(channel)
    }
    return removed.sorted()
  }
}
