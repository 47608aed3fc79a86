/// The weights of a sparse convolution, packed: what the plan writes once and the kernel reads.
///
/// A tile's input is copied to a *panel* that stays in the first-level cache, strip by strip, such that every tap of every pixel lies at the same
/// distance from the panel's beginning for all output channels. A tile of a window with several taps is eight pixels wide and up to seven lines
/// high where that suits the image, and consecutive pixels otherwise. In the first case a strip is of one input channel, serves all lines of
/// the window (a line is one vector further) and all its columns (a line holds 16 columns, a vector is eight of them) and holds the lines
/// that they see; strides that leave lines or columns out take a strip for each kind of line and for each column of the window, and vectors
/// then lie side by side. In the second case, every tap has a strip of its own. A stored weight is its value and the place of its tap:
///
///     strips  SparseStrip [strip of a channel]                              what it holds
///     starts  UInt32      [group][block of strips][band of 64 rows]        its first quad
///     pairs   SparsePair  [group][block of strips][band of 64 rows][32]
///     quads   SparseQuad  those of a pair side by side; the pairs of a band, the bands of a block, …
///
/// With blocks of rows (`SparseForm.rowBlock`), `pairs` has an entry for each block of a band, and its quads are records, `SparseForm.recordBytes`
/// each: one for each term that a row of the block has a weight of. What the others lack is stored as zeros.
///
/// Rows of about as many weights are paired, since both are filled up with zeros to the same even number. The first strip is of zeros, for these.
/// The packed form depends on the window, the output's extents and the channels, not on the batch, the input's extents and where tensors lie.
package struct SparsePacking: Sendable {
  package private(set) var form: SparseForm
  /// Weights that are not zero.
  package internal(set) var stored = 0
  /// Values that are multiplied: those, and the zeros of blocks of rows; zeros that fill up pairs are not counted.
  package internal(set) var filled = 0
  /// Bytes of the packed weights.
  package private(set) var byteCount = 0

  let layout: SparseLayout
  var starts: [UInt32] = []
  var pairs: [SparsePair] = []
  /// Quads, or records of blocks of rows.
  var records = 0

  /// Looks for the zeros of `source` and decides how to pack the others.
  /// - Parameters:
  ///   - source: weights [output channel of all groups][input channel of a group][tap], `strides` apart.
  ///   - level1Bytes: of the first-level cache.
  ///   - tileVectors, spansLines: see `SparseForm`; chosen for the geometry's output where they are nil. Where both are given, the packed form
  ///     depends on nothing but the window and the channels, and serves outputs of any size.
  ///   - rowBlock: see `SparseForm`.
  package init(
    _ geometry: Geometry, groups: Int = 1, groupInChannels: Int, groupOutChannels: Int, _ source: UnsafePointer<Float>,
    _ strides: GemmPacking.Strides, level1Bytes: Int, tileVectors: Int? = nil, spansLines: Bool? = nil,
    rowBlock: Int = 1
  ) {
    layout = SparseLayout(
      geometry, groups: groups, groupInChannels: groupInChannels, groupOutChannels: groupOutChannels, level1Bytes: level1Bytes,
      tileVectors: tileVectors, spansLines: spansLines, rowBlock: rowBlock)
    form = layout.form
    if form.rowBlock > 1 { countRows(source, strides) } else { countPairs(source, strides) }
    form.startsOffset = roundUp(MemoryLayout<SparseStrip>.stride * form.strips, to: 64)
    form.pairsOffset = roundUp(form.startsOffset + 4 * starts.count, to: 64)
    form.quadsOffset = roundUp(form.pairsOffset + MemoryLayout<SparsePair>.stride * pairs.count, to: 64)
    byteCount = form.quadsOffset + form.recordBytes * records
  }

  /// Pairs rows of about as many weights.
  private mutating func countPairs(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides) {
    let form = layout.form
    var quads = 0
    var counts = [Int](repeating: 0, count: SparseForm.bandRows)
    for group in 0..<form.groups {
      for block in 0..<form.stripBlocks {
        for band in 0..<form.bands {
          starts.append(UInt32(quads))
          let first = group * form.groupOutChannels + band * SparseForm.bandRows
          let rows = min(SparseForm.bandRows, form.groupOutChannels - band * SparseForm.bandRows)
          for row in 0..<rows {
            counts[row] = 0
            layout.forEachTerm(block) { channel, tap, _ in
              if source[(first + row) * strides.output + channel * strides.input + tap * strides.tap] != 0 { counts[row] += 1 }
            }
            stored += counts[row]
          }
          let order = (0..<rows).sorted { (counts[$0], $0) < (counts[$1], $1) }
          for pair in 0..<SparseForm.bandRows / 2 {
            guard 2 * pair < rows else {
              pairs.append(SparsePair(quads: 0, a: 0, b: 0))
              continue
            }
            let a = order[2 * pair]
            let b = 2 * pair + 1 < rows ? order[2 * pair + 1] : a
            let count = blocks(max(counts[a], counts[b]), of: 2)
            pairs.append(SparsePair(quads: UInt32(count), a: UInt16(a), b: UInt16(b)))
            quads += count
          }
        }
      }
    }
    filled = stored
    records = quads
  }

  /// Writes `byteCount` bytes, aligned to 64, of the weights that the packing was made for.
  package func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    for (index, strip) in layout.strips.enumerated() {
      target.storeBytes(of: strip.place, toByteOffset: MemoryLayout<SparseStrip>.stride * index, as: SparseStrip.self)
    }
    for (index, start) in starts.enumerated() { target.storeBytes(of: start, toByteOffset: form.startsOffset + 4 * index, as: UInt32.self) }
    let pairStride = MemoryLayout<SparsePair>.stride
    for (index, pair) in pairs.enumerated() {
      target.storeBytes(of: pair, toByteOffset: form.pairsOffset + pairStride * index, as: SparsePair.self)
    }
    if form.rowBlock > 1 { return packRows(source, strides, into: target) }
    let half = SparseForm.bandRows / 2
    var quads = target + form.quadsOffset
    for (index, pair) in pairs.enumerated() where pair.quads > 0 {
      let section = index / half
      let (band, block, group) = (section % form.bands, section / form.bands % form.stripBlocks, section / form.bands / form.stripBlocks)
      let first = group * form.groupOutChannels + band * SparseForm.bandRows
      for (side, row) in [Int(pair.a), Int(pair.b)].enumerated() where side == 0 || pair.a != pair.b {
        var place = 0
        layout.forEachTerm(block) { channel, tap, offset in
          let value = source[(first + row) * strides.output + channel * strides.input + tap * strides.tap]
          if value == 0 { return }
          let quad = quads + place / 2 * MemoryLayout<SparseQuad>.stride
          let lane = place % 2 * 2 + side
          quad.storeBytes(of: UInt16(4 * offset), toByteOffset: 2 * lane, as: UInt16.self)
          quad.storeBytes(of: value, toByteOffset: 8 + 4 * lane, as: Float.self)
          place += 1
        }
      }
      quads += Int(pair.quads) * MemoryLayout<SparseQuad>.stride
    }
  }
}
