import Tensors

/// Outputs of one group of a layer as functions of some of its inputs: second moments, and the weights before.
struct LinearSystem {
  let width: Int
  /// width × width.
  let gram: [Double]
  /// rows × width.
  let cross: [Double]
  let inputMeans: [Double]
  let outputMeans: [Double]
  let outputVariances: [Double]
  /// rows × width.
  let before: [Double]
  private let isCentred: Bool

  var rows: Int { outputMeans.count }

  /// - columns: those of the moments that the layer still has.
  /// - targets: the moments whose products with the outputs count; often `moments` itself.
  init(_ moments: MomentSum, meeting targets: MomentSum, group: Int, columns: [Int], before: [Double], centred: Bool) {
    let width = columns.count, all = moments.width, rows = moments.outputs
    let squares = moments.gram(group: group, centred: false), products = targets.cross(group: group, centred: false)
    let x = Array(moments.inputMeans[group * all..<(group + 1) * all])
    let y = Array(targets.outputMeans[group * rows..<(group + 1) * rows])
    var (gram, cross) = ([Double](repeating: 0, count: width * width), [Double](repeating: 0, count: rows * width))
    for (i, from) in columns.enumerated() {
      let mean = centred ? x[from] : 0
      for (j, column) in columns.enumerated() { gram[i * width + j] = squares[from * all + column] - mean * x[column] }
      for row in 0..<rows { cross[row * width + i] = products[row * all + from] - mean * y[row] }
    }
    self.width = width
    self.gram = gram
    self.cross = cross
    self.before = before
    inputMeans = columns.map { x[$0] }
    outputMeans = y
    outputVariances = Array(targets.outputVariances[group * rows..<(group + 1) * rows])
    isCentred = centred
  }

  func solution(ridge: Double) -> [Double] {
    RidgeRegression.solve(gram: gram, cross: cross, prior: before, size: width, ridge: ridge)
  }

  func ridge(_ damping: Double) -> Double { RidgeRegression.ridge(gram, size: width, damping: damping) }

  /// The bias with which weights make the mean that they shall make.
  func bias(_ weights: [Double]) -> [Double] {
    outputMeans.enumerated().map { row, mean in
      mean - (isCentred ? (0..<width).reduce(0) { $0 + weights[row * width + $1] * inputMeans[$1] } : 0)
    }
  }

  /// E‖y − W·x − b‖² less what does not depend on W and b.
  func error(_ weights: [Double], bias: [Double]) -> Double {
    var sum = 0.0
    weights.withUnsafeBufferPointer { w in
      gram.withUnsafeBufferPointer { gram in
        guard let w = w.baseAddress, let gram = gram.baseAddress else { return }
        for row in 0..<rows {
          let one = w + row * width
          for i in 0..<width { sum += one[i] * (dot(gram + i * width, one, width) - 2 * cross[row * width + i]) }
        }
      }
    }
    // With centred moments the means count apart.
    guard isCentred else { return sum }
    return zip(self.bias(weights), bias).reduce(sum) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// The weights with the factor for each row that gives its output the variance that it shall have. Outputs that hardly vary stay.
  func scaledRows() -> [Double] {
    scaling(before) { variance, wanted in variance > wanted * 1e-4 ? (wanted / variance).squareRoot() : 1 }
  }

  /// Weights whose outputs have the variance back that least squares took from them.
  func restored(_ weights: [Double], _ restoration: VarianceRestoration) -> [Double] {
    guard isCentred, !restoration.isNone else { return weights }
    return scaling(weights) { restoration.factor(made: $0, wanted: $1) }
  }

  /// Each row times a factor for the variance that it makes and the one that it shall make.
  private func scaling(_ weights: [Double], _ factor: (_ made: Double, _ wanted: Double) -> Double) -> [Double] {
    var after = weights
    for row in 0..<rows {
      var variance = 0.0
      weights.withUnsafeBufferPointer { weights in
        gram.withUnsafeBufferPointer { gram in
          guard let one = weights.baseAddress.map({ $0 + row * width }), let gram = gram.baseAddress else { return }
          for i in 0..<width { variance += one[i] * dot(gram + i * width, one, width) }
        }
      }
      let factor = factor(variance, outputVariances[row])
      for i in 0..<width { after[row * width + i] *= factor }
    }
    return after
  }

  /// The weights with one factor for each input channel, the same for all rows.
  func scaledColumns(taps: Int, damping: Double) -> [Double] {
    let count = width / max(taps, 1)
    guard count > 0, count * taps == width else { return before }
    var (squares, targets) = ([Double](repeating: 0, count: count * count), [Double](repeating: 0, count: count))
    for i in 0..<width {
      for j in 0..<width {
        var product = 0.0
        for row in 0..<rows { product += before[row * width + i] * before[row * width + j] }
        squares[i / taps * count + j / taps] += product * gram[i * width + j]
      }
      for row in 0..<rows { targets[i / taps] += before[row * width + i] * cross[row * width + i] }
    }
    let scales = RidgeRegression.solve(
      gram: squares, cross: targets, prior: [Double](repeating: 1, count: count), size: count,
      ridge: RidgeRegression.ridge(squares, size: count, damping: damping))
    return before.indices.map { before[$0] * scales[$0 % width / taps] }
  }
}
