/// A sparse matrix times one vector, or a few, for processors that pick 16 floats out of registers at once; see `SparseVectorOperands`.
///
/// What a product with one vector is bound by is the fetching of the vector's elements, one load for each stored weight. Here 32 or 64
/// neighbouring elements are loaded once for 64 rows, and 16 rows at a time pick theirs from these registers.
/// A task is 64 rows of one vector. An element's sum is made column block by column block, in an order that depends on its row of weights
/// alone.
package struct SparseBlocksF32Descriptor: SparseVectorProduct {
  package static let family = KernelFamily.sparseBlocksF32

  package var form: SparseBlocksForm
  package var operands: SparseVectorOperands

  package init(packing: SparseBlocksPacking, _ operands: SparseVectorOperands) {
    form = packing.form
    self.operands = operands
  }

  package var taskCount: Int { form.bands &* operands.vectors }
  /// The sums of a band, and the last columns, filled up with zeros.
  package var scratchBytes: Int { 4 &* (SparseBlocksForm.bandRows &+ 64) }
}

/// The extents of a packed sparse matrix and where its parts lie; see `SparseBlocksPacking`.
package struct SparseBlocksForm: BitwiseCopyable, Sendable {
  package var rows: Int
  package var depth: Int
  /// Columns of a block, 32 or 64.
  package var columns: Int
  /// Bytes from the packed weights' beginning.
  package var headsOffset: Int
  package var placesOffset: Int
  package var valuesOffset: Int

  package static var bandRows: Int { 64 }
  /// Bytes of a head, and where its steps are.
  package static var headBytes: Int { 68 }
  package static var stepsOffset: Int { 64 }
  package var bands: Int { (rows &+ 63) / 64 }
  package var blocks: Int { (depth &+ columns &- 1) / columns }
}

/// A sparse matrix, packed for `SparseBlocksF32Descriptor`: what the plan writes once and the kernel reads.
///
///     starts   UInt32  [band of 64 rows]                            its first step
///     heads    [band][block of columns]  UInt8[64]  where each of the band's rows comes in the order of the block
///                                        UInt8[4]   steps of each 16 rows of that order
///     places   UInt8   [step][16]    the weight's column, less the block's first; `empty` where the row has no more weights
///     values   f32     [step][16]    0 there
///
/// A step is one weight of each of 16 rows. Rows are ordered by their weights in the block, so that 16 of them have about as many.
package struct SparseBlocksPacking: SparseVectorPackable {
  package let form: SparseBlocksForm
  package let stored: Int
  package var rows: Int { form.rows }
  package var depth: Int { form.depth }
  /// Steps of 16 weights, some of them empty.
  package let steps: Int

  /// A place in a step that holds no weight.
  package static var empty: UInt8 { 0x80 }

  /// Counts what is not zero.
  /// - Parameters:
  ///   - source: weights, column k of row n at `n · strides.output + k · strides.input`.
  ///   - isFar: whether the weights come from memory at every run: their bytes are then what counts, and not the work.
  package init(rows: Int, depth: Int, _ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, isFar: Bool = false) {
    let bands = (rows + 63) / 64
    var best = (columns: 32, cost: Int.max)
    // A few bands will show it.
    for columns in [32, 64] {
      var steps = 0
      for band in stride(from: 0, to: bands, by: max(1, (bands + 3) / 4)) {
        Self.forEachBlock(of: band, rows: rows, depth: depth, columns: columns, source, strides) { steps += Self.steps($1, $2) }
      }
      // In bytes or in halves of a cycle: a step of 64 columns picks twice.
      let (step, block) = isFar ? (80, SparseBlocksForm.headBytes) : (columns == 32 ? 4 : 8, 50)
      let cost = steps * step + block * min(bands, 4) * ((depth + columns - 1) / columns)
      if cost < best.cost { best = (columns, cost) }
    }
    let columns = best.columns
    var (stored, steps) = (0, 0)
    for band in 0..<bands {
      Self.forEachBlock(of: band, rows: rows, depth: depth, columns: columns, source, strides) { _, counts, order in
        steps += Self.steps(counts, order)
        for count in counts { stored += count }
      }
    }
    self.stored = stored
    self.steps = steps
    var form = SparseBlocksForm(rows: rows, depth: depth, columns: columns, headsOffset: 0, placesOffset: 0, valuesOffset: 0)
    form.headsOffset = roundUp(4 * form.bands, to: 64)
    form.placesOffset = roundUp(form.headsOffset + SparseBlocksForm.headBytes * form.bands * form.blocks, to: 64)
    form.valuesOffset = roundUp(form.placesOffset + 16 * steps, to: 64)
    self.form = form
  }

  package var byteCount: Int { form.valuesOffset + 64 * steps }

  package func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    let starts = target.assumingMemoryBound(to: UInt32.self)
    let places = (target + form.placesOffset).assumingMemoryBound(to: UInt8.self)
    let values = (target + form.valuesOffset).assumingMemoryBound(to: Float.self)
    var step = 0
    for band in 0..<form.bands {
      starts[band] = UInt32(step)
      Self.forEachBlock(of: band, rows: form.rows, depth: form.depth, columns: form.columns, source, strides) { block, counts, order in
        let head = target + form.headsOffset + SparseBlocksForm.headBytes * (band * form.blocks + block)
        for (place, row) in order.enumerated() { head.storeBytes(of: UInt8(place), toByteOffset: row, as: UInt8.self) }
        for quarter in 0..<4 {
          let most = counts[order[16 * quarter + 15]]
          head.storeBytes(of: UInt8(most), toByteOffset: SparseBlocksForm.stepsOffset + quarter, as: UInt8.self)
          for lane in 0..<16 {
            let row = band * 64 + order[16 * quarter + lane]
            var at = 16 * step + lane
            for k in block * form.columns..<min(form.depth, (block + 1) * form.columns) where row < form.rows {
              let value = source[row * strides.output + k * strides.input]
              if value == 0 { continue }
              (places[at], values[at]) = (UInt8(k - block * form.columns), value)
              at += 16
            }
            while at < 16 * (step + most) {
              places[at] = Self.empty
              at += 16
            }
          }
          step += most
        }
      }
    }
  }

  /// Steps of a block.
  private static func steps(_ counts: [Int], _ order: [Int]) -> Int {
    counts[order[15]] + counts[order[31]] + counts[order[47]] + counts[order[63]]
  }

  /// Calls the body for each block of columns with the weights that each row of the band has there, and with the rows in the order of that.
  private static func forEachBlock(
    of band: Int, rows: Int, depth: Int, columns: Int, _ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides,
    _ body: (_ block: Int, _ counts: [Int], _ order: [Int]) -> Void
  ) {
    var counts = [Int](repeating: 0, count: 64)
    var order = [Int](repeating: 0, count: 64)
    for block in 0..<(depth + columns - 1) / columns {
      for row in 0..<64 {
        counts[row] = 0
        guard band * 64 + row < rows else { continue }
        let first = source + (band * 64 + row) * strides.output
        for k in block * columns..<min(depth, (block + 1) * columns) where first[k * strides.input] != 0 { counts[row] += 1 }
      }
      // By counting: rows with as many weights stay in their order.
      var place = 0
      for count in 0...columns {
        for row in 0..<64 where counts[row] == count {
          order[place] = row
          place += 1
        }
        if place == 64 { break }
      }
      body(block, counts, order)
    }
  }
}
