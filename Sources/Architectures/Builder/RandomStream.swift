/// Random numbers by position: the same seed, stream and position give the same bits on every machine.
///
/// The mixing function of SplitMix64 (Steele et al. 2014) over a counter; normal numbers by Box and Muller (1958). Only the
/// basic operations and the square root are used, which IEEE 754 rounds exactly, so that no mathematical library has a say.
package struct RandomStream {
  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15
  private let key: UInt64

  package init(seed: UInt64, stream: Int) {
    key = RandomStream.mixed(RandomStream.mixed(seed) &+ UInt64(truncatingIfNeeded: stream &+ 1) &* RandomStream.step)
  }

  private static func mixed(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  private func word(_ index: Int) -> UInt64 {
    RandomStream.mixed(key &+ UInt64(truncatingIfNeeded: index &+ 1) &* RandomStream.step)
  }

  /// Uniformly distributed in [−1, 1).
  package func uniform(_ index: Int) -> Double { Double(Int64(bitPattern: word(index)) >> 11) * 0x1p-52 }

  /// Two independent standard normal numbers, of magnitude below 6.8.
  package func normals(_ index: Int) -> (Double, Double) {
    let word = word(index)
    // In (0, 1), from the upper half of the word; the lower half is the angle in units of 2⁻³² of a turn.
    let radius = (-2 * RandomStream.logarithm((Double(word >> 32) + 0.5) * 0x1p-32)).squareRoot()
    let fraction = (Double(word & 0x3FFF_FFFF) + 0.5) * 0x1p-30 - 0.5
    let (sine, cosine) = RandomStream.sineAndCosine(fraction * (Double.pi / 2))
    // The angle within its quarter turn; then whole quarter turns.
    switch (word >> 30) & 3 {
    case 0: return (radius * cosine, radius * sine)
    case 1: return (-radius * sine, radius * cosine)
    case 2: return (-radius * cosine, -radius * sine)
    default: return (radius * sine, -radius * cosine)
    }
  }

  /// ln x for a positive normal number, to about 1e-12: with x = m·2ᵉ, m in [√½, √2], ln m = 2·artanh((m − 1)/(m + 1)).
  package static func logarithm(_ x: Double) -> Double {
    var mantissa = x.significand, exponent = Double(x.exponent)
    if mantissa > 1.4142135623730951 {
      mantissa *= 0.5
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1), z = s * s
    let series = 1 + z * (1 / 3.0 + z * (1 / 5.0 + z * (1 / 7.0 + z * (1 / 9.0 + z * (1 / 11.0 + z * (1 / 13.0))))))
    return 2 * s * series + exponent * 0.6931471805599453
  }

  /// sin a and cos a for |a| ≤ π/4, by their series, to about 1e-11.
  package static func sineAndCosine(_ a: Double) -> (Double, Double) {
    let z = a * a
    let sine = a * (1 - z / 6 * (1 - z / 20 * (1 - z / 42 * (1 - z / 72 * (1 - z / 110)))))
    let cosine = 1 - z / 2 * (1 - z / 12 * (1 - z / 30 * (1 - z / 56 * (1 - z / 90 * (1 - z / 132)))))
    return (sine, cosine)
  }
}
