import Graph

/// Chooses channels of a group whose convolutions have groups, each of which must keep equally many.
///
/// Channels that lie in the same blocks are a cell, and within a cell the lowest scores go. How many go from each cell is a small system of
/// equations, solved by search: every block of a convolution loses the same number, close to the share that was asked for.
struct BalancedSelection {
  private let group: PruningGroup
  /// Removable channels of each cell, the first to go first, and the positions that one of them has in each row.
  private var cells: [(channels: [Int], shares: [(row: Int, count: Int)], size: Int)] = []
  /// The balance and the positions of each block.
  private var rows: [(balance: Int, size: Int)] = []

  /// Steps of one search; then the next share is tried.
  private static let maximumSteps = 20_000

  /// - order: the removable channels, the first to go first.
  init?(_ group: PruningGroup, order: [Int]) {
    self.group = group
    var first: [Int] = []
    for (index, balance) in group.balances.enumerated() {
      first.append(rows.count)
      for block in 0..<balance.blocks { rows.append((index, balance.shares.values.reduce(0) { $0 + $1[block] })) }
    }
    let removable = Set(order)
    var cellOf: [[Int]: Int] = [:]
    var cellsOfChannels = [Int](repeating: 0, count: group.count)
    for channel in 0..<group.count {
      var shares: [(row: Int, count: Int)] = []
      for (index, balance) in group.balances.enumerated() {
        for (block, count) in (balance.shares[channel] ?? []).enumerated() where count > 0 { shares.append((first[index] + block, count)) }
      }
      let key = shares.flatMap { [$0.row, $0.count] }
      let cell = cellOf[key] ?? cells.count
      if cell == cells.count {
        cellOf[key] = cell
        cells.append(([], shares, 0))
      }
      cells[cell].size += 1
      cellsOfChannels[channel] = cell
    }
    for channel in order where removable.contains(channel) { cells[cellsOfChannels[channel]].channels.append(channel) }
  }

  /// At most about `count` channels, ascending.
  func remove(_ count: Int, multiple: Int) -> [Int] {
    let steps = max(rows.map(\.size).max() ?? 1, 1)
    var share = Double(count) / Double(max(group.count, 1))
    var fallback: [Int] = []
    while share > 0 {
      if let removed = attempt(share), removed.count <= count {
        if (group.count - removed.count) % multiple == 0 { return removed }
        if fallback.isEmpty { fallback = removed }
      }
      share -= 1 / Double(steps)
    }
    return fallback
  }

  /// The channels that go when every block loses about this share; nil where the blocks cannot agree.
  private func attempt(_ share: Double) -> [Int]? {
    var need = rows.map { Int((Double($0.size) * share).rounded()) }
    var room = [Int](repeating: 0, count: rows.count)
    for cell in cells { for (row, count) in cell.shares { room[row] += count * cell.channels.count } }
    guard need.contains(where: { $0 > 0 }) else { return nil }
    var counts = [Int](repeating: 0, count: cells.count)
    var steps = 0
    func fill(_ index: Int) -> Bool {
      guard index < cells.count else { return need.allSatisfy { $0 == 0 } }
      let cell = cells[index]
      var (low, high) = (0, cell.channels.count)
      for (row, count) in cell.shares {
        room[row] -= count * cell.channels.count
        high = min(high, need[row] / count)
        low = max(low, (need[row] - room[row] + count - 1) / count)
      }
      defer { for (row, count) in cell.shares { room[row] += count * cell.channels.count } }
      guard low <= high else { return false }
      // The proportional number first, then its neighbours.
      let middle = min(max(Int((Double(cell.size) * share).rounded()), low), high)
      for distance in 0...(high - low) {
        for value in distance == 0 ? [middle] : [middle - distance, middle + distance] where value >= low && value <= high {
          steps += 1
          guard steps <= BalancedSelection.maximumSteps else { return false }
          for (row, count) in cell.shares { need[row] -= count * value }
          counts[index] = value
          if fill(index + 1) { return true }
          for (row, count) in cell.shares { need[row] += count * value }
        }
      }
      return false
    }
    guard fill(0) else { return nil }
    let removed = zip(cells, counts).flatMap { $0.channels.prefix($1) }.sorted()
    let gone = Set(removed)
    return group.covers.allSatisfy { $0.contains { !gone.contains($0) } } ? removed : nil
  }
}
