/// Places tensors that live at different times into one block of memory.
///
/// Greedy by size (Pisarchyk and Lee 2020): the largest first, each into the smallest gap that fits between the tensors
/// already placed whose lives overlap its own, or behind them all.
package enum ArenaPlanner {
  /// A tensor: its bytes, and the first and last step that touch it.
  package struct Item: Sendable {
    package var byteCount: Int
    package var first: Int
    package var last: Int

    package init(byteCount: Int, first: Int, last: Int) {
      self.byteCount = byteCount
      self.first = first
      self.last = last
    }

    package func overlaps(_ other: Item) -> Bool { first <= other.last && other.first <= last }
  }

  package static let alignment = 64

  /// Offsets of the items, in their order, each a multiple of 64, and the bytes of the whole block.
  ///
  /// No two items whose lives overlap share a byte. Empty items get offset 0. Quadratic in the number of items.
  package static func place(_ items: [Item]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: items.count)
    var total = 0
    var placed: [(begin: Int, end: Int, index: Int)] = []  // ascending in begin
    let order = items.indices.filter { items[$0].byteCount > 0 }.sorted {
      (items[$1].byteCount, $0) < (items[$0].byteCount, $1)
    }
    for index in order {
      let size = rounded(items[index].byteCount)
      var end = 0
      var best: (offset: Int, gap: Int)?
      for other in placed where items[other.index].overlaps(items[index]) {
        let gap = other.begin - end
        if gap >= size, best.map({ gap < $0.gap }) ?? true { best = (end, gap) }
        end = max(end, other.end)
      }
      let offset = best?.offset ?? end
      offsets[index] = offset
      total = max(total, offset + size)
      let position = placed.firstIndex { $0.begin > offset } ?? placed.count
      placed.insert((offset, offset + size, index), at: position)
    }
    return (offsets, total)
  }

  package static func rounded(_ byteCount: Int) -> Int { (byteCount + alignment - 1) & ~(alignment - 1) }
}
