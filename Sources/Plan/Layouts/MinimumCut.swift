/// The cheapest way to put each of many things on one of two sides, where keeping a thing on a side costs something, and so does parting two: a
/// minimum cut, found as a maximum flow along shortest paths (Edmonds and Karp 1972).
package struct MinimumCut {
  /// More than any sum of costs.
  package static let forbidden = Int.max / 4
  /// Edges looked at before the search gives up, for graphs made to be hard: a fraction of a second.
  private static let patience = 60_000_000

  private var heads: [Int] = []
  private var capacities: [Int] = []
  private var edges: [[Int]] = [[], []]
  private let source = 0
  private let sink = 1

  package init() {}

  /// A new thing.
  package mutating func add() -> Int {
    edges.append([])
    return edges.count - 1
  }

  /// What it costs to have `thing` on the first side, and on the second.
  package mutating func cost(_ thing: Int, first: Int, second: Int) {
    connect(thing, sink, first)
    connect(source, thing, second)
  }

  /// What it costs if `a` is on the first side and `b` on the second.
  package mutating func part(_ a: Int, _ b: Int, _ cost: Int) { connect(a, b, cost) }

  private mutating func connect(_ from: Int, _ to: Int, _ capacity: Int) {
    guard capacity > 0 else { return }
    edges[from].append(heads.count)
    heads.append(to)
    capacities.append(min(capacity, Self.forbidden))
    edges[to].append(heads.count)
    heads.append(from)
    capacities.append(0)
  }

  /// The things on the first side; nil where that would take too long to find.
  package mutating func firstSide() -> Set<Int>? {
    var looked = 0
    while looked < Self.patience {
      var reachedBy = [Int](repeating: -1, count: edges.count)
      var queue = [source]
      var next = 0
      while next < queue.count, reachedBy[sink] < 0 {
        let from = queue[next]
        next += 1
        looked += edges[from].count
        for edge in edges[from] where capacities[edge] > 0 && heads[edge] != source && reachedBy[heads[edge]] < 0 {
          reachedBy[heads[edge]] = edge
          queue.append(heads[edge])
        }
      }
      if reachedBy[sink] < 0 { return Set(queue) }
      var flow = Int.max
      var place = sink
      while place != source {
        flow = min(flow, capacities[reachedBy[place]])
        place = heads[reachedBy[place] ^ 1]
      }
      place = sink
      while place != source {
        let edge = reachedBy[place]
        capacities[edge] -= flow
        let back = capacities[edge ^ 1].addingReportingOverflow(flow)
        capacities[edge ^ 1] = back.overflow ? Self.forbidden : back.partialValue
        place = heads[edge ^ 1]
      }
    }
    return nil
  }
}
