import Compression
import Tensors
import Testing

/// Products and norms of row-major matrices, written out.
enum DenseCheck {
  static func product(_ a: [Double], _ b: [Double], _ m: Int, _ k: Int, _ n: Int) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m { for l in 0..<k { for j in 0..<n { c[i * n + j] += a[i * k + l] * b[l * n + j] } } }
    return c
  }

  /// The largest deviation of the rows from orthonormal ones.
  static func deviation(rows: [Double], _ count: Int, _ length: Int) -> Double {
    let gram = product(rows, transposed(rows, rows: count, columns: length), count, length, count)
    return (0..<count * count).reduce(0) { max($0, abs(gram[$1] - ($1 / count == $1 % count ? 1 : 0))) }
  }

  static func random(_ count: Int, _ seed: UInt64) -> [Double] {
    var noise = Noise(seed)
    return (0..<count).map { _ in Double(noise.next()) }
  }

  /// count orthonormal rows.
  static func orthonormal(_ count: Int, _ length: Int, _ seed: UInt64) throws -> [Double] {
    transposed(try HouseholderQR(random(count * length, seed), rows: length, columns: count).thinQ, rows: length, columns: count)
  }

  /// U·diag(values)·Vᵀ with random orthonormal U and V.
  static func matrix(_ values: [Double], _ m: Int, _ n: Int, seed: UInt64 = 7) throws -> [Double] {
    let (k, u, v) = try (values.count, orthonormal(values.count, m, seed), orthonormal(values.count, n, seed + 1))
    var scaled = v
    for i in 0..<k { for j in 0..<n { scaled[i * n + j] *= values[i] } }
    return product(transposed(u, rows: k, columns: m), scaled, m, k, n)
  }
}

