/// Vectors of the next pass over a tile, of which `rest` are left, by blocks of two or four rows: as many as 12 sums of eight floats are, and
/// two rather than one, since sums by fewer than eight wait for one another.
@inlinable @inline(__always)
package func nextSparsePass(_ rest: Int, rowBlock: Int) -> Int {
  if rowBlock == 2 { return rest > 6 ? 4 : rest }
  return rest == 4 ? 2 : min(3, rest)
}

extension SparsePacking {
  /// Finds the records of each block of rows: one for each term that any of its rows has a weight of.
  mutating func countRows(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides) {
    let form = layout.form
    for group in 0..<form.groups {
      for block in 0..<form.stripBlocks {
        for band in 0..<form.bands {
          starts.append(UInt32(records))
          let first = group * form.groupOutChannels + band * SparseForm.bandRows
          let rows = min(SparseForm.bandRows, form.groupOutChannels - band * SparseForm.bandRows)
          for row in stride(from: 0, to: SparseForm.bandRows, by: form.rowBlock) {
            guard row < rows else {
              pairs.append(SparsePair(quads: 0, a: 0, b: 0))
              continue
            }
            let end = min(rows, row + form.rowBlock)
            var count = 0
            layout.forEachTerm(block) { channel, tap, _ in
              let weights = source + ((first + row) * strides.output + channel * strides.input + tap * strides.tap)
              var present = 0
              for other in 0..<end - row where weights[other * strides.output] != 0 { present += 1 }
              stored += present
              if present > 0 { count += 1 }
            }
            pairs.append(SparsePair(quads: UInt32(count), a: UInt16(row), b: UInt16(end - 1)))
            records += count
          }
        }
      }
    }
    filled = records * form.rowBlock
  }

  /// Bytes that weights are stored in, in pairs but for what fills them up.
  package var weightBytes: Double { form.rowBlock > 1 ? Double(records * form.recordBytes) : 6 * Double(stored) }

  /// Writes the records.
  func packRows(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutableRawPointer) {
    let perBand = SparseForm.bandRows / form.rowBlock
    var record = target + form.quadsOffset
    for (index, pair) in pairs.enumerated() where pair.quads > 0 {
      let section = index / perBand
      let (band, block, group) = (section % form.bands, section / form.bands % form.stripBlocks, section / form.bands / form.stripBlocks)
      let first = group * form.groupOutChannels + band * SparseForm.bandRows
      let (row, rows) = (first + Int(pair.a), Int(pair.b - pair.a) + 1)
      layout.forEachTerm(block) { channel, tap, offset in
        let weights = source + (row * strides.output + channel * strides.input + tap * strides.tap)
        var isStored = false
        for other in 0..<rows where weights[other * strides.output] != 0 { isStored = true }
        guard isStored else { return }
        record.storeBytes(of: UInt32(4 * offset), as: UInt32.self)
        for other in 0..<rows { record.storeBytes(of: weights[other * strides.output], toByteOffset: 4 + 4 * other, as: Float.self) }
        record += form.recordBytes
      }
    }
  }

  /// Whether blocks of so many rows, from each group's first on, have their weights at the same places, but for a few: the share of the values
  /// of such blocks' records that are weights, 0 where there are none.
  /// - Parameter source: weights [output channel of all groups][place].
  package static func fullness(
    rowBlock: Int, groups: Int, groupOutChannels: Int, places: Int, _ source: UnsafePointer<Float>
  ) -> Double {
    var (weights, values) = (0, 0)
    for group in 0..<groups {
      for row in stride(from: 0, to: groupOutChannels, by: rowBlock) {
        let rows = min(rowBlock, groupOutChannels - row)
        let first = source + (group * groupOutChannels + row) * places
        for place in 0..<places {
          var present = 0
          for other in 0..<rows where first[other * places + place] != 0 { present += 1 }
          weights += present
          if present > 0 { values += rowBlock }
        }
      }
    }
    return values == 0 ? 0 : Double(weights) / Double(values)
  }
}
