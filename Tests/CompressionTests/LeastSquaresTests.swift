import Compression
import Testing

@Suite struct LeastSquaresTests {
  /// B·Bᵀ + shift on the diagonal.
  private func positive(_ size: Int, rank: Int, shift: Double, seed: UInt64 = 3) -> [Double] {
    var noise = Noise(seed)
    let b = (0..<size * rank).map { _ in Double(noise.next()) }
    var matrix = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in 0..<size { for k in 0..<rank { matrix[i * size + j] += b[i * rank + k] * b[j * rank + k] } }
      matrix[i * size + i] += shift
    }
    return matrix
  }

  @Test(arguments: [1, 2, 7, 8, 9, 33]) func factorsSolvesAndInverts(size: Int) throws {
    let matrix = positive(size, rank: size, shift: 0.1)
    let factor = try #require(Cholesky(matrix, size: size))
    var noise = Noise(8)
    let solution = (0..<size).map { _ in Double(noise.next()) }
    var right = (0..<size).map { i in (0..<size).reduce(0) { $0 + matrix[i * size + $1] * solution[$1] } }
    right.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { factor.solve(base) }
    }
    // Norms below 33 · 33, smallest eigenvalue 0.1: condition below 1.1e4, times 33 · 2⁻⁵³ (Higham 2002, theorem 10.4).
    for (a, b) in zip(right, solution) { #expect(abs(a - b) < 1e-9) }
    let inverse = factor.inverse()
    for i in 0..<size {
      for j in 0..<size {
        let element = (0..<size).reduce(0) { $0 + matrix[i * size + $1] * inverse[$1 * size + j] }
        #expect(abs(element - (i == j ? 1 : 0)) < 1e-9)
      }
    }
  }

  @Test func refusesWhatIsNotPositive() {
    #expect(Cholesky([1, 0, 0, -1], size: 2) == nil)
    #expect(Cholesky([0], size: 1) == nil)
    #expect(Cholesky([.nan], size: 1) == nil)
    #expect(Cholesky([1, 2], size: 2) == nil)
    #expect(Cholesky([], size: 0) != nil)
  }

  @Test func ridgeMeetsTheNormalEquations() {
    let size = 12, rows = 3
    // Fewer directions than inputs: singular without the ridge.
    let gram = positive(size, rank: 5, shift: 0)
    var noise = Noise(5)
    let cross = (0..<rows * size).map { _ in Double(noise.next()) }, prior = (0..<rows * size).map { _ in Double(noise.next()) }
    let ridge = RidgeRegression.ridge(gram, size: size, damping: 0.01)
    let weights = RidgeRegression.solve(gram: gram, cross: cross, prior: prior, size: size, ridge: ridge)
    for row in 0..<rows {
      for i in 0..<size {
        let left = (0..<size).reduce(0) { $0 + gram[i * size + $1] * weights[row * size + $1] } + ridge * weights[row * size + i]
        #expect(abs(left - cross[row * size + i] - ridge * prior[row * size + i]) < 1e-9)
      }
    }
  }

  @Test func inputsThatNeverVaryKeepThePrior() {
    // Input 1 is constant, so it has no variance and no part in the targets.
    let weights = RidgeRegression.solve(gram: [2, 0, 0, 0], cross: [4, 0], prior: [1, 3], size: 2, ridge: 1e-9)
    #expect(abs(weights[0] - 2) < 1e-8 && weights[1] == 3)
    // No input ever varies: everything stays.
    let nothing = [Double](repeating: 0, count: 4)
    let ridge = RidgeRegression.ridge(nothing, size: 2, damping: 0.1)
    #expect(RidgeRegression.solve(gram: nothing, cross: [0, 0], prior: [5, -6], size: 2, ridge: ridge) == [5, -6])
  }
}
