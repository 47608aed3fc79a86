import Netsuke
import TestSupport
import Testing

/// The products on the caller's memory.
@Suite struct ProductTests {
  @Test(arguments: [(1, 1, 1), (3, 5, 2), (6, 16, 32), (7, 17, 33), (13, 31, 101)])
  func integers(m: Int, n: Int, k: Int) throws {
    var random = Random(UInt64(m * n * k))
    let (lda, ldb, ldc) = (k + 3, k + 1, n + 2)
    let a = (0..<m * lda).map { _ in UInt8.random(in: 0...255, using: &random) }
    let b = (0..<n * ldb).map { _ in Int8.random(in: -128...127, using: &random) }
    for zero in [Int32(0), 7, 255] {
      var c = [Int32](repeating: 99, count: m * ldc)
      try IntegerProduct.multiply(m: m, n: n, k: k, a, lda: lda, zeroPoint: zero, b, ldb: ldb, into: &c, ldc: ldc)
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(Int32(0)) { $0 + (Int32(a[i * lda + $1]) - zero) * Int32(b[j * ldb + $1]) }
          #expect(c[i * ldc + j] == sum)
        }
        // What lies between the rows is not written.
        #expect(c[(i * ldc + n)..<((i + 1) * ldc)].allSatisfy { $0 == 99 })
      }
    }
  }

  @Test func emptyIntegers() throws {
    var c: [Int32] = [5, 5]
    try IntegerProduct.multiply(m: 1, n: 2, k: 0, [1], lda: 0, zeroPoint: 0, [1], ldb: 0, into: &c, ldc: 2)
    #expect(c == [0, 0])
    #expect(throws: Failure.self) {
      try IntegerProduct.multiply(m: 1, n: 1, k: 1, [1], lda: 1, zeroPoint: 256, [1], ldb: 1, into: &c, ldc: 2)
    }
  }

  /// A CSR matrix in arrays of its own.
  struct Sparse {
    var rows: Int, columns: Int
    var offsets: [Int32], indices: [Int32], values: [Float]

    init(rows: Int, columns: Int, offsets: [Int32], indices: [Int32], values: [Float]) {
      (self.rows, self.columns, self.offsets, self.indices, self.values) = (rows, columns, offsets, indices, values)
    }

    init(_ dense: [Float], rows: Int, columns: Int, capacity: Int? = nil) throws {
      (self.rows, self.columns) = (rows, columns)
      offsets = [Int32](repeating: -1, count: rows + 1)
      let count = try dense.withUnsafeBufferPointer {
        try SparseTensor.compress($0, rows: rows, columns: columns, rowOffsets: nil, columnIndices: nil, values: nil, capacity: 0)
      }
      indices = [Int32](repeating: -1, count: max(count, 1))
      values = [Float](repeating: .nan, count: max(count, 1))
      _ = try dense.withUnsafeBufferPointer {
        try SparseTensor.compress(
          $0, rows: rows, columns: columns, rowOffsets: &offsets, columnIndices: &indices, values: &values, capacity: capacity ?? count)
      }
    }

    func multiply(_ b: [Float], width: Int, ldb: Int, ldc: Int) throws -> [Float] {
      var c = [Float](repeating: 99, count: rows * ldc)
      try offsets.withUnsafeBufferPointer { offsets in
        try indices.withUnsafeBufferPointer { indices in
          try values.withUnsafeBufferPointer { values in
            let matrix = SparseTensor.Matrix(
              rows: rows, columns: columns, rowOffsets: try #require(offsets.baseAddress), columnIndices: indices.baseAddress,
              values: values.baseAddress)
            try SparseTensor.multiply(matrix, width: width, b, ldb: ldb, into: &c, ldc: ldc)
          }
        }
      }
      return c
    }
  }

  @Test(arguments: [(1, 1, 1), (5, 7, 3), (64, 65, 33), (3, 40, 70)])
  func sparse(rows: Int, columns: Int, width: Int) throws {
    var random = Random(UInt64(rows + columns + width))
    var dense = (0..<rows * columns).map { _ in
      Float.random(in: 0..<1, using: &random) < 0.8 ? 0 : Float.random(in: -1...1, using: &random)
    }
    dense[0] = 0.5
    let matrix = try Sparse(dense, rows: rows, columns: columns), count = dense.count { $0 != 0 }
    #expect(matrix.offsets.first == 0 && matrix.offsets.last == Int32(count) && matrix.values.allSatisfy { $0 != 0 })
    #expect(throws: Failure.self) { try Sparse(dense, rows: rows, columns: columns, capacity: count - 1) }
    let (ldb, ldc) = (width + 3, width + 1)
    let b = (0..<columns * ldb).map { _ in Float.random(in: -1...1, using: &random) }
    let c = try matrix.multiply(b, width: width, ldb: ldb, ldc: ldc)
    for row in 0..<rows {
      for column in 0..<width {
        let products = (0..<columns).map { Double(dense[row * columns + $0]) * Double(b[$0 * ldb + column]) }
        // Each product and each sum rounds once, by at most half an ulp of the sum of magnitudes.
        let bound = Double(columns + 1) * Double(Float.ulpOfOne) * products.reduce(0) { $0 + $1.magnitude }
        #expect((Double(c[row * ldc + column]) - products.reduce(0, +)).magnitude <= bound)
      }
      #expect(c[row * ldc + width] == 99)
    }
  }

  @Test func damagedMatricesAreRefused() {
    func multiply(_ offsets: [Int32], _ indices: [Int32]) throws {
      _ = try Sparse(rows: 2, columns: 2, offsets: offsets, indices: indices, values: [1, 2]).multiply([1, 1], width: 1, ldb: 1, ldc: 1)
    }
    #expect(throws: Never.self) { try multiply([0, 1, 2], [0, 1]) }
    #expect(throws: Failure.self) { try multiply([1, 1, 2], [0, 1]) }
    #expect(throws: Failure.self) { try multiply([0, 2, 1], [0, 1]) }
    #expect(throws: Failure.self) { try multiply([0, -1, 2], [0, 1]) }
    #expect(throws: Failure.self) { try multiply([0, 1, 2], [0, 2]) }
    #expect(throws: Failure.self) { try multiply([0, 1, 2], [-1, 1]) }
  }
}
