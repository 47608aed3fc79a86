import Compression
import Tensors
import Testing

@Suite struct GramRoundingTests {
  /// The second moments of `size` inputs that a third as many hidden causes move.
  private func moments(_ size: Int, _ noise: inout Noise) -> [Double] {
    let causes = (0..<size * (size / 3 + 1)).map { _ in Double(noise.next()) }
    var gram = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in 0..<size {
        for cause in 0...size / 3 { gram[i * size + j] += causes[i * (size / 3 + 1) + cause] * causes[j * (size / 3 + 1) + cause] }
      }
      gram[i * size + i] += 0.05
    }
    return gram
  }

  private func row(_ wanted: [Float], _ step: Float, _ levels: ClosedRange<Float>) -> GramRounding.Row {
    GramRounding.Row(
      wanted: wanted, steps: wanted.map { _ in step }, lowest: wanted.map { _ in levels.lowerBound },
      highest: wanted.map { _ in levels.upperBound })
  }

  private func error(_ row: GramRounding.Row, _ gram: [Double]) -> Double {
    let size = row.wanted.count
    let difference = (0..<size).map { Double(row.levels[$0] * row.steps[$0] - row.wanted[$0]) }
    var sum = 0.0
    for i in 0..<size { for j in 0..<size { sum += difference[i] * gram[i * size + j] * difference[j] } }
    return sum
  }

  /// Against every combination of levels: seldom the best, always near it, and no single change makes it better.
  @Test func isNearTheBestThereIs() throws {
    var noise = Noise(5)
    var (found, best, nearest) = (0.0, 0.0, 0.0)
    for _ in 0..<40 {
      let gram = moments(5, &noise)
      let rounding = try #require(GramRounding(gram, size: 5, ridge: 0))
      var mine = row((0..<5).map { _ in noise.next() }, 0.5, -2...1)
      rounding.walk(&mine)
      rounding.descend(&mine)
      let own = error(mine, gram)
      found += own
      var least = Double.infinity
      for code in 0..<1024 {
        var other = mine
        for column in 0..<5 { other.levels[column] = Float(code >> (2 * column) & 3) - 2 }
        let sum = error(other, gram)
        least = min(least, sum)
        let distance = zip(other.levels, mine.levels).reduce(0) { $0 + ($1.0 - $1.1).magnitude }
        // Products of f32 with a condition of at most 5 / 0.05: 1e-4 is two hundred times their rounding.
        if distance == 1 { #expect(sum >= own * (1 - 1e-4) - 1e-9) }
      }
      best += least
      var plain = mine
      for column in 0..<5 { plain.levels[column] = min(max((plain.wanted[column] / 0.5).rounded(), -2), 1) }
      nearest += error(plain, gram)
    }
    #expect(found < 1.3 * best && found < 0.6 * nearest, "\(found) against \(best) and \(nearest)")
  }

  @Test func scalesAreRefitted() throws {
    var noise = Noise(6)
    let gram = moments(24, &noise)
    let rounding = try #require(GramRounding(gram, size: 24, ridge: 0))
    var one = row((0..<24).map { _ in noise.next() }, 0.3, -4...3)
    rounding.walk(&one)
    rounding.descend(&one)
    var fitted = one
    rounding.refit(&fitted, [0..<24], times: 4)
    #expect(fitted.error < one.error && error(fitted, gram) < error(one, gram))
    #expect(Set(fitted.steps).count == 1)
    var groups = one
    rounding.refit(&groups, [0..<10, 10..<24], times: 4)
    #expect(Set(groups.steps).count == 2 && error(groups, gram) < error(one, gram))
  }

  /// Weights that must stay zero do, and inputs that never vary do not harm.
  @Test func zerosStay() throws {
    var noise = Noise(7)
    var gram = moments(16, &noise)
    for i in 0..<16 { (gram[3 * 16 + i], gram[i * 16 + 3]) = (0, 0) }
    let rounding = try #require(GramRounding(gram, size: 16, ridge: 1e-6))
    var one = row((0..<16).map { _ in noise.next() }, 0.2, -8...7)
    for column in [0, 9] { (one.lowest[column], one.highest[column]) = (0, 0) }
    rounding.walk(&one)
    rounding.descend(&one)
    #expect(one.levels[0] == 0 && one.levels[9] == 0 && one.levels.allSatisfy { (-8...7).contains($0) })
    #expect(GramRounding([Double](repeating: 0, count: 4), size: 2, ridge: 0) == nil)
    #expect(GramRounding([.nan, 0, 0, 1], size: 2, ridge: 0) == nil)
  }

  /// The best scale clips where that pays, and is sane for whatever it is given.
  @Test(arguments: 2...8, [true, false]) func scalesOfAnyWeights(bits: Int, symmetric: Bool) throws {
    let search = ScaleSearch(WeightCodes(bits: bits, isSymmetric: symmetric))
    func best(_ values: [Float]) -> ScaleSearch.Choice {
      values.withUnsafeBufferPointer { search.choices([$0], weights: nil, count: 3)[0] }
    }
    for values in [
      [], [0, 0, 0], [5, 5, 5], [-3], [.leastNonzeroMagnitude, 0], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude],
      [1e-38, -1e-38, 1e-39],
    ] as [[Float]] {
      let choice = best(values)
      #expect(choice.scale.isFinite && choice.scale >= .leastNormalMagnitude, "\(values)")
      #expect(symmetric ? choice.zeroPoint == 0 : (0..<Int32(1) << Int32(bits)).contains(choice.zeroPoint))
    }
    var noise = Noise(8)
    let values = (0..<400).map { _ in noise.next() } + [6]
    let whole = symmetric ? 6 / Float((1 << (bits - 1)) - 1) : (6 - (values.min() ?? 0)) / Float((1 << bits) - 1)
    // One weight far out: with few levels it is cut off. Its error of (6 − 1)² is worth 400 · step² / 12 only while steps are coarse.
    if bits <= 4 { #expect(best(values).scale < whole) }
    if symmetric, bits == 8 { #expect(best(values).scale > 0.9 * whole) }
  }
}
