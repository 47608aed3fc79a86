#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Tensors

/// How zeros are shared out between layers so that the network's outputs suffer least.
///
/// Each layer's damage is a curve over its share of zeros, measured with all the others whole; damages are taken to add up. What is
/// least in sum is found with one price for a zero: each layer goes to where its damage less price × zeros is smallest.
package struct AllocateZeros {
  /// A layer's damage at some shares of zeros, ascending.
  package struct Curve: Sendable {
    package let elements: Int
    package var points: [(share: Double, damage: Double)]

    package init(elements: Int, points: [(share: Double, damage: Double)]) {
      self.elements = elements
      self.points = points
    }

    /// ln of the damage, linear between points and beyond them; a damage never falls as zeros grow.
    package func logDamage(_ share: Double) -> Double {
      var last = -Double.infinity
      let known = points.map { point -> (Double, Double) in
        last = max(last, log(max(point.damage, 1e-12)))
        return (point.share, last)
      }
      guard let first = known.first else { return 0 }
      guard known.count > 1 else { return first.1 }
      let upper = min(known.firstIndex { $0.0 >= share } ?? known.count - 1, known.count - 1)
      let (a, b) = upper == 0 ? (known[0], known[1]) : (known[upper - 1], known[upper])
      return a.1 + (b.1 - a.1) * (share - a.0) / max(b.0 - a.0, 1e-9)
    }
  }

  /// Shares that are considered: steps of 1/200 up to here.
  private static let steps = 194

  /// A share for each layer, together `share` of all elements up to rounding.
  package static func shares(_ curves: [Curve], share: Double) -> [Double] {
    let total = Double(curves.reduce(0) { $0 + $1.elements })
    guard total > 0, share > 0 else { return curves.map { _ in 0 } }
    // Beyond what the grid reaches nothing can be chosen.
    guard share < Double(steps) / 200 else { return curves.map { _ in share } }
    let tables = curves.map { curve in
      (0...steps).map { step in step == 0 ? 0 : exp(curve.logDamage(Double(step) / 200)) }
    }
    func choose(_ price: Double) -> (steps: [Int], share: Double) {
      var chosen: [Int] = []
      var zeros = 0.0
      for (curve, table) in zip(curves, tables) {
        let weight = price * Double(curve.elements) / total / 200
        var best = 0
        for step in 1...steps where table[step] - weight * Double(step) < table[best] - weight * Double(best) { best = step }
        chosen.append(best)
        zeros += Double(best) / 200 * Double(curve.elements)
      }
      return (chosen, zeros / total)
    }
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if choose(exp(middle)).share < share { low = middle } else { high = middle }
    }
    // Between the two prices at the break, the layers that differ go part of the way, all alike.
    let below = choose(exp(low)), above = choose(exp(high))
    let part = above.share > below.share ? min(max((share - below.share) / (above.share - below.share), 0), 1) : 0
    let shares = zip(below.steps, above.steps).map { (Double($0) + part * Double($1 - $0)) / 200 }
    guard above.share < share else { return shares }
    return shares.map { min($0 * share / max(above.share, 1e-9), 0.99) }
  }
}
