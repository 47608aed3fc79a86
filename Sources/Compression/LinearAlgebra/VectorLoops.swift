/// Σ a·b in eight interleaved sums: the order is fixed, so the result is the same everywhere.
@inline(__always)
func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sums = SIMD8<Double>.zero
  let whole = count & ~7
  var index = 0
  while index < whole {
    let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Double>.self)
    let y = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Double>.self)
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

/// y += factor·x
@inline(__always)
func addMultiple(_ factor: Double, of x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int) {
  let whole = count & ~7
  var index = 0
  while index < whole {
    let a = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Double>.self)
    let b = UnsafeRawPointer(y + index).loadUnaligned(as: SIMD8<Double>.self)
    UnsafeMutableRawPointer(y + index).storeBytes(of: b + a * factor, as: SIMD8<Double>.self)
    index += 8
  }
  while index < count {
    y[index] += factor * x[index]
    index += 1
  }
}

/// The transpose of a row-major matrix, by tiles that stay in the first cache.
package func transposed(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
  guard rows > 1, columns > 1, matrix.count == rows * columns else { return matrix }
  let tile = 16
  return [Double](unsafeUninitializedCapacity: rows * columns) { out, count in
    matrix.withUnsafeBufferPointer { matrix in
      for top in stride(from: 0, to: rows, by: tile) {
        for left in stride(from: 0, to: columns, by: tile) {
          for column in left..<min(left + tile, columns) {
            for row in top..<min(top + tile, rows) { out[column * rows + row] = matrix[row * columns + column] }
          }
        }
      }
    }
    count = rows * columns
  }
}
