import Tensors

/// Rounds rows of weights to levels so that (ŵ − w)·G·(ŵ − w)ᵀ is small, G being the second moments of what the row multiplies: the squared
/// error of what a layer makes (AdaRound's objective: Nagel et al. 2020).
///
/// First a walk that lets each weight make up for the errors of those before it, those with the strongest inputs first (GPTQ: Frantar et al.
/// 2023, with its order by activation; the same as Babai's nearest plane), then single weights move as long as that lowers the error.
package struct GramRounding {
  package let size: Int
  /// Row-major, both triangles, the ridge included.
  private let gram: [Float]
  /// Columns from the one that is rounded first to the last.
  private let order: [Int]
  /// M of G = Mᵀ·M in that order: lower triangular, row-major, each row divided by its diagonal element.
  private let factor: [Float]

  /// Sweeps over a row at most.
  private static let sweeps = 40

  /// - gram: size × size, row-major.
  /// - ridge: added to its diagonal.
  /// - Returns: nil where the matrix cannot be factored.
  package init?(_ gram: [Double], size: Int, ridge: Double) {
    guard size > 0, gram.count == size * size else { return nil }
    var trace = 0.0
    for i in 0..<size { trace += max(gram[i * size + i], 0) + ridge }
    guard trace.isFinite, trace > 0 else { return nil }
    // A mean diagonal of 1 stays well within the range of f32.
    let unit = Double(size) / trace
    var scaled = [Float](repeating: 0, count: size * size)
    for index in scaled.indices { scaled[index] = Float(gram[index] * unit) }
    for i in 0..<size { scaled[i * size + i] = Float((max(gram[i * size + i], 0) + ridge) * unit) }
    let order = (0..<size).sorted { (scaled[$0 * size + $0], $1) > (scaled[$1 * size + $1], $0) }
    // Cholesky's factor of the matrix in reverse order is Mᵀ in reverse.
    var reversed = [Double](repeating: 0, count: size * size)
    for r in 0..<size {
      let row = order[size - 1 - r] * size
      for c in 0...r { reversed[r * size + c] = gram[row + order[size - 1 - c]] * unit }
      reversed[r * size + r] = max(reversed[r * size + r], 0) + ridge * unit
    }
    guard let cholesky = Cholesky(reversed, size: size) else { return nil }
    var factor = [Float](repeating: 0, count: size * size)
    cholesky.factor.withUnsafeBufferPointer { lower in
      for a in 0..<size {
        let pivot = 1 / lower[(size - 1 - a) * size + size - 1 - a]
        for i in 0...a { factor[a * size + i] = Float(lower[(size - 1 - i) * size + size - 1 - a] * pivot) }
      }
    }
    guard factor.allSatisfy(\.isFinite) else { return nil }
    self.size = size
    self.gram = scaled
    self.order = order
    self.factor = factor
  }

  /// The diagonal of G, scaled so that its mean is 1.
  package func weight(_ column: Int) -> Float { gram[column * size + column] }

  /// One row at work: what it shall be, on which levels, and where it stands.
  package struct Row {
    /// What the weights shall be.
    package var wanted: [Float]
    /// For each column the distance of two levels, and the least and the greatest level; both 0: the weight stays zero.
    package var steps: [Float]
    package var lowest: [Float]
    package var highest: [Float]
    /// The levels: whole numbers.
    package var levels: [Float]
    /// The squared error of what the row makes; the unit is that of G.
    package var error = Float.infinity

    package init(wanted: [Float], steps: [Float], lowest: [Float], highest: [Float]) {
      self.wanted = wanted
      self.steps = steps
      self.lowest = lowest
      self.highest = highest
      levels = [Float](repeating: 0, count: wanted.count)
    }

    @inline(__always)
    func nearest(_ value: Float, _ column: Int) -> Float {
      min(max((value / steps[column]).rounded(.toNearestOrEven), lowest[column]), highest[column])
    }
  }

  /// Levels by the walk.
  package func walk(_ row: inout Row) {
    var errors = [Float](repeating: 0, count: size)
    factor.withUnsafeBufferPointer { factor in
      guard let base = factor.baseAddress else { return }
      for (place, column) in order.enumerated() {
        let target = row.wanted[column] + GramRounding.dot(base + place * size, errors, place)
        let level = row.nearest(target, column)
        row.levels[column] = level
        errors[place] = row.wanted[column] - level * row.steps[column]
      }
    }
  }

  /// Moves single levels until none lowers the error, which is left in `row`.
  package func descend(_ row: inout Row) {
    gram.withUnsafeBufferPointer { buffer in
      guard let gram = buffer.baseAddress else { return }
      var slope = slope(row, gram)
      settle(&row, &slope, gram)
      row.error = error(row, slope)
    }
  }

  /// Moves the scales of `groups` (columns that share one) to their least squares, then levels again, as long as that pays.
  package func refit(_ row: inout Row, _ groups: [Range<Int>], times: Int) {
    gram.withUnsafeBufferPointer { buffer in
      guard let gram = buffer.baseAddress else { return }
      var slope = slope(row, gram)
      for _ in 0..<times {
        var next = row
        for group in groups { move(&next, group, &slope, gram) }
        settle(&next, &slope, gram)
        next.error = error(next, slope)
        guard next.error < row.error * 0.9999 else { break }
        row = next
      }
    }
  }

  /// G·(ŵ − w).
  private func slope(_ row: Row, _ gram: UnsafePointer<Float>) -> [Float] {
    let difference = (0..<size).map { row.levels[$0] * row.steps[$0] - row.wanted[$0] }
    return (0..<size).map { GramRounding.dot(gram + $0 * size, difference, size) }
  }

  private func error(_ row: Row, _ slope: [Float]) -> Float {
    var sum: Float = 0
    for column in 0..<size { sum += (row.levels[column] * row.steps[column] - row.wanted[column]) * slope[column] }
    return max(sum, 0)
  }

  private func settle(_ row: inout Row, _ slope: inout [Float], _ gram: UnsafePointer<Float>) {
    for _ in 0..<GramRounding.sweeps {
      var moved = false
      for column in order where row.highest[column] > row.lowest[column] {
        let curvature = gram[column * size + column], step = row.steps[column]
        let level = row.levels[column]
        let best = min(
          max((level - slope[column] / (curvature * step)).rounded(.toNearestOrEven), row.lowest[column]), row.highest[column])
        guard best != level else { continue }
        let change = (best - level) * step
        // Rounding of the slope itself must not keep two levels changing places for ever.
        guard change * (2 * slope[column] + change * curvature) < -1e-7 * curvature * step * step else { continue }
        row.levels[column] = best
        GramRounding.add(change, gram + column * size, &slope)
        moved = true
      }
      if !moved { break }
    }
  }

  /// Moves the scale of some columns to where the error is least.
  private func move(_ row: inout Row, _ group: Range<Int>, _ slope: inout [Float], _ gram: UnsafePointer<Float>) {
    guard let first = group.first else { return }
    var levels = [Float](repeating: 0, count: size)
    for column in group { levels[column] = row.levels[column] }
    // G·levels by rows, since it is symmetric.
    var product = [Float](repeating: 0, count: size)
    for column in group where levels[column] != 0 { GramRounding.add(levels[column], gram + column * size, &product) }
    var (along, curvature): (Float, Float) = (0, 0)
    for column in group {
      along += levels[column] * slope[column]
      curvature += levels[column] * product[column]
    }
    guard curvature > 0 else { return }
    let change = -along / curvature, step = row.steps[first] + change
    // A scale that runs away has lost its row.
    guard step.isFinite, step > row.steps[first] * 0.5, step < row.steps[first] * 2 else { return }
    for column in group { row.steps[column] = step }
    product.withUnsafeBufferPointer { if let base = $0.baseAddress { GramRounding.add(change, base, &slope) } }
  }

  /// Σ a·b over `count`, in eight interleaved sums: the order is fixed, so the result is the same everywhere.
  @inline(__always)
  private static func dot(_ a: UnsafePointer<Float>, _ b: [Float], _ count: Int) -> Float {
    b.withUnsafeBufferPointer { b in
      guard let b = b.baseAddress else { return 0 }
      var sums = SIMD8<Float>.zero
      let whole = count & ~7
      var index = 0
      while index < whole {
        let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Float>.self)
        let y = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Float>.self)
        sums += x * y
        index += 8
      }
      var sum = sums.sum()
      while index < count {
        sum += a[index] * b[index]
        index += 1
      }
      return sum
    }
  }

  /// b += factor · a.
  @inline(__always)
  private static func add(_ factor: Float, _ a: UnsafePointer<Float>, _ b: inout [Float]) {
    b.withUnsafeMutableBufferPointer { b in for index in b.indices { b[index] += factor * a[index] } }
  }
}

extension GramRounding.Row {
  /// Every level for itself.
  mutating func round() {
    error = 0
    for column in wanted.indices { levels[column] = nearest(wanted[column], column) }
  }
}
