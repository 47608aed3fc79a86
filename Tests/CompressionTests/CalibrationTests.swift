import Compression
import Tensors
import Testing

private func histogram(_ parts: [[Float]]) throws -> StreamingHistogram {
  var histogram = StreamingHistogram()
  for part in parts { try part.withUnsafeBufferPointer { try histogram.add($0) } }
  return histogram
}

@Suite struct CalibrationTests {
  /// Quantiles are at most one bin from the exact ones: the rank is found exactly, and its value lies in a known bin.
  @Test(arguments: [(-1, 1), (0, 6), (-3, 0), (-1e-20, 1e-20), (0, 1e30), (5, 6)] as [(Float, Float)])
  func quantilesAreWithinABin(range: (Float, Float)) throws {
    var noise = Noise(3)
    let values = (0..<5000).map { _ in min(max((noise.next() + 1) / 2 * (range.1 - range.0) + range.0, range.0), range.1) }
    // In pieces of growing magnitude, so that the range has to double.
    let parts = values.map { [$0] }.sorted { $0[0].magnitude < $1[0].magnitude }
    let histogram = try histogram(parts)
    let sorted = values.sorted()
    #expect(histogram.low == sorted[0] && histogram.high == sorted[4999] && histogram.total == 5000)
    for share in [0.0, 0.0002, 0.001, 0.25, 0.5, 0.75, 0.999, 0.9999, 1] {
      let rank = min(max(Int((share * 5000).rounded(.up)), 1), 5000)
      let exact = Double(sorted[rank - 1])
      #expect(abs(Double(histogram.quantile(share)) - exact) <= histogram.width, "share \(share)")
    }
    // The bins together reach at most twice (by doubling) twice (by the power of two) the magnitude, on either side.
    #expect(histogram.width * Double(StreamingHistogram.bins) <= 8 * Double(max(range.0.magnitude, range.1.magnitude)))
  }

  @Test func orderDoesNotMatter() throws {
    var noise = Noise(5)
    let values = (0..<3000).map { _ in noise.next() * noise.next() * 100 }
    let a = try histogram([values]), b = try histogram(values.reversed().map { [$0] })
    #expect(a.counts == b.counts && a.width == b.width && a.zeros == b.zeros)
  }

  @Test func constantEmptyAndZeroTensors() throws {
    #expect(try Calibrator.minmax.range(of: histogram([])) == (0, 0))
    #expect(try Calibrator.percentile(99.9).range(of: histogram([[], [0, 0, -0.0]])) == (0, 0))
    for calibrator in [Calibrator.minmax, .ema, .percentile(99), .mse, .entropy] {
      let (low, high) = try calibrator.range(of: histogram([[Float](repeating: 3, count: 100)]))
      #expect(low == 0 && high > 2.9 && high <= 3)
      let negative = try calibrator.range(of: histogram([[Float](repeating: -3, count: 100)]))
      #expect(negative.high == 0 && negative.low < -2.9 && negative.low >= -3)
    }
    // Nearly all zeros: the percentiles are zero, and the ends stand in.
    #expect(try Calibrator.percentile(99).range(of: histogram([[Float](repeating: 0, count: 10_000) + [4]])) == (0, 4))
  }

  /// Averages of each buffer's ends, the later ones counting more: (1·½ + 3)/(½ + 1) for the upper ends 1 and 3.
  @Test func averagesFollowTheirFormula() throws {
    var histogram = StreamingHistogram(momentum: 0.5)
    for part in [[-4, 1], [-2, 3]] as [[Float]] { try part.withUnsafeBufferPointer { try histogram.add($0) } }
    let (low, high) = try Calibrator.ema.range(of: histogram)
    #expect(abs(high - 3.5 / 1.5) < 1e-6 && abs(low - -4 / 1.5) < 1e-6)
  }

  /// A bell with a few values far out: the divergence cuts those off and little else; a flat distribution is not cut.
  @Test func entropyCutsWhatIsFarOut() throws {
    var noise = Noise(21)
    let bell = (0..<60_000).map { _ in (0..<6).reduce(Float(0)) { sum, _ in sum + noise.next() } }
    let (low, high) = try Calibrator.entropy.range(of: histogram([bell + [60, -60, 59]]))
    // √(6/3) = 1.4 is the deviation; six uniform numbers never pass 6.
    #expect(high < 15 && low > -15 && high > 3 && low < -3)
    let flat = (0..<60_000).map { Float($0) / 10_000 }
    #expect(try Calibrator.entropy.range(of: histogram([flat])).high > 5)
  }

