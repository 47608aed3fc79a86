import CIntrinsics
import KernelContract

/// Walks the column blocks of a band of 64 rows: the block's elements of the vector wait in two or four registers, and 16 rows pick theirs by
/// one or two instructions.
struct SparseBlockTile {
  var head: UnsafeRawPointer
  var places: UnsafePointer<UInt8>
  var values: UnsafePointer<Float>

  /// Adds the next `count` blocks of `columns` (32 or 64) columns, whose elements of the vector begin at `x`, to the sums of the rows.
  mutating func multiply(_ columns: Int, _ x: UnsafePointer<Float>, _ count: Int, _ sums: UnsafeMutablePointer<Float>) {
    if columns == 32 { multiply32(x, count, sums) } else { multiply64(x, count, sums) }
  }

  @inline(never)
  private mutating func multiply32(_ x: UnsafePointer<Float>, _ count: Int, _ sums: UnsafeMutablePointer<Float>) {
    var from = x
    for _ in 0..<count {
      let table = Table(load16(from), load16(from + 16), load16(from), load16(from))
      add(quarter(64, table, false), quarter(65, table, false), quarter(66, table, false), quarter(67, table, false), sums)
      head += 68
      from += 32
    }
  }

  @inline(never)
  private mutating func multiply64(_ x: UnsafePointer<Float>, _ count: Int, _ sums: UnsafeMutablePointer<Float>) {
    var from = x
    for _ in 0..<count {
      let table = Table(load16(from), load16(from + 16), load16(from + 32), load16(from + 48))
      add(quarter(64, table, true), quarter(65, table, true), quarter(66, table, true), quarter(67, table, true), sums)
      head += 68
      from += 64
    }
  }

  /// The sums of 16 rows, in the order of the block.
  @inline(__always)
  private mutating func quarter(_ steps: Int, _ table: Table, _ isWide: Bool) -> SIMD16<Float> {
    var sum = SIMD16<Float>(repeating: 0)
    let end = values + 16 * Int(head.load(fromByteOffset: steps, as: UInt8.self))
    while values < end {
      let picked = isWide ? table.pick64(places) : table.pick32(places)
      sum = sum.addingProduct(load16(values), picked)
      places += 16
      values += 16
    }
    return sum
  }

  /// Puts the sums in the order of the rows.
  @inline(__always)
  private func add(
    _ a: SIMD16<Float>, _ b: SIMD16<Float>, _ c: SIMD16<Float>, _ d: SIMD16<Float>, _ sums: UnsafeMutablePointer<Float>
  ) {
    let order = head.assumingMemoryBound(to: UInt8.self)
    let table = Table(a, b, c, d)
    for quarter in 0..<4 {
      let to = sums + 16 * quarter
      UnsafeMutableRawPointer(to).storeBytes(of: load16(to) + table.pick64(order + 16 * quarter), as: SIMD16<Float>.self)
    }
  }
}

/// 32 or 64 floats to pick from.
private struct Table {
  private let a: SIMD16<Float>
  private let b: SIMD16<Float>
  private let c: SIMD16<Float>
  private let d: SIMD16<Float>

  @inline(__always)
  init(_ a: SIMD16<Float>, _ b: SIMD16<Float>, _ c: SIMD16<Float>, _ d: SIMD16<Float>) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }

  @inline(__always)
  func pick32(_ places: UnsafePointer<UInt8>) -> SIMD16<Float> { nsk_pick16_of32(places, a, b) }

  @inline(__always)
  func pick64(_ places: UnsafePointer<UInt8>) -> SIMD16<Float> { nsk_pick16_of64(places, a, b, c, d) }
}

@inline(__always)
private func load16(_ from: UnsafePointer<Float>) -> SIMD16<Float> { UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Float>.self) }
