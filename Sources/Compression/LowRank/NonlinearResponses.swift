import Tensors

/// Factors that need not meet what the activation r behind a layer cuts off (Zhang et al. 2016, section 3.2): Σ‖r(y) − r(z)‖² + λ‖z −
/// (M·u + b)‖² is minimized by turns over M of some rank with b, and over z element by element, while λ grows.
struct NonlinearResponses {
  private let responses: Responses
  private let channels: Range<Int>
  private let rows: ResponseRows
  private let range: ActiveRange

  /// Weights of the relaxation, and how many turns each gets.
  private static let weights: [Float] = [0.01, 0.03, 0.1, 0.3, 1]
  private static let turns = 4

  init(_ responses: Responses, channels: Range<Int>, _ rows: ResponseRows, _ range: ActiveRange) {
    self.responses = responses
    self.channels = channels
    self.rows = rows
    self.range = range
  }

  /// Gives the regression its last targets. Returns the means of what the layer lacks then, by channel of the group.
  func fit(
    _ regression: inout ResponseRegression, rank: Int, multiply: MatrixProducts, progress: ProgressReporter,
    phase: String = "fitting responses"
  ) throws -> [Double] {
    guard let u = regression.coordinates else { return rows.lack }
    let (outputs, pitch) = (regression.outputs, responses.pitch)
    var lack = rows.lack
    let means = channels.map(mean)
    for weight in Self.weights {
      for _ in 0..<Self.turns {
        try progress(phase, 0, of: 1)
        let factors = regression.factors(rank)
        let inner = try multiply.multiply(try Tensor([rank, regression.size], factors.first.map(Float.init)), by: u)
        let found = try multiply.multiply(try Tensor([outputs, rank], factors.second.map(Float.init)), by: inner)
        // Of z − y only what differs from its mean counts; u has a mean of zero.
        let difference = try Tensor(.f32, [outputs, pitch]) { bytes in
          let out = bytes.bindMemory(to: Float.self), made = found.elements(as: Float.self)
          out.update(repeating: 0)
          for (index, channel) in channels.enumerated() {
            let mean = means[index] + Float(lack[index])
            var sum = 0.0
            for row in 0..<responses.rows {
              let place = channel * pitch + row, value = made[index * pitch + row] + mean
              let target = choose(wanted: responses.wanted[place], near: value, weight)
              out[index * pitch + row] = target - responses.made[place]
              sum += Double(target - responses.made[place])
            }
            lack[index] = sum / Double(responses.rows)
            for row in 0..<responses.rows { out[index * pitch + row] -= Float(lack[index]) }
          }
        }
        let cross = try multiply.multiply(difference, byTransposed: u).floats()
        try regression.retarget(cross, count: responses.rows)
      }
    }
    return lack
  }

  /// The mean of what the layer makes.
  private func mean(_ channel: Int) -> Float {
    var sum = 0.0
    for row in channel * responses.pitch..<channel * responses.pitch + responses.rows { sum += Double(responses.made[row]) }
    return Float(sum / Double(responses.rows))
  }

  /// z: of what is cut off below, passed on and cut off above, the one that costs least.
  private func choose(wanted: Float, near value: Float, _ weight: Float) -> Float {
    let kept = min(max(wanted, range.low), range.high)
    func cost(_ z: Float) -> Float {
      let lost = kept - min(max(z, range.low), range.high), moved = z - value
      return lost * lost + weight * moved * moved
    }
    var best = min(max((weight * value + kept) / (weight + 1), range.low), range.high)
    var least = cost(best)
    for candidate in [min(value, range.low), max(value, range.high)] where candidate.isFinite && cost(candidate) < least {
      (best, least) = (candidate, cost(candidate))
    }
    return best
  }
}
