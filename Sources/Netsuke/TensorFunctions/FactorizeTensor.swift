import Compression
import Tensors

/// Factorizations on the caller's memory. Outputs are written last: nothing is where something is wrong.
package struct FactorizeTensor {
  /// Filters [n][c][kh][kw].
  package struct Filters {
    package let n: Int
    package let c: Int
    package let kh: Int
    package let kw: Int

    package init(n: Int, c: Int, kh: Int, kw: Int) { (self.n, self.c, self.kh, self.kw) = (n, c, kh, kw) }

    var shape: [Int] { [n, c, kh, kw] }
  }

  let multiply: MatrixProducts
  let progress: ProgressReporter

  /// - threads: 0: one for each processor.
  package init(threads: Int32 = 0, progress: Progress? = nil) throws {
    multiply = MatrixProducts(RuntimeEvaluator(threads: try HostMachine.threads(threads)))
    self.progress = ProgressReporter(progress)
  }

  /// Row-major doubles of weights.
  /// - Throws: `notFinite` naming the element.
  func doubles(_ weights: UnsafeBufferPointer<Float>) throws -> [Double] {
    for (index, value) in weights.enumerated() where !value.isFinite {
      throw Failure(.notFinite, "the weights are \(value) at element \(index); they cannot be factorized")
    }
    return weights.map(Double.init)
  }

  func requireRank(_ rank: Int, atMost limit: Int, _ name: String = "rank") throws {
    guard limit > 0 else { throw Failure(.invalidArgument, "the weights have no elements") }
    guard rank > 0, rank <= limit else {
      throw Failure(.invalidArgument, "\(name) must be from 1 to \(limit) for these weights, not \(rank)")
    }
  }

  func write(_ values: [Double], to target: UnsafeMutableBufferPointer<Float>) {
    for (index, value) in values.enumerated() where target.indices.contains(index) { target[index] = Float(value) }
  }

  func write(_ values: [Float], to target: UnsafeMutableBufferPointer<Float>) {
    for (index, value) in values.enumerated() where target.indices.contains(index) { target[index] = value }
  }

  /// weights [rows][columns] ≈ left · right. Returns the relative error.
  package func svd(
    _ weights: UnsafeBufferPointer<Float>, rows: Int, columns: Int, moments: UnsafeBufferPointer<Double>?, rank: Int,
    left: UnsafeMutableBufferPointer<Float>, right: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    try requireRank(rank, atMost: min(rows, columns))
    let found = try MomentFactors(
      try doubles(weights), rows: rows, columns: columns, moments: moments.map(Array.init), rank: rank, multiply: multiply,
      progress: progress)
    let pair = BalancedPair(found.right, found.left, rows: rows, rank: rank, columns: columns, paddedTo: rank)
    write(pair.second, to: left)
    write(pair.first, to: right)
    return found.error
  }

  /// weights [n][c][kh][kw] as vertical [rank][c][kh] and horizontal [n][rank][kw] filters. Returns the relative error.
  package func spatial(
    _ weights: UnsafeBufferPointer<Float>, _ filters: Filters, rank: Int, vertical: UnsafeMutableBufferPointer<Float>,
    horizontal: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    try requireRank(rank, atMost: min(filters.c * filters.kh, filters.n * filters.kw))
    let found = try SeparableFilters(
      try doubles(weights), shape: filters.shape, leading: rank, multiply: multiply, progress: progress)
    let pair = found.pair(rank: rank)
    write(pair.first, to: vertical)
    write(pair.second, to: horizontal)
    return found.error(rank: rank)
  }

  /// Each filter of a bank [count][kh][kw] as `rank` terms: columns [count][rank][kh], rows [count][rank][kw].
  package func separable(
    _ weights: UnsafeBufferPointer<Float>, count: Int, kh: Int, kw: Int, rank: Int, columns: UnsafeMutableBufferPointer<Float>,
    rows: UnsafeMutableBufferPointer<Float>, errors: UnsafeMutableBufferPointer<Double>?
  ) throws {
    try requireRank(rank, atMost: min(kh, kw))
    let elements = try doubles(weights)
    var (vertical, horizontal, lost) = ([Float](), [Float](), [Double]())
    for index in 0..<count {
      try progress("factorizing filters", index, of: count)
      let filter = Array(elements[index * kh * kw..<(index + 1) * kh * kw])
      let found = try SeparableFilters(filter, shape: [1, 1, kh, kw], leading: rank, multiply: multiply, progress: progress)
      let pair = found.pair(rank: rank)
      vertical += pair.first
      horizontal += pair.second
      lost.append(found.error(rank: rank))
    }
    write(vertical, to: columns)
    write(horizontal, to: rows)
    for (index, error) in lost.enumerated() { errors?[index] = error }
  }
}
