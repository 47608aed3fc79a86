import Tensors

/// What responses y of a layer need of its channels: y ≈ expand · reduce · y + bias of some rank (Zhang et al. 2016, sections 3.1 and 3.2).
package struct ResponseFactors {
  /// channels × rank, rank × channels, row-major; channels.
  package let expand: [Double]
  package let reduce: [Double]
  package let bias: [Double]
  /// Of y about its mean, relative; behind the ReLU where that is what is fitted.
  package let error: Double

  /// - responses: samples × channels, row-major and finite.
  /// - rank: from 1 to the number of channels.
  /// - isNonlinear: whether a ReLU follows, so that only what it passes on counts; else principal components.
  package init(
    _ responses: UnsafeBufferPointer<Float>, samples: Int, channels: Int, rank: Int, isNonlinear: Bool, multiply: MatrixProducts,
    progress: ProgressReporter
  ) throws {
    let known = Responses(responses, rows: samples, channels: channels), all = 0..<channels
    let rows = try ResponseRows(known, channels: all, bias: [Float](repeating: 0, count: channels), centred: true)
    var identity = [Double](repeating: 0, count: channels * channels)
    for index in all { identity[index * channels + index] = 1 }
    let svd = SVD(rows: channels, columns: channels, left: identity, values: [Double](repeating: 1, count: channels), right: identity)
    var regression = try ResponseRegression(svd, squares: Double(channels), rows: rows, damping: 0, multiply: multiply)
    var shift = rows.lack
    if isNonlinear {
      shift = try NonlinearResponses(known, channels: all, rows, .relu).fit(&regression, rank: rank, multiply: multiply, progress: progress)
    }
    let factors = regression.factors(rank)
    var (bias, reduced) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: rank))
    for k in 0..<rank { for i in all { reduced[k] += factors.first[k * channels + i] * regression.coordinateMeans[i] } }
    for row in all {
      bias[row] = rows.offsets[row] + shift[row] - (0..<rank).reduce(0) { $0 + factors.second[row * rank + $1] * reduced[$1] }
    }
    // The regression scales its coordinates.
    (expand, self.bias) = (factors.second, bias)
    reduce = try regression.expanded(factors.first, rank: rank, multiply: multiply)
    error = try Self.error(
      responses, expand: expand, reduce: reduce, bias: bias, samples: samples, rank: rank, isNonlinear: isNonlinear, multiply: multiply)
  }

  private static func error(
    _ responses: UnsafeBufferPointer<Float>, expand: [Double], reduce: [Double], bias: [Double], samples: Int, rank: Int, isNonlinear: Bool,
    multiply: MatrixProducts
  ) throws -> Double {
    let channels = bias.count
    let y = try Tensor([samples, channels], Array(responses))
    let inner = try multiply.multiply(y, byTransposed: try Tensor([rank, channels], reduce.map(Float.init)))
    let product = try multiply.multiply(inner, byTransposed: try Tensor([channels, rank], expand.map(Float.init)))
    let made = product.elements(as: Float.self)
    func passed(_ value: Double) -> Double { isNonlinear ? max(value, 0) : value }
    var (lost, whole) = (0.0, 0.0)
    for channel in 0..<channels {
      var (sum, squares) = (0.0, 0.0)
      for row in 0..<samples {
        let index = row * channels + channel, value = passed(Double(responses[index]))
        let difference = value - passed(Double(made[index]) + bias[channel])
        sum += value
        squares += value * value
        lost += difference * difference
      }
      whole += max(squares - sum * sum / Double(max(samples, 1)), 0)
    }
    withExtendedLifetime(product) {}
    return whole > 0 ? (lost / whole).squareRoot() : 0
  }
}
