import Compression
import Tensors
import Testing

private func mask(_ weights: [Float], zeros: Int) throws -> [UInt8] {
  var mask = [UInt8](repeating: 7, count: weights.count)
  try mask.withUnsafeMutableBufferPointer { mask in
    try weights.withUnsafeBufferPointer { try MagnitudeMask.fill(mask, weights: $0, zeros: zeros) }
  }
  return mask
}

@Suite struct MagnitudeMaskTests {
  @Test func removesTheSmallestAndBreaksTiesByPosition() throws {
    #expect(try mask([3, -1, 2, 1, -1, 0], zeros: 3) == [1, 0, 1, 0, 1, 0])
    #expect(try mask([-0.0, 0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude], zeros: 3) == [0, 0, 0, 1])
    #expect(try mask([5, 5, 5], zeros: 0) == [1, 1, 1])
    #expect(try mask([5, 5, 5], zeros: 3) == [0, 0, 0])
    #expect(try mask([], zeros: 0) == [])
  }

  @Test(arguments: [1, 2, 63, 1000, 4097]) func agreesWithSorting(count: Int) throws {
    var noise = Noise(UInt64(count))
    // Few distinct magnitudes: many ties.
    let weights = (0..<count).map { _ in (noise.next() * 20).rounded() / 4 }
    for zeros in [0, 1, count / 3, count / 2, count - 1, count] {
      let order = weights.indices.sorted { (weights[$0].magnitude, $0) < (weights[$1].magnitude, $1) }
      var expected = [UInt8](repeating: 1, count: count)
      for index in order.prefix(zeros) { expected[index] = 0 }
      #expect(try mask(weights, zeros: zeros) == expected)
    }
  }

  @Test func weighsInputsIn() throws {
    let weights: [Float] = [1, 2, 3, 4]  // [out 2, in 2]
    var mask = [UInt8](repeating: 9, count: 4)
    try mask.withUnsafeMutableBufferPointer { mask in
      try weights.withUnsafeBufferPointer { try MagnitudeMask.fill(mask, weights: $0, norms: [10, 1], inner: 1, zeros: 2) }
    }
    // Scores 10, 2, 30, 4.
    #expect(mask == [1, 0, 1, 0])
  }

  @Test func countsAreExact() throws {
    #expect(try MagnitudeMask.zeroCount(of: 10, sparsity: 0.8) == 8)
    #expect(try MagnitudeMask.zeroCount(of: 3, sparsity: 0.5) == 2)
    #expect(try MagnitudeMask.zeroCount(of: 0, sparsity: 0.9) == 0)
    for wrong in [-0.1, 1, 2, .nan, .infinity] {
      #expect(throws: Failure.self) { try MagnitudeMask.zeroCount(of: 10, sparsity: wrong) }
    }
  }

  @Test func refusesWhatIsNotFinite() {
    #expect(status { try mask([1, .nan], zeros: 1) } == .notFinite)
    #expect(status { try mask([1, -.infinity], zeros: 1) } == .notFinite)
    #expect(status { try mask([1, 2], zeros: 3) } == .invalidArgument)
    #expect(status { try mask([1, 2], zeros: -1) } == .invalidArgument)
  }
}

/// The status that `body` fails with, nil where it does not.
func status<Result>(_ body: () throws -> Result) -> Failure.Status? {
  do {
    _ = try body()
    return nil
  } catch { return (error as? Failure)?.status }
}

/// The message that `body` fails with.
func message<Result>(_ body: () throws -> Result) -> String {
  do {
    _ = try body()
    return "no failure"
  } catch { return (error as? Failure)?.message ?? "\(error)" }
}