  /// Every calibrator gives sane codes, or says why not, for whatever it may meet.
  @Test func hostileRanges() throws {
    let calibrators: [Calibrator] = [.minmax, .ema, .percentile(99.9), .mse, .entropy]
    let tensors: [[Float]] = [
      [], [0], [0, -0.0], [7, 7, 7], [-1e-45, 1e-45], [.leastNormalMagnitude], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude],
      [.greatestFiniteMagnitude], [1e-40, 3], [-5, -4],
    ]
    for calibrator in calibrators {
      for tensor in tensors {
        let (low, high) = try calibrator.range(of: histogram([tensor]))
        #expect(low.isFinite && high.isFinite && low <= 0 && high >= 0, "\(calibrator) \(tensor)")
        for parameters in [
          try AffineParameters.unsigned8(low: low, high: high), try AffineParameters.unsignedSymmetric8(low: low, high: high),
        ] {
          #expect(parameters.scale.isNormal && (0...255).contains(parameters.zeroPoint), "\(calibrator) \(tensor)")
        }
      }
    }
    for bad in [Float.nan, .infinity, -.infinity] { #expect(status { try histogram([[1, bad]]) } == .notFinite) }
  }

  @Test func symmetricCodesHaveZeroInTheMiddle() throws {
    let both = try AffineParameters.unsignedSymmetric8(low: -3, high: 1)
    #expect(both.zeroPoint == 128 && both.scale == Float(3.0 / 127))
    #expect(try AffineParameters.unsignedSymmetric8(low: 0, high: 6) == AffineParameters.unsigned8(low: 0, high: 6))
    #expect(status { try AffineParameters.unsignedSymmetric8(low: -1, high: .nan) } == .notFinite)
  }

  /// What is kept of a tensor does not grow with the samples, nor with their magnitude.
  @Test func memoryDoesNotGrow() throws {
    var histogram = StreamingHistogram()
    var noise = Noise(2)
    for sample in 0..<2000 {
      let part = (0..<50).map { _ in noise.next() * Float(sample + 1) }
      try part.withUnsafeBufferPointer { try histogram.add($0) }
      #expect(histogram.counts.count == StreamingHistogram.bins)
    }
    #expect(histogram.total == 100_000 && histogram.counts.reduce(histogram.zeros, +) == 100_000)
    #expect(MemoryLayout<StreamingHistogram>.size < 128)
  }

  @Test func percentileCutsBothTails() throws {
    let values = (0..<10_000).map { Float($0) / 100 - 50 } + [1000, -1000]
    let (low, high) = try Calibrator.percentile(99.9).range(of: histogram([values]))
    // 0.1 % of 10,002 values at each end is the 11th value, the outlier being the first; one bin is 2·2048/8192 = 0.25 or less.
    #expect(abs(low - -49.91) <= 0.25 && abs(high - 49.9) <= 0.25)
    #expect(status { try Calibrator.percentile(49).range(of: histogram([values])) } == .invalidArgument)
  }

  @Test func leastSquaresBeatsMinmax() throws {
    var noise = Noise(8)
    // Many small values and a few far out.
    let values = (0..<20_000).map { _ in noise.next() } + [8, -8]
    let histogram = try histogram([values])
    func squaredError(_ calibrator: Calibrator) throws -> Double {
      let parameters = try calibrator.parameters(of: histogram)
      var sum = 0.0
      for value in values {
        let code = min(max((value / parameters.scale).rounded(.toNearestOrEven) + Float(parameters.zeroPoint), 0), 255)
        let error = Double(value - (code - Float(parameters.zeroPoint)) * parameters.scale)
        sum += error * error
      }
      return sum
    }
    #expect(try squaredError(.mse) < squaredError(.minmax))
  }

  @Test func refusesWhatIsNotFinite() throws {
    for wrong in [Float.nan, .infinity, -.infinity] {
      var histogram = try histogram([[1, 2]])
      #expect(status { try [3, wrong].withUnsafeBufferPointer { try histogram.add($0) } } == .notFinite)
      #expect(histogram.total == 2 && histogram.high == 2)
    }
  }

  @Test func extremesDoNotTrap() throws {
    let (least, greatest) = (Float.leastNonzeroMagnitude, Float.greatestFiniteMagnitude)
    let histogram = try histogram([[least], [greatest], [-greatest, least]])
    #expect(histogram.total == 4 && histogram.low == -.greatestFiniteMagnitude)
    let parameters = try Calibrator.minmax.parameters(of: histogram)
    #expect(parameters.scale.isFinite && parameters.scale > 0)
  }
}
