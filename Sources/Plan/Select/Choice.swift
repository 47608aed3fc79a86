/// How a step is run and what else was considered, by estimated time: what the planner says when asked why.
package struct Choice: Sendable {
  /// A way to run the step that was not taken.
  package struct Loser: Sendable {
    package let name: String
    package let nanoseconds: Double
    /// Why it was not taken though it is the faster one; nil where it is not.
    package let refusal: String?
  }

  package let name: String
  package let nanoseconds: Double
  package let losers: [Loser]

  /// The same with one more that was not taken.
  func adding(_ loser: Loser?) -> Choice {
    guard let loser else { return self }
    return Choice(name: name, nanoseconds: nanoseconds, losers: losers + [loser])
  }

  /// `winograd 4×4 612 µs; gemm 2011 µs; winograd 6×6 590 µs, refused: …`
  package var text: String {
    ([(name, nanoseconds, nil)] + losers.map { ($0.name, $0.nanoseconds, $0.refusal) }).map { name, nanoseconds, refusal in
      "\(name) \(Choice.microseconds(nanoseconds)) µs" + (refusal.map { ", refused: \($0)" } ?? "")
    }.joined(separator: "; ")
  }

  private static func microseconds(_ nanoseconds: Double) -> String {
    guard nanoseconds < 0x1p53 else { return "∞" }
    let tenths = Int64((nanoseconds / 100).rounded())
    return tenths >= 1000 ? "\((tenths + 5) / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}

/// One way to run a step.
struct Candidate {
  /// As people read it: `gemm`, `winograd 4×4`.
  let name: String
  /// What it is estimated to take on one core. No estimate depends on the number of threads: the same way is chosen, and the same
  /// bits come out, for any.
  let nanoseconds: Double
  /// Says why it may not be taken; asked only of a candidate that would win. May be slow.
  var refusal: () throws -> String? = { nil }

  /// The same with something else to do first, or then.
  func taking(_ more: Double) -> Candidate { Candidate(name: name, nanoseconds: nanoseconds + more, refusal: refusal) }

  /// The fastest candidate that nothing speaks against; the first one never refuses.
  /// - Returns: its position, and the record of the choice.
  static func choose(_ candidates: [Candidate]) throws -> (index: Int, choice: Choice) {
    let order = candidates.indices.sorted { (candidates[$0].nanoseconds, $0) < (candidates[$1].nanoseconds, $1) }
    var refusals: [Int: String] = [:]
    var winner = 0
    for index in order {
      guard let refusal = try candidates[index].refusal() else {
        winner = index
        break
      }
      refusals[index] = refusal
    }
    let losers = order.filter { $0 != winner }.map {
      Choice.Loser(name: candidates[$0].name, nanoseconds: candidates[$0].nanoseconds, refusal: refusals[$0])
    }
    return (winner, Choice(name: candidates[winner].name, nanoseconds: candidates[winner].nanoseconds, losers: losers))
  }
}