@Suite struct SingularValuesTests {
  /// Backward stability: ‖A − UΣVᵀ‖ and the orthogonality within p(m, n) · 2⁻⁵³ of the largest value (Higham 2002, section 19; p ≤ 20·(m + n)
  /// leaves room for the constants of reflections and rotations).
  private func check(_ a: [Double], _ m: Int, _ n: Int, scale: Double = 1) throws -> SVD {
    let svd = try SVD(a, rows: m, columns: n)
    let k = min(m, n), bound = 20 * Double(m + n) * 0x1p-53
    #expect(svd.left.count == m * k && svd.values.count == k && svd.right.count == k * n)
    #expect(svd.values.allSatisfy { $0 >= 0 } && zip(svd.values, svd.values.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(DenseCheck.deviation(rows: transposed(svd.left, rows: m, columns: k), k, m) < bound)
    #expect(DenseCheck.deviation(rows: svd.right, k, n) < bound)
    var weighted = svd.right
    for i in 0..<k { for j in 0..<n { weighted[i * n + j] *= svd.values[i] / scale } }
    let back = DenseCheck.product(svd.left, weighted, m, k, n)
    let norm = a.reduce(0) { $0 + ($1 / scale) * ($1 / scale) }.squareRoot()
    for (x, y) in zip(a, back) { #expect(abs(x / scale - y) <= bound * norm) }
    return svd
  }

  @Test(arguments: [(1, 1), (1, 5), (5, 1), (2, 2), (3, 2), (8, 8), (9, 17), (40, 13), (13, 40), (64, 64), (65, 63), (70, 33)])
  func takesRandomMatricesApart(size: (Int, Int)) throws {
    _ = try check(DenseCheck.random(size.0 * size.1, 3), size.0, size.1)
  }

  @Test func findsGivenSpectra() throws {
    let spectra: [[Double]] = [
      (0..<16).map {
        var x = 1.0; for _ in 0..<$0 { x /= 10 }; return x
      },
      (0..<30).map { $0 < 5 ? 3 : 0 }, [Double](repeating: 1, count: 20),
      [1, 1, 1, 1e-8, 1e-8, 1e-8, 0, 0], (0..<40).map { 1 / Double(1 + $0 * $0) },
    ]
    for values in spectra {
      for (m, n) in [(values.count, values.count), (values.count + 40, values.count + 3), (values.count, values.count * 2)] {
        let a = try DenseCheck.matrix(values, m, n), svd = try check(a, m, n)
        // Weyl: values move by no more than the error of the matrix, here that of making it and of taking it apart.
        for i in 0..<svd.count {
          #expect(abs(svd.values[i] - (i < values.count ? values[i] : 0)) < 40 * Double(m + n) * 0x1p-53 * values[0])
        }
      }
    }
  }

  @Test func hilbertMatrix() throws {
    let n = 12
    var hilbert: [Double] = [], trace = 0.0
    for i in 0..<n {
      for j in 0..<n { hilbert.append(1 / Double(i + j + 1)) }
      trace += 1 / Double(2 * i + 1)
    }
    let svd = try check(hilbert, n, n)
    // The values of a positive definite matrix sum up to its trace.
    #expect(abs(svd.values.reduce(0, +) - trace) < 1e-13)
    #expect(svd.values[n - 1] < 1e-15 && svd.values[n - 2] > 1e-16)
  }

  @Test func zerosAndStructures() throws {
    #expect(try check([Double](repeating: 0, count: 35), 7, 5).values == [0, 0, 0, 0, 0])
    // Zeros on the diagonal of a bidiagonal matrix, in the middle and at the end.
    for zero in [[0], [3], [7], [0, 3, 7], [2, 3]] {
      var a = [Double](repeating: 0, count: 64)
      for i in 0..<8 { a[i * 8 + i] = zero.contains(i) ? 0 : Double(i + 1) }
      for i in 0..<7 { a[i * 8 + i + 1] = 1 }
      _ = try check(a, 8, 8)
    }
    var one = [Double](repeating: 0, count: 30)
    one[17] = -4
    #expect(try check(one, 6, 5).values == [4, 0, 0, 0, 0])
    #expect(try SVD([], rows: 0, columns: 4).values.isEmpty)
    #expect(try SVD([], rows: 3, columns: 0).left.isEmpty)
  }

  @Test(arguments: [1e300, 1e-300, 1e-310]) func hugeAndTinyElements(scale: Double) throws {
    // Elements of 1e-310 carry 44 bits only; the factorization of what is stored is as exact as any.
    let a = DenseCheck.random(12 * 9, 5).map { $0 * scale }
    let svd = try check(a, 12, 9, scale: scale)
    #expect(svd.values[0] > scale / 10 && svd.values[0] < scale * 100)
  }

  @Test func mixedMagnitudes() throws {
    // Rows from 1e300 to 1e-300 in one matrix.
    let exponents: [Double] = [1e300, 1e150, 1, 1e-150, 1e-300]
    let noise = DenseCheck.random(25, 2)
    let svd = try SVD((0..<25).map { noise[$0] * exponents[$0 / 5] }, rows: 5, columns: 5)
    #expect(svd.values.allSatisfy { $0.isFinite } && svd.values[0] > 1e299)
    #expect(DenseCheck.deviation(rows: svd.right, 5, 5) < 1e-13)
  }

  @Test func refusesWhatIsNotFinite() {
    for bad in [Double.nan, .infinity, -.infinity] {
      #expect(throws: Failure.self) { try SVD([1, 2, bad, 4], rows: 2, columns: 2) }
      #expect(throws: Failure.self) { try SymmetricEigen([1, bad, bad, 4], size: 2) }
      #expect(throws: Failure.self) { try HouseholderQR([1, 2, bad, 4], rows: 2, columns: 2) }
    }
    #expect(throws: Failure.self) { try SVD([1, 2, 3], rows: 2, columns: 2) }
    #expect(throws: Failure.self) { try SVD([1, 2, 3], rows: .max, columns: 4) }
  }

  @Test(arguments: [1, 2, 3, 8, 33, 64]) func eigenvectorsOfSymmetricMatrices(n: Int) throws {
    let noise = DenseCheck.random(n * n, 9)
    let a = (0..<n * n).map { noise[$0] + noise[$0 % n * n + $0 / n] }
    let eigen = try SymmetricEigen(a, size: n), bound = 40 * Double(n) * 0x1p-53
    #expect(DenseCheck.deviation(rows: eigen.vectors, n, n) < bound)
    #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 >= $1 })
    let turned = DenseCheck.product(eigen.vectors, a, n, n, n), norm = a.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for i in 0..<n * n { #expect(abs(turned[i] - eigen.values[i / n] * eigen.vectors[i]) <= bound * norm) }
  }

  @Test func eigenvaluesOfKnownMatrices() throws {
    // The second difference: 2 − 2·cos(πk/(n + 1)); its smallest for n = 3 is 2 − √2.
    let laplace = try SymmetricEigen([2, -1, 0, -1, 2, -1, 0, -1, 2], size: 3)
    for (x, y) in zip(laplace.values, [2 + 2.0.squareRoot(), 2, 2 - 2.0.squareRoot()]) { #expect(abs(x - y) < 1e-14) }
    #expect(try SymmetricEigen([Double](repeating: 0, count: 36), size: 6).values == [0, 0, 0, 0, 0, 0])
    // vvᵀ: one value, all others zero.
    let v = DenseCheck.random(20, 4), outer = (0..<400).map { v[$0 / 20] * v[$0 % 20] }
    let eigen = try SymmetricEigen(outer.map { $0 * 1e250 }, size: 20)
    #expect(abs(eigen.values[0] / 1e250 / v.reduce(0) { $0 + $1 * $1 } - 1) < 1e-13)
    #expect(eigen.values.dropFirst().allSatisfy { abs($0) < 1e236 })
  }
}

@Suite struct HouseholderQRTests {
  @Test(arguments: [(6, 6), (9, 4), (4, 9), (1, 3), (3, 1)], [false, true]) func restoresTheMatrix(size: (Int, Int), pivoting: Bool) throws
  {
    let (m, n) = size, k = min(m, n), a = DenseCheck.random(m * n, 3)
    let factors = try HouseholderQR(a, rows: m, columns: n, pivoting: pivoting)
    let q = factors.thinQ, r = factors.upper, back = DenseCheck.product(q, r, m, k, n)
    #expect(DenseCheck.deviation(rows: transposed(q, rows: m, columns: k), k, m) < 1e-14)
    #expect(factors.permutation.sorted() == Array(0..<n))
    // 20·(m + n)·2⁻⁵³ of the norm, about 3.
    for i in 0..<m { for j in 0..<n { #expect(abs(back[i * n + j] - a[i * n + factors.permutation[j]]) < 1e-13) } }
    for i in 0..<k { for j in 0..<min(i, n) { #expect(r[i * n + j] == 0) } }
    if pivoting { for i in 1..<max(k, 1) { #expect(abs(r[i * n + i]) <= abs(r[(i - 1) * n + i - 1]) * (1 + 1e-12)) } }
  }

  @Test func leastSquaresOfFullAndDeficientRank() throws {
    for (m, n, rank) in [(20, 6, 6), (20, 6, 3), (6, 20, 6), (6, 20, 2), (5, 5, 5)] {
      let a = try DenseCheck.matrix((0..<rank).map { 1 + Double($0) }, m, n)
      let b = DenseCheck.random(m * 2, 8)
      let factors = try HouseholderQR(a, rows: m, columns: n, pivoting: true)
      #expect(factors.rank(1e-12) == rank)
      let x = try factors.leastSquares(b, count: 2)
      // The residual is orthogonal to A's columns, and X to A's null space: x = A⁺A·x.
      let made = DenseCheck.product(a, x, m, n, 2)
      let normal = DenseCheck.product(transposed(a, rows: m, columns: n), zip(b, made).map { $0 - $1 }, n, m, 2)
      #expect(normal.allSatisfy { abs($0) < 1e-12 })
      let rows = try SVD(a, rows: m, columns: n).right.prefix(rank * n)
      let inside = DenseCheck.product(Array(rows), x, rank, n, 2)
      let again = DenseCheck.product(transposed(Array(rows), rows: rank, columns: n), inside, n, rank, 2)
      for (u, v) in zip(x, again) { #expect(abs(u - v) < 1e-12) }
    }
    let zero = try HouseholderQR([Double](repeating: 0, count: 12), rows: 4, columns: 3, pivoting: true)
    #expect(try zero.leastSquares([1, 2, 3, 4], count: 1) == [0, 0, 0])
  }

  @Test func jitteredFactorOfSemidefiniteMatrices() throws {
    let v = DenseCheck.random(10, 4), outer = (0..<100).map { v[$0 / 10] * v[$0 % 10] }
    let found = try #require(Cholesky.jittered(outer, size: 10))
    #expect(found.jitter < 1e-6)
    let l = found.factor.factor
    for i in 0..<10 {
      for j in 0...i {
        let made = (0...j).reduce(0) { $0 + l[i * 10 + $1] * l[j * 10 + $1] }
        #expect(abs(made - outer[i * 10 + j]) < 1e-6)
      }
    }
    #expect(Cholesky.jittered([Double](repeating: 0, count: 9), size: 3) != nil)
    #expect(Cholesky.jittered([1, 0, 0, -5], size: 2) == nil)
    #expect(Cholesky.jittered([.nan], size: 1) == nil)
  }
}
