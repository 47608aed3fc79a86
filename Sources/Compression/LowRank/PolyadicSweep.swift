import Tensors

/// Alternating least squares on a kernel of norm 1.
struct PolyadicSweep {
  struct Terms {
    let rank: Int
    /// Outputs, inputs, height, width: each [rank, extent].
    var modes: [[Double]]

    func extent(_ mode: Int) -> Int { modes[mode].count / rank }

    private func norm(_ mode: Int, _ term: Int) -> Double {
      let extent = extent(mode)
      return modes[mode][term * extent..<(term + 1) * extent].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    /// Σ of the terms' squared norms.
    var growth: Double {
      (0..<rank).reduce(0) { sum, term in
        let norm = modes.indices.reduce(1) { $0 * self.norm($1, term) }
        return sum + norm * norm
      }
    }

    /// The same norm for all of a term's factors.
    mutating func balance() {
      for term in 0..<rank {
        let norms = modes.indices.map { norm($0, term) }
        let shared = norms.reduce(1, *).squareRoot().squareRoot()
        for (mode, norm) in norms.enumerated() {
          let (extent, factor) = (extent(mode), norm > 0 ? shared / norm : 0)
          for index in term * extent..<(term + 1) * extent { modes[mode][index] *= factor }
        }
      }
    }

    /// Σ over all elements of term r times term s, but for one mode (nil: for none).
    func overlaps(without left: Int?) -> [Double] {
      var result = [Double](repeating: 1, count: rank * rank)
      for mode in modes.indices where mode != left {
        let part = gram(modes[mode], rows: rank, depth: extent(mode))
        for index in result.indices { result[index] *= part[index] }
      }
      return result
    }
  }

  private let kernel: [Double]
  private let turned: [Double]
  private let extents: [Int]
  private var inner: Int { extents[1] * extents[2] * extents[3] }
  private var taps: Int { extents[2] * extents[3] }

  init(_ kernel: [Double], extents: [Int]) {
    (self.kernel, self.extents) = (kernel, extents)
    turned = transposed(kernel, rows: extents[0], columns: kernel.count / extents[0])
  }

  /// The first start follows the principal output directions, each with its leading filter; the others are random.
  func start(_ index: Int, rank: Int, seed: UInt64) throws -> Terms {
    var random = SplitMix64(seed: seed &* 0x9E37_79B9 &+ UInt64(index))
    var terms = Terms(rank: rank, modes: extents.map { extent in (0..<rank * extent).map { _ in random.unit() - 0.5 } })
    if index == 0 {
      let mode = try SymmetricEigen(gram(kernel, rows: extents[0], depth: inner), size: extents[0])
      let count = min(rank, extents[0]), directions = Array(mode.vectors.prefix(count * extents[0]))
      let parts = product(directions, byTransposed: turned, rows: count, columns: inner, depth: extents[0])
      for term in 0..<count { lead(Array(parts[term * inner..<(term + 1) * inner]), &terms, term) }
    }
    terms.balance()
    return terms
  }

  /// The leading first ∘ vertical ∘ horizontal of [inputs, height, width], by alternation.
  private func lead(_ part: [Double], _ terms: inout Terms, _ term: Int) {
    let (c, h, w) = (extents[1], extents[2], extents[3])
    var (x, a, b) = ([Double](repeating: 1, count: w), [Double](repeating: 0, count: c), [Double](repeating: 1, count: h))
    for i in 0..<w { x[i] += 0.1 * Double(i) }
    func normalize(_ v: inout [Double]) {
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 0 { for i in v.indices { v[i] /= norm } }
    }
    for _ in 0..<4 {
      a = (0..<c).map { i in
        (0..<h).reduce(0) { sum, y in (0..<w).reduce(sum) { $0 + part[(i * h + y) * w + $1] * b[y] * x[$1] } }
      }
      normalize(&a)
      var plane = [Double](repeating: 0, count: h * w)
      for i in 0..<c { for t in 0..<h * w { plane[t] += a[i] * part[i * h * w + t] } }
      b = (0..<h).map { y in (0..<w).reduce(0) { $0 + plane[y * w + $1] * x[$1] } }
      normalize(&b)
      x = (0..<w).map { i in (0..<h).reduce(0) { $0 + plane[$1 * w + i] * b[$1] } }
      normalize(&x)
    }
    for (mode, vector) in [(1, a), (2, b), (3, x)] where vector.contains(where: { $0 != 0 }) {
      terms.modes[mode].replaceSubrange(term * vector.count..<(term + 1) * vector.count, with: vector)
    }
  }

