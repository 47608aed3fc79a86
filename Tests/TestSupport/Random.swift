import Tensors

/// A small repeatable generator (SplitMix64, Steele et al. 2014): the same seed gives the same test on every machine.
package struct Random: RandomNumberGenerator {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  package mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// An f32 tensor of uniformly distributed numbers.
  package mutating func tensor(_ shape: [Int], in range: ClosedRange<Float> = -1...1) throws -> Tensor {
    try Tensor(shape, (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &self) })
  }

  package mutating func pick<Element>(_ list: [Element]) -> Element { list[Int.random(in: 0..<list.count, using: &self)] }
}
