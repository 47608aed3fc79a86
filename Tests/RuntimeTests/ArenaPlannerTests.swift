import Plan
import TestSupport
import Testing

@Suite struct ArenaPlannerTests {
  /// Overlap in time means no overlap in space; and the block holds every tensor but no more than all of them.
  private func check(_ items: [ArenaPlanner.Item]) -> Int {
    let (offsets, total) = ArenaPlanner.place(items)
    var sum = 0
    for (a, item) in items.enumerated() {
      #expect(offsets[a] % 64 == 0)
      #expect(offsets[a] + item.byteCount <= total || item.byteCount == 0)
      sum += ArenaPlanner.rounded(item.byteCount)
      for b in items.indices where b > a && items[b].overlaps(item) {
        let apart = offsets[a] + item.byteCount <= offsets[b] || offsets[b] + items[b].byteCount <= offsets[a]
        #expect(apart, "items \(a) and \(b) share bytes")
      }
    }
    #expect(total <= sum)
    let steps = (items.map(\.last).max() ?? -1) + 1
    for step in 0..<steps {
      let live = items.filter { $0.first <= step && step <= $0.last }.reduce(0) { $0 + $1.byteCount }
      #expect(live <= total)
    }
    return total
  }

  @Test func aChainNeedsItsTwoLargestNeighbours() {
    let sizes = [640, 1280, 64, 640, 128]
    let items = sizes.enumerated().map { ArenaPlanner.Item(byteCount: $0.element, first: $0.offset, last: $0.offset + 1) }
    #expect(check(items) == 1280 + 640)
  }

  @Test func nothingAndEmptyTensors() {
    #expect(ArenaPlanner.place([]).byteCount == 0)
    #expect(check([.init(byteCount: 0, first: 0, last: 5), .init(byteCount: 1, first: 0, last: 0)]) == 64)
  }

  @Test func aTensorThatLivesThroughoutIsNeverShared() {
    let long = ArenaPlanner.Item(byteCount: 100, first: 0, last: 9)
    let others = (0..<10).map { ArenaPlanner.Item(byteCount: 200 + $0, first: $0, last: $0) }
    #expect(check([long] + others) == ArenaPlanner.rounded(209) + ArenaPlanner.rounded(100))
  }

  @Test(arguments: 0..<40) func randomLives(seed: UInt64) {
    var random = Random(seed: seed)
    let items = (0..<Int(random.next() % 60)).map { _ in
      let first = Int(random.next() % 50)
      return ArenaPlanner.Item(byteCount: Int(random.next() % 5000), first: first, last: first + Int(random.next() % 10))
    }
    _ = check(items)
  }
}
