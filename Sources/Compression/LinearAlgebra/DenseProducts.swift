/// left · rightᵀ in double precision: left [rows, depth], right [columns, depth] → [rows, columns], all row-major.
package func product(_ left: [Double], byTransposed right: [Double], rows: Int, columns: Int, depth: Int) -> [Double] {
  guard left.count == rows * depth, right.count == columns * depth else { return [] }
  return DenseProducts.make(left, right, rows: rows, columns: columns, depth: depth, isSymmetric: false)
}

/// matrix · matrixᵀ: [rows, depth] → [rows, rows], both triangles.
package func gram(_ matrix: [Double], rows: Int, depth: Int) -> [Double] {
  guard matrix.count == rows * depth else { return [] }
  var out = DenseProducts.make(matrix, matrix, rows: rows, columns: rows, depth: depth, isSymmetric: true)
  for i in 0..<rows { for j in 0..<i { out[j * rows + i] = out[i * rows + j] } }
  return out
}

private enum DenseProducts {
  /// Elements along the depth that are read at a time: two sets of four rows of them stay in the first cache.
  static let part = 256

  /// - isSymmetric: only the tiles on and below the diagonal are made.
  static func make(_ left: [Double], _ right: [Double], rows: Int, columns: Int, depth: Int, isSymmetric: Bool) -> [Double] {
    var out = [Double](repeating: 0, count: rows * columns)
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        out.withUnsafeMutableBufferPointer { out in
          guard let a = left.baseAddress, let b = right.baseAddress, let c = out.baseAddress else { return }
          for start in stride(from: 0, to: depth, by: part) {
            let length = min(part, depth - start)
            // Sixty-four rows of the right side stay in the second cache while all rows of the left pass.
            for block in stride(from: 0, to: columns, by: 64) {
              for i in stride(from: 0, to: rows, by: 2) {
                let end = min(block + 64, columns, isSymmetric ? i + 2 : columns)
                for j in stride(from: block, to: max(end, block), by: 2) {
                  let (p, q) = (i + 1 < rows ? 1 : 0, j + 1 < columns ? 1 : 0)
                  tile(a + i * depth + start, b + j * depth + start, p * depth, q * depth, length, c + i * columns + j, p * columns, q)
                }
              }
            }
          }
        }
      }
    }
    return out
  }

  /// Adds two rows times two columns; a stride of 0 says that there is but one.
  @inline(__always)
  private static func tile(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ nextA: Int, _ nextB: Int, _ length: Int, _ c: UnsafeMutablePointer<Double>,
    _ nextRow: Int, _ nextColumn: Int
  ) {
    var (s00, s01, s10, s11) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
    let whole = length & ~3
    var index = 0
    while index < whole {
      let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD4<Double>.self)
      let y = UnsafeRawPointer(a + nextA + index).loadUnaligned(as: SIMD4<Double>.self)
      let u = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD4<Double>.self)
      let v = UnsafeRawPointer(b + nextB + index).loadUnaligned(as: SIMD4<Double>.self)
      s00 += x * u
      s01 += x * v
      s10 += y * u
      s11 += y * v
      index += 4
    }
    var (t00, t01, t10, t11) = (s00.sum(), s01.sum(), s10.sum(), s11.sum())
    while index < length {
      t00 += a[index] * b[index]
      t01 += a[index] * b[nextB + index]
      t10 += a[nextA + index] * b[index]
      t11 += a[nextA + index] * b[nextB + index]
      index += 1
    }
    c[0] += t00
    if nextColumn > 0 { c[1] += t01 }
    if nextRow > 0 { c[nextRow] += t10 }
    if nextRow > 0, nextColumn > 0 { c[nextRow + 1] += t11 }
  }
}