  /// One round over the modes.
  /// - Returns: ‖K − K̂‖².
  func improve(_ terms: inout Terms, penalty: Double) -> Double {
    let rank = terms.rank, (c, h, w) = (extents[1], extents[2], extents[3])
    // Outer products of a term's other factors against the kernel.
    var outer = [Double](repeating: 0, count: rank * inner)
    for r in 0..<rank {
      for i in 0..<c {
        for y in 0..<h {
          let factor = terms.modes[1][r * c + i] * terms.modes[2][r * h + y], place = r * inner + (i * h + y) * w
          for x in 0..<w { outer[place + x] = factor * terms.modes[3][r * w + x] }
        }
      }
    }
    solve(0, product(outer, byTransposed: kernel, rows: rank, columns: extents[0], depth: inner), &terms, penalty)
    let half = product(terms.modes[0], byTransposed: turned, rows: rank, columns: inner, depth: extents[0])
    var sides = [Double](repeating: 0, count: rank * c)
    for r in 0..<rank {
      for i in 0..<c {
        var sum = 0.0
        for y in 0..<h {
          for x in 0..<w { sum += half[r * inner + (i * h + y) * w + x] * terms.modes[2][r * h + y] * terms.modes[3][r * w + x] }
        }
        sides[r * c + i] = sum
      }
    }
    solve(1, sides, &terms, penalty)
    var planes = [Double](repeating: 0, count: rank * taps)
    for r in 0..<rank {
      for i in 0..<c {
        let factor = terms.modes[1][r * c + i], place = r * inner + i * taps
        for t in 0..<taps { planes[r * taps + t] += factor * half[place + t] }
      }
    }
    let rows = (0..<rank * h).map { i in (0..<w).reduce(0) { $0 + planes[i * w + $1] * terms.modes[3][i / h * w + $1] } }
    solve(2, rows, &terms, penalty)
    let columns = (0..<rank * w).map { i in
      (0..<h).reduce(0) { $0 + planes[(i / w * h + $1) * w + i % w] * terms.modes[2][i / w * h + $1] }
    }
    solve(3, columns, &terms, penalty)
    let made = terms.overlaps(without: nil).reduce(0, +)
    let met = zip(columns, terms.modes[3]).reduce(0) { $0 + $1.0 * $1.1 }
    terms.balance()
    return max(1 - 2 * met + made, 0)
  }

  /// The mode's factors with the least squared error and penalty, `sides` [rank, extent] being the kernel's products with the others.
  private func solve(_ mode: Int, _ sides: [Double], _ terms: inout Terms, _ penalty: Double) {
    let rank = terms.rank
    var matrix = terms.overlaps(without: mode)
    for i in 0..<rank { matrix[i * rank + i] += penalty }
    guard let factor = Cholesky(matrix, size: rank) ?? Cholesky.jittered(matrix, size: rank)?.factor else { return }
    let extent = sides.count / rank
    var rows = transposed(sides, rows: rank, columns: extent)
    rows.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for row in 0..<extent { factor.solve(base + row * rank) }
    }
    if rows.allSatisfy(\.isFinite) { terms.modes[mode] = transposed(rows, rows: extent, columns: rank) }
  }
}
