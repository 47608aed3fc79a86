/// A matrix of codes of 2 to 8 bits, packed: what the plan writes once and the kernel reads.
///
///     segments  LowBitSegment [segment]                        runs of inputs, at most 128 each, that have one scale in every column
///     scales    f32           [panel of 16 columns][segment][16]
///     zeros     s32           [panel][segment][16]             only where zero points differ
///     codes                   [panel][eight inputs][16 columns][4 bytes]      halves of bytes: of a column's two 16-bit words, word j has
///                                                              inputs j, 2 + j, 4 + j and 6 + j from the lowest bits on
///                             [panel][four inputs][16 columns][4 bytes]       bytes: word j has inputs j and 2 + j
///
/// Codes are stored without sign, those of four bits or fewer in half a byte. Segments are filled up to whole eights, which meet elements of 0.
package struct LowBitPacking: Sendable {
  package private(set) var form: LowBitForm
  package private(set) var byteCount: Int
  private let segments: [LowBitSegment]
  private let groupSize: Int
  private let bits: Int
  private let depth: Int

  /// - Parameters:
  ///   - groupSize: inputs that share a scale, at least 1.
  ///   - zeroPoint: of codes without sign; nil where they differ.
  package init(columns: Int, depth: Int, bits: Int, groupSize: Int, zeroPoint: Int32?) {
    var segments: [LowBitSegment] = []
    var packed = 0
    var first = 0
    while first < depth {
      let inGroup = min(depth, (first / groupSize + 1) * groupSize) - first
      let count = min(inGroup, LowBitForm.segment)
      segments.append(LowBitSegment(first: UInt32(truncatingIfNeeded: first), count: UInt32(count)))
      packed += roundUp(count, to: 8)
      first += count
    }
    self.segments = segments
    self.groupSize = groupSize
    self.bits = bits
    self.depth = depth
    form = LowBitForm(
      columns: columns, packedDepth: packed, segments: segments.count, isWide: bits > 4, hasZeroPoints: zeroPoint == nil,
      zeroPoint: zeroPoint ?? 0, scalesOffset: 0, zerosOffset: 0, codesOffset: 0)
    form.scalesOffset = roundUp(MemoryLayout<LowBitSegment>.stride * segments.count, to: 64)
    form.zerosOffset = form.scalesOffset + 64 * form.panels * segments.count
    form.codesOffset = form.zerosOffset + (zeroPoint == nil ? 64 * form.panels * segments.count : 0)
    byteCount = form.codesOffset + form.panels * form.panelBytes
  }

  /// Writes `byteCount` bytes, aligned to 64.
  /// - Parameters:
  ///   - codes: without sign, column n and input k at `n · strides.output + k · strides.input`.
  ///   - scales, zeroPoints: `[column][group]`; zero points of codes without sign are read only where they differ.
  package func pack(
    _ codes: UnsafePointer<UInt8>, _ strides: GemmPacking.Strides, scales: UnsafePointer<Float>, zeroPoints: UnsafePointer<Int32>,
    into target: UnsafeMutableRawPointer
  ) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    for (index, segment) in segments.enumerated() {
      target.storeBytes(of: segment, toByteOffset: MemoryLayout<LowBitSegment>.stride * index, as: LowBitSegment.self)
    }
    let groups = max(1, blocks(depth, of: groupSize))
    for column in 0..<form.columns {
      let (panel, lane) = (column / LowBitForm.panel, column % LowBitForm.panel)
      let bytes = (target + (form.codesOffset + panel * form.panelBytes)).assumingMemoryBound(to: UInt8.self)
      var place = 0
      for (index, segment) in segments.enumerated() {
        let group = column * groups + Int(segment.first) / groupSize
        let at = 4 * ((panel * segments.count + index) * LowBitForm.panel + lane)
        target.storeBytes(of: scales[group], toByteOffset: form.scalesOffset + at, as: Float.self)
        if form.hasZeroPoints { target.storeBytes(of: zeroPoints[group], toByteOffset: form.zerosOffset + at, as: Int32.self) }
        for input in 0..<Int(segment.count) {
          let code = codes[column * strides.output + (Int(segment.first) + input) * strides.input]
          let k = place + input
          if form.isWide {
            bytes[(k / 4 * 16 + lane) * 4 + k % 2 * 2 + k % 4 / 2] = code
          } else {
            bytes[(k / 8 * 16 + lane) * 4 + k % 2 * 2 + k % 8 / 4] |= code << (k % 4 / 2 * 4)
          }
        }
        place += roundUp(Int(segment.count), to: 8)
      }
    }
  }
}
