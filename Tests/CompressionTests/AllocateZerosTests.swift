import Compression
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct AllocateZerosTests {
  private func curve(_ elements: Int, _ damage: (Double) -> Double) -> AllocateZeros.Curve {
    .init(elements: elements, points: [0.3, 0.5, 0.7, 0.85, 0.95].map { ($0, damage($0)) })
  }

  private func total(_ shares: [Double], _ curves: [AllocateZeros.Curve]) -> Double {
    zip(shares, curves).reduce(0) { $0 + $1.0 * Double($1.1.elements) } / Double(curves.reduce(0) { $0 + $1.elements })
  }

  @Test(arguments: [0.1, 0.5, 0.7, 0.9]) func equalLayersShareAlikeAndTheSumIsMet(share: Double) {
    let curves = (0..<4).map { _ in curve(1000) { exp(6 * $0) } }
    let shares = AllocateZeros.shares(curves, share: share)
    // All on one side of a step of 1/200, and exact in sum.
    for each in shares { #expect(abs(each - share) <= 1 / 200 + 1e-9) }
    #expect(abs(total(shares, curves) - share) < 1e-9)
  }

  /// Damages a·e^(6s): at the least sum all derivatives per element are equal, so s differs by ln(a ratio)/6.
  @Test func theLeastSumHasEqualDerivatives() {
    let curves = [curve(1000) { 0.001 * exp(6 * $0) }, curve(1000) { 0.004 * exp(6 * $0) }]
    let shares = AllocateZeros.shares(curves, share: 0.6)
    #expect(abs(shares[0] - shares[1] - log(4.0) / 6) <= 2 / 200)
    #expect(abs(total(shares, curves) - 0.6) < 1e-9)
  }

  @Test func nothingComesNearTheBruteForceOptimum() {
    let curves = [
      curve(300) { 0.002 * exp(9 * $0) }, curve(1000) { 0.03 * exp(3 * $0 * $0) }, curve(100) { 0.5 * exp(5 * $0) },
    ]
    let shares = AllocateZeros.shares(curves, share: 0.5)
    func damage(_ shares: [Double]) -> Double {
      zip(curves, shares).reduce(0) { $0 + ($1.1 == 0 ? 0 : exp($1.0.logDamage($1.1))) }
    }
    var best = Double.infinity
    for first in 0...190 {
      for third in 0...190 {
        let (a, c) = (Double(first) / 200, Double(third) / 200)
        let b = (0.5 * 1400 - a * 300 - c * 100) / 1000
        if b >= 0, b <= 0.95 { best = min(best, damage([a, b, c])) }
      }
    }
    // The price finds points of the lower hull; between two of them it may lose what a step of one layer is worth.
    #expect(damage(shares) < best * 1.1 && abs(total(shares, curves) - 0.5) < 1e-9)
  }

  @Test func hostileCurves() {
    #expect(AllocateZeros.shares([], share: 0.5) == [])
    let odd = [
      AllocateZeros.Curve(elements: 10, points: []), curve(10) { _ in 0 }, curve(10) { _ in 1e300 },
      AllocateZeros.Curve(elements: 0, points: [(0.5, 1)]), AllocateZeros.Curve(elements: 10, points: [(0.5, 2)]),
    ]
    for share in [0, 0.01, 0.5, 0.97, 0.999] {
      let shares = AllocateZeros.shares(odd, share: share)
      #expect(shares.count == 5 && shares.allSatisfy { $0 >= 0 && $0 < 1 })
    }
  }
}
