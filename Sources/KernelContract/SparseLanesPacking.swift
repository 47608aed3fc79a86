/// A sparse matrix, packed for `SparseLanesF32Descriptor`.
///
///     starts  UInt32 [band of eight rows], up to a multiple of four bands, and the end    its first chunk
///     order   UInt32 [row]                                                               rows in the order of the lanes
///     chunks  UInt32[4]      bits 0 … 23 the columns of the eight weights, three bits each, less the slot's first column;
///                            bits 24 … 31 how far that one is from the slot's before
///             f32[4][8]      a weight of each of eight rows, or 0
///
/// A slot begins at the first column that any of its rows still wants, and takes of each row the next weight if it lies among the eight columns from there:
/// no other way needs fewer slots. Its eight columns never reach behind the last, so that they can be loaded. Rows are ordered by their
/// weights where that needs fewer slots.
package struct SparseLanesPacking: SparseVectorPackable {
  package let form: SparseLanesForm
  package let stored: Int
  /// Groups of eight weights, some of them 0.
  package let slots: Int
  package var rows: Int { form.rows }
  package var depth: Int { form.depth }
  private let order: [Int]
  private let starts: [UInt32]

  /// - Parameter source: weights, column k of row n at `n · strides.output + k · strides.input`.
  package init(rows: Int, depth: Int, _ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides) {
    var counts = [Int](repeating: 0, count: rows)
    for row in 0..<rows {
      let first = source + row * strides.output
      var count = 0
      for k in 0..<depth where first[k * strides.input] != 0 { count += 1 }
      counts[row] = count
    }
    stored = counts.reduce(0, +)
    let bands = (rows + 7) / 8
    var order = Array(0..<rows)
    // A stable order, so that blocks of rows stay together; a few bands will show whether it pays.
    let sorted = order.sorted { (counts[$0], $0) < (counts[$1], $1) }
    var tried = (0, 0)
    for band in stride(from: 0, to: bands, by: max(1, bands / 16)) {
      tried.0 += Self.walk(band, order, depth, source, strides) { _, _, _, _ in }
      tried.1 += Self.walk(band, sorted, depth, source, strides) { _, _, _, _ in }
    }
    if 100 * tried.1 < 97 * tried.0 { order = sorted }
    var starts: [UInt32] = [0]
    var (chunk, slots) = (0, 0)
    for band in 0..<(bands + 3) / 4 * 4 {
      let count = band < bands ? Self.walk(band, order, depth, source, strides) { _, _, _, _ in } : 0
      slots += count
      chunk += (count + 3) / 4
      starts.append(UInt32(chunk))
    }
    (self.order, self.starts, self.slots) = (order, starts, slots)
    let orderOffset = 4 * starts.count
    form = SparseLanesForm(
      rows: rows, depth: depth, orderOffset: orderOffset, chunksOffset: roundUp(orderOffset + 4 * rows, to: 64))
  }

  package var byteCount: Int { form.chunksOffset + SparseLanesForm.chunkBytes * Int(starts[starts.count - 1]) }

  package func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    for (index, start) in starts.enumerated() { target.storeBytes(of: start, toByteOffset: 4 * index, as: UInt32.self) }
    for (index, row) in order.enumerated() {
      target.storeBytes(of: UInt32(row), toByteOffset: form.orderOffset + 4 * index, as: UInt32.self)
    }
    for band in 0..<(form.rows + 7) / 8 {
      let chunks = target + form.chunksOffset + SparseLanesForm.chunkBytes * Int(starts[band])
      _ = Self.walk(band, order, form.depth, source, strides) { slot, advance, lane, column in
        let chunk = chunks + SparseLanesForm.chunkBytes * (slot / 4)
        var word = chunk.load(fromByteOffset: slot % 4 * 4, as: UInt32.self) | UInt32(advance) << 24
        if let lane {
          word |= UInt32(column.place) << UInt32(3 * lane)
          let value = source[order[8 * band + lane] * strides.output + column.index * strides.input]
          chunk.storeBytes(of: value, toByteOffset: SparseLanesForm.valuesOffset + 32 * (slot % 4) + 4 * lane, as: Float.self)
        }
        chunk.storeBytes(of: word, toByteOffset: slot % 4 * 4, as: UInt32.self)
      }
    }
  }

  /// Finds the slots of eight rows, one after the other, and returns how many they are.
  /// - Parameter body: is given the slot and how far it is from the one before; once without a lane, then for each lane with its weight's column.
  @inline(__always)
  private static func walk(
    _ band: Int, _ order: [Int], _ depth: Int, _ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides,
    _ body: (_ slot: Int, _ advance: Int, _ lane: Int?, _ column: (index: Int, place: Int)) -> Void
  ) -> Int {
    let lanes = min(8, order.count - 8 * band)
    var next = SIMD8<Int>(repeating: depth)
    func seek(_ lane: Int, _ from: Int) -> Int {
      let row = source + order[8 * band + lane] * strides.output
      var k = from
      while k < depth, row[k * strides.input] == 0 { k += 1 }
      return k
    }
    for lane in 0..<lanes { next[lane] = seek(lane, 0) }
    var (slot, base) = (0, 0)
    while true {
      let first = next.min()
      if first >= depth { return slot }
      let target = max(base, min(first, depth - 8))
      // Too far for eight bits: slots that hold nothing.
      while target - base > 255 {
        body(slot, 255, nil, (0, 0))
        (slot, base) = (slot + 1, base + 255)
      }
      body(slot, target - base, nil, (0, 0))
      base = target
      for lane in 0..<lanes where next[lane] < min(depth, base + 8) {
        body(slot, 0, lane, (next[lane], next[lane] - base))
        next[lane] = seek(lane, next[lane] + 1)
      }
      slot += 1
    }
  }
}
