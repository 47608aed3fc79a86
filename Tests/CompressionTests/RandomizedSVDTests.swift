import Compression
import Tensors
import Testing

@Suite struct RandomizedSVDTests {
  private func leading(_ a: [Double], _ m: Int, _ n: Int, rank: Int, seed: UInt64 = 0) throws -> (svd: SVD, relativeError: Double) {
    try RandomizedSVD.leading(
      Tensor([m, n], a.map(Float.init)), rank: rank, multiply: MatrixProducts(InterpreterEvaluator()), seed: seed)
  }

  private func error(_ a: [Double], _ svd: SVD) -> Double {
    var weighted = svd.right
    for i in weighted.indices { weighted[i] *= svd.values[i / svd.columns] }
    let back = DenseCheck.product(svd.left, weighted, svd.rows, svd.count, svd.columns)
    let squares = zip(a, back).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (squares / a.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test(arguments: [(140, 200), (200, 140)]) func findsTheLeadingPart(size: (Int, Int)) throws {
    let (m, n) = size
    // A spectrum that falls by a tenth from value to value, its last ones in noise.
    var values: [Double] = [1]
    while values.count < 100 { values.append(max(values[values.count - 1] * 0.9, 1e-3)) }
    let a = try DenseCheck.matrix(values, m, n)
    for rank in [1, 12, 40] {
      let found = try leading(a, m, n, rank: rank)
      #expect(found.svd.count == rank && found.svd.left.count == m * rank && found.svd.right.count == rank * n)
      // Halko et al., theorem 10.6 with 2 iterations and 16 vectors more than needed: the spectrum's own error to some per cent; f32's
      // products are right to 1e-6.
      let best = (values.dropFirst(rank).reduce(0) { $0 + $1 * $1 } / values.reduce(0) { $0 + $1 * $1 }).squareRoot()
      let real = error(a, found.svd)
      #expect(real < best * 1.02 + 1e-6 && real > best * 0.999)
      // Below 0.0045 it is estimated from 16 random vectors: √(2/16)/2 of it.
      #expect(abs(found.relativeError - real) < (real > 0.005 ? 0.02 : 0.4) * real + 1e-6)
      for i in 0..<rank { #expect(abs(found.svd.values[i] - values[i]) < 1e-3 * values[i] + 1e-6) }
      #expect(DenseCheck.deviation(rows: found.svd.right, rank, n) < 1e-4)
      #expect(DenseCheck.deviation(rows: transposed(found.svd.left, rows: m, columns: rank), rank, m) < 1e-4)
    }
  }

  @Test(arguments: [1.0, 1e30, 1e-30]) func exactRankZeroHugeAndTiny(scale: Double) throws {
    let a = try DenseCheck.matrix([5, 4, 3, 2, 1], 150, 170).map { $0 * scale }
    let found = try leading(a, 150, 170, rank: 12)
    for i in 0..<12 { #expect(abs(found.svd.values[i] / scale - max(5 - Double(i), 0)) < 1e-5) }
    #expect(found.relativeError < 1e-5)
    #expect(DenseCheck.deviation(rows: found.svd.right, 12, 170) < 1e-4)
    let zero = try leading([Double](repeating: 0, count: 150 * 170), 150, 170, rank: 3)
    #expect(zero.svd.values == [0, 0, 0] && zero.relativeError == 0)
  }

  @Test func sameSeedSameBits() throws {
    let a = DenseCheck.random(130 * 150, 5)
    let (one, two, other) = try (leading(a, 130, 150, rank: 9), leading(a, 130, 150, rank: 9), leading(a, 130, 150, rank: 9, seed: 4))
    #expect(one.svd.left == two.svd.left && one.svd.values == two.svd.values && one.relativeError == two.relativeError)
    #expect(one.svd.left != other.svd.left)
  }

  @Test func refusesAndCancels() throws {
    #expect(throws: Failure.self) { try leading([1, .nan, 2, 3], 2, 2, rank: 1) }
    #expect(throws: Failure.self) { try leading([1, 1, 2, 3], 2, 2, rank: 0) }
    let matrix = try Tensor([130, 150], DenseCheck.random(130 * 150, 5).map(Float.init))
    #expect(throws: Failure.self) {
      try RandomizedSVD.leading(
        matrix, rank: 5, multiply: MatrixProducts(InterpreterEvaluator()), progress: ProgressReporter { _, done, _ in done < 2 })
    }
  }

  @Test(arguments: [(1, 1, 1), (5, 7, 3), (64, 2, 300), (65, 67, 257), (3, 66, 519)]) func denseProducts(size: (Int, Int, Int)) {
    let (m, n, k) = size, a = DenseCheck.random(m * k, 3), b = DenseCheck.random(n * k, 4)
    let made = product(a, byTransposed: b, rows: m, columns: n, depth: k)
    let wanted = DenseCheck.product(a, transposed(b, rows: n, columns: k), m, k, n)
    // Sums of k products below 1, in another order.
    for (x, y) in zip(made, wanted) { #expect(abs(x - y) < Double(k) * 0x1p-52 * 10) }
    let square = gram(a, rows: m, depth: k)
    let squareWanted = DenseCheck.product(a, transposed(a, rows: m, columns: k), m, k, m)
    for (x, y) in zip(square, squareWanted) { #expect(abs(x - y) < Double(k) * 0x1p-52 * 10) }
  }
}
