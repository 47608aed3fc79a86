/// Which weights of an output channel meet neighbouring activations: terms 2i and 2i + 1 of its sum, taps outermost, input channels innermost.
///
/// Processors without VNNI multiply bytes in such pairs and add the two products in 16 bits, which saturate (`vpmaddubsw`). Where the weights
/// of a pair that have one sign add up to at most 128 in magnitude, 255 times that is 32640, and nothing can.
package struct WeightPairs: Sendable {
  /// By weight, in the order in which a channel's weights are stored ([input channel][tap]): the other of its pair, or nil.
  private let partners: [Int32]
  package static let limit = 128

  /// - channels, taps: of one output channel.
  package init(channels: Int, taps: Int) {
    let depth = channels * taps
    partners = (0..<depth).map { index in
      let other = (index % taps * channels + index / taps) ^ 1
      return other < depth ? Int32(other % channels * taps + other / channels) : -1
    }
  }

  package subscript(_ index: Int) -> Int? { partners[index] < 0 ? nil : Int(partners[index]) }

  /// The least scale with which no pair's weights of one sign pass the limit.
  ///
  /// - weight: of the channel, by index.
  package func scale(_ weight: (Int) -> Float) -> Double {
    var most = 0.0
    for index in partners.indices {
      guard let other = self[index], other > index else { continue }
      let (a, b) = (Double(weight(index)), Double(weight(other)))
      if (a < 0) == (b < 0) { most = max(most, (a + b).magnitude) }
    }
    return most / Double(WeightPairs.limit)
  }

  /// The code with which a weight stays within the limit beside its partner's, if that is known: the one before it in the channel.
  ///
  /// - code: of the weights before, by index.
  package func limited(_ wanted: Int32, at index: Int, _ code: (Int) -> Int32) -> Int32 {
    guard let other = self[index], other < index else { return wanted }
    let room = Int32(WeightPairs.limit) - abs(code(other))
    return (wanted < 0) == (code(other) < 0) ? min(max(wanted, -room), room) : wanted
  }
}
