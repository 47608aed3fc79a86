import Tensors

/// The scores of a weight's elements, made as they are read: |w|, or |w|·‖x‖ of the input channel the element reads.
struct Scores: Sequence {
  let weights: UnsafeBufferPointer<Float>
  /// Empty: magnitude alone.
  let norms: [Float]
  /// Elements between one input channel and the next.
  let inner: Int
  /// Elements of one group of output channels; 0 where there is one group.
  let outer: Int
  /// Input channels of one group.
  let channels: Int

  init(_ weights: UnsafeBufferPointer<Float>) {
    self.weights = weights
    norms = []
    (inner, outer, channels) = (1, 0, 1)
  }

  /// - outer: elements of the weight that belong to one group (0 where `groups` is 1).
  init(_ weights: UnsafeBufferPointer<Float>, norms: [Float], inner: Int, outer: Int, groups: Int) {
    self.weights = weights
    self.norms = norms
    self.inner = Swift.max(inner, 1)
    self.outer = groups > 1 ? outer : 0
    channels = Swift.max(norms.count / Swift.max(groups, 1), 1)
  }

  /// - Throws: `notFinite` for a weight or norm that is not finite, `invalidArgument` for norms that do not divide the weights.
  func check() throws {
    guard weights.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "a weight is NaN or infinite") }
    guard norms.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw Failure(.notFinite, "an input norm is negative, NaN or infinite")
    }
    guard norms.isEmpty || weights.count % (inner * channels) == 0 else {
      throw Failure(.invalidArgument, "\(weights.count) weights do not divide into \(channels) input channels of \(inner)")
    }
  }

  struct Iterator: IteratorProtocol {
    let scores: Scores
    var index = 0

    mutating func next() -> Float? {
      guard index < scores.weights.count else { return nil }
      defer { index += 1 }
      return scores[index]
    }
  }

  func makeIterator() -> Iterator { Iterator(scores: self) }

  subscript(index: Int) -> Float {
    let magnitude = weights[index].magnitude
    if norms.isEmpty { return magnitude }
    let group = outer == 0 ? 0 : index / outer
    // A product may round to infinity, never to NaN (both factors are finite); infinity ranks last, as it should.
    return magnitude * norms[Swift.min(group * channels + index / inner % channels, norms.count - 1)]
  }
}
