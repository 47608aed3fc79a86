import KernelContract

/// Copies rows of codes so that the sixteen of a group lie side by side: `[group][depth][16]`; rows beyond `count` repeat the last.
@inline(never)
func transposeRows(
  _ rows: UnsafePointer<UInt8>, stride: Int, depth: Int, count: Int, into target: UnsafeMutablePointer<UInt8>
) {
  var first = 0
  var to = target
  while first < count {
    let from = rows + first * stride
    var k = 0
    if first + 16 <= count {
      while k + 16 <= depth {
        transpose16(from + k, stride, to + 16 * k)
        k += 16
      }
    }
    while k < depth {
      for row in 0..<16 { to[16 * k + row] = from[min(row, count - first - 1) * stride + k] }
      k += 1
    }
    to += 16 * depth
    first += 16
  }
}

/// Bias and the products of a panel's excesses for sixteen rows, `[16][16]`: see `GemmExcess`. Rows are in lanes while they are added up.
/// - Parameters:
///   - rows: `[depth][16]`
///   - work: 256 sums.
@inline(never)
func addExcess(
  _ rows: UnsafePointer<UInt8>, _ entries: UnsafePointer<Int32>, pairs: Int, bias: UnsafePointer<Int32>,
  work: UnsafeMutablePointer<Int32>, into sums: UnsafeMutablePointer<Int32>
) {
  var entry = entries
  for column in 0..<16 {
    // Interleaving works in halves of a vector: low has rows 0 … 3 and 8 … 11.
    var low = Int8x32(repeating: bias[column])
    var high = low
    for _ in 0..<pairs {
      let x = widen16(rows + Int(entry[0]))
      let y = widen16(rows + Int(entry[1]))
      let weights = unsafeBitCast(Int8x32(repeating: entry[2]), to: Pairs16.self)
      low = addPairs(low, interleaveLow(x, y), weights)
      high = addPairs(high, interleaveHigh(x, y), weights)
      entry += 3
    }
    let to = UnsafeMutableRawPointer(work + 16 * column)
    to.storeBytes(of: joinLow(low, high), as: Int8x32.self)
    to.storeBytes(of: joinHigh(low, high), toByteOffset: 32, as: Int8x32.self)
  }
  let from = UnsafeRawPointer(work).assumingMemoryBound(to: Float.self)
  let to = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: Float.self)
  transpose8(from, 16, to, 16)
  transpose8(from + 8, 16, to + 128, 16)
  transpose8(from + 128, 16, to + 8, 16)
  transpose8(from + 136, 16, to + 136, 16)
}
