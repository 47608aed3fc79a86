import KernelContract

/// Walks the column blocks of a band of 64 rows. Elements of the vector are fetched one by one: the form is made for processors
/// that need not.
struct SparseBlockTile {
  var head: UnsafeRawPointer
  var places: UnsafePointer<UInt8>
  var values: UnsafePointer<Float>

  /// Adds the next `count` blocks of `columns` columns, whose elements of the vector begin at `x`, to the sums of the rows.
  mutating func multiply(_ columns: Int, _ x: UnsafePointer<Float>, _ count: Int, _ sums: UnsafeMutablePointer<Float>) {
    var from = x
    for _ in 0..<count {
      let order = head.assumingMemoryBound(to: UInt8.self)
      var quarters = (SIMD16<Float>(repeating: 0), SIMD16<Float>(repeating: 0), SIMD16<Float>(repeating: 0), SIMD16<Float>(repeating: 0))
      quarters.0 = quarter(order[64], from)
      quarters.1 = quarter(order[65], from)
      quarters.2 = quarter(order[66], from)
      quarters.3 = quarter(order[67], from)
      for row in 0..<64 {
        let place = Int(order[row])
        let sixteen = place < 32 ? (place < 16 ? quarters.0 : quarters.1) : (place < 48 ? quarters.2 : quarters.3)
        sums[row] += sixteen[place & 15]
      }
      head += 68
      from += columns
    }
  }

  @inline(__always)
  private mutating func quarter(_ steps: UInt8, _ x: UnsafePointer<Float>) -> SIMD16<Float> {
    var sum = SIMD16<Float>(repeating: 0)
    for _ in 0..<Int(steps) {
      var picked = SIMD16<Float>(repeating: 0)
      for lane in 0..<16 where places[lane] < 0x80 { picked[lane] = x[Int(places[lane])] }
      sum = sum.addingProduct(UnsafeRawPointer(values).loadUnaligned(as: SIMD16<Float>.self), picked)
      places += 16
      values += 16
    }
    return sum
  }
}
