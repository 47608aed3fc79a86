#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Graph
import Tensors

/// How far the outputs of a changed graph are from the original's, over some samples: what zeros and channels are shared out by.
///
/// The squared error over the outputs' variance, and, for outputs that look like classes (rows of numbers), the mean Kullback–Leibler
/// divergence between the original's probabilities and the changed ones besides. For a classifier the divergence counts what turns an answer
/// over, and the squared error what happens to classes that are never near; their sum serves any other output too.
package struct OutputDamage {
  private let original: Graph
  private let front: SampleFront
  /// The original's outputs, by sample.
  private let wanted: [[Tensor]]
  /// What outputs that are not finite count as.
  private static let allLost = 100.0

  /// - original: the network whose outputs are right.
  package init(_ original: Graph, samples indices: [Int], _ step: StepContext) throws {
    self.original = original
    front = try SampleFront(step, among: indices)
    let runner = front.runner(original, making: original.outputs)
    wanted = try (0..<indices.count).map { try runner.run($0) }
  }

  /// Promises that what is measured differs from the original only from a node on, which is no earlier than the one named before.
  package func settle(before node: Int) throws { try front.advance(to: node, of: original) }

  /// The samples that judge, and those that remain to fit to: what is fitted to few samples loses less on them than it does. The last third
  /// judges, since neighbours in a list often resemble each other (files sorted by class), as what a network will see later does not.
  /// All are both where there are fewer than eight.
  package static func divide(_ count: Int, judges: Int) -> (fitted: [Int], judging: [Int]) {
    let all = Array(0..<count)
    guard count >= 8 else { return (all, all) }
    let last = all.suffix(count / 3), number = min(last.count, max(judges, 1))
    return (all.dropLast(count / 3), (0..<number).map { last[last.startIndex + $0 * last.count / number] })
  }

  package func measure(_ graph: Graph) throws -> Double {
    let runner = front.runner(graph, making: graph.outputs)
    var (error, power, sum, count) = (0.0, 0.0, 0.0, 0.0)
    var (divergence, rows) = (0.0, 0.0)
    for (index, tensors) in wanted.enumerated() {
      for (a, b) in zip(tensors, try runner.run(index)) where a.dtype == .f32 && a.shape == b.shape {
        let (x, y) = (a.elements(as: Float.self), b.elements(as: Float.self))
        for position in 0..<x.count {
          let difference = Double(x[position]) - Double(y[position])
          error += difference * difference
          power += Double(x[position]) * Double(x[position])
          sum += Double(x[position])
          count += 1
        }
        if let classes = Self.classes(a) {
          for first in stride(from: 0, to: x.count, by: classes) {
            let (p, q) = (Self.logProbabilities(x[first..<first + classes]), Self.logProbabilities(y[first..<first + classes]))
            for (p, q) in zip(p, q) { divergence += exp(p) * (p - q) }
            rows += 1
          }
        }
        withExtendedLifetime((a, b)) {}
      }
    }
    let variance = power - sum * sum / max(count, 1)
    let damage = (variance > 0 ? error / variance : error > 0 ? 1 : 0) + max(divergence, 0) / max(rows, 1)
    return damage.isFinite ? min(damage, Self.allLost) : Self.allLost
  }

  /// How many classes each row of an output [N, classes, 1, …] has; nil for other outputs.
  private static func classes(_ output: Tensor) -> Int? {
    guard output.shape.count >= 2, output.shape[1] > 1, output.shape[2...].allSatisfy({ $0 == 1 }) else { return nil }
    return output.shape[1]
  }

  /// ln of probabilities, whether a row holds those or what a softmax makes them of.
  static func logProbabilities(_ row: Slice<UnsafeBufferPointer<Float>>) -> [Double] {
    var (least, greatest, sum) = (Double.infinity, -Double.infinity, 0.0)
    for value in row {
      (least, greatest) = (min(least, Double(value)), max(greatest, Double(value)))
      sum += Double(value)
    }
    // Below this a probability is as good as none; rounding may have made it zero.
    if least >= 0, (sum - 1).magnitude < 1e-3 { return row.map { log(max(Double($0), 1e-12) / sum) } }
    var total = 0.0
    for value in row { total += exp(Double(value) - greatest) }
    let shift = greatest + log(total)
    return row.map { Double($0) - shift }
  }
}
