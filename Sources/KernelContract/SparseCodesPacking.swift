/// The weights of a sparse convolution of codes, packed: what the plan writes once and the kernel reads.
///
/// Output pixels are numbered line by line, with so many positions between lines that a window's column to the right is the next position: a
/// tap is then a fixed distance in bytes for all positions. A tile's input is copied to a *panel* in the first-level cache, channel by channel; with
/// strides a channel has a plane for each remainder of lines and columns. Where so many positions belong to no pixel that it does not
/// pay, every tap has a plane of its own, and positions are pixels.
///
///     planes   SparseCodesPlane [plane]
///     starts   UInt32           [group][block of channels][band of 64 rows]       its first record
///     rows     SparseCodesRow   [group][block of channels][band of 64 rows][64]   those of as many records side by side
///     records  four places in the panel, UInt16, and four weights; those of a row side by side, …
///
/// Of the four weights the first two and the last two are each a pair that cannot saturate 16 bits with codes up to 255, if that was asked for:
/// a positive and a negative weight, or two of a sign that add up to at most 128, or one and zero.
package struct SparseCodesPacking: Sendable {
  package private(set) var form: SparseCodesForm
  /// Weights that are not zero, and places of records.
  package private(set) var stored = 0
  package private(set) var filled = 0
  package private(set) var byteCount = 0

  private var planes: [SparseCodesPlane] = []
  /// For each tap its plane and its distance there.
  private var taps: [(plane: Int, offset: Int)] = []
  private var starts: [UInt32] = []
  private var rows: [SparseCodesRow] = []
  private var records: [UInt8] = []

  /// - Parameters:
  ///   - source: weights [output channel of all groups][input channel of a group][tap], `strides` apart.
  ///   - inPairs: whether pairs must not saturate.
  ///   - level1Bytes: of the first-level cache.
  /// - Returns: nil where a window is too large for a panel.
  package init?(
    _ geometry: Geometry, groups: Int = 1, groupInChannels: Int, groupOutChannels: Int, _ source: UnsafePointer<Int8>,
    _ strides: GemmPacking.Strides, inPairs: Bool, level1Bytes: Int
  ) {
    let g = geometry
    let pixels = g.outputHeight * g.outputWidth
    let reachX = (g.kernelWidth - 1) * g.dilationX / g.strideX
    let reachY = (g.kernelHeight - 1) * g.dilationY / g.strideY
    let shared = max(0, g.outputHeight - 1) * (g.outputWidth + reachX) + g.outputWidth
    // A tap's own plane costs a copy of the image each.
    let shares = g.taps > 1 && reachX <= 64 && reachY <= 64 && 4 * roundUp(shared, to: 64) <= 5 * roundUp(pixels, to: 64)
    let pitch = g.outputWidth + (shares ? reachX : 0)
    var known: [Int: Int] = [:]
    var reach = 0
    for tap in 0..<g.taps {
      let (line, column) = (tap / g.kernelWidth * g.dilationY, tap % g.kernelWidth * g.dilationX)
      if shares {
        let key = line % g.strideY * g.strideX + column % g.strideX
        let plane = known[key] ?? planes.count
        if known.updateValue(plane, forKey: key) == nil {
          planes.append(SparseCodesPlane(line: line % g.strideY - g.padTop, column: column % g.strideX - g.padLeft))
        }
        taps.append((plane, line / g.strideY * pitch + column / g.strideX))
      } else {
        taps.append((planes.count, 0))
        planes.append(SparseCodesPlane(line: line - g.padTop, column: column - g.padLeft))
      }
      reach = max(reach, taps[tap].offset)
    }
    let room = min(level1Bytes * 15 / 16, 65_536)
    var tile = SparseCodesForm.pass
    let (planeCount, farthest) = (planes.count, reach)
    func bytes(_ tile: Int) -> Int { planeCount * roundUp(tile + farthest, to: 32) }
    // A larger tile copies less of what its neighbours see too.
    while reach > 0, 2 * tile <= roundUp(shared, to: 64), tile < 512, groupInChannels * bytes(2 * tile) <= room { tile *= 2 }
    var channels = groupInChannels
    if bytes(tile) * channels > room {
      let most = max(1, room / bytes(tile))
      channels = blocks(groupInChannels, of: blocks(groupInChannels, of: most))
      if channels > 16 { channels = min(most, roundUp(channels, to: 16)) }
    }
    guard bytes(tile) * channels <= 65_536 else { return nil }
    form = SparseCodesForm(
      groups: groups, groupInChannels: groupInChannels, groupOutChannels: groupOutChannels, pitch: pitch,
      positions: shares ? shared : pixels, tilePositions: tile, planes: planes.count, planeBytes: roundUp(tile + reach, to: 32),
      channelBlock: max(1, channels), channelBlocks: max(1, blocks(groupInChannels, of: max(1, channels))), startsOffset: 0, rowsOffset: 0,
      recordsOffset: 0)
    collect(source, strides, inPairs: inPairs)
    form.startsOffset = roundUp(MemoryLayout<SparseCodesPlane>.stride * planes.count, to: 64)
    form.rowsOffset = roundUp(form.startsOffset + 4 * starts.count, to: 64)
    form.recordsOffset = roundUp(form.rowsOffset + MemoryLayout<SparseCodesRow>.stride * rows.count, to: 64)
    byteCount = form.recordsOffset + records.count
  }

  private mutating func collect(_ source: UnsafePointer<Int8>, _ strides: GemmPacking.Strides, inPairs: Bool) {
    let form = form
    var terms: [(weight: Int, place: Int)] = []
    for group in 0..<form.groups {
      for block in 0..<form.channelBlocks {
        let channels = block * form.channelBlock..<min(form.groupInChannels, (block + 1) * form.channelBlock)
        for band in 0..<form.bands {
          starts.append(UInt32(truncatingIfNeeded: records.count / SparseCodesForm.recordBytes))
          let first = band * SparseCodesForm.bandRows
          var band: [(row: Int, quads: [SparseCodesQuad])] = []
          for row in 0..<min(SparseCodesForm.bandRows, form.groupOutChannels - first) {
            terms.removeAll(keepingCapacity: true)
            let weights = source + (group * form.groupOutChannels + first + row) * strides.output
            for channel in channels {
              for (tap, at) in taps.enumerated() {
                let weight = Int(weights[channel * strides.input + tap * strides.tap])
                if weight == 0 { continue }
                terms.append((weight, ((channel - channels.lowerBound) * form.planes + at.plane) * form.planeBytes + at.offset))
              }
            }
            stored += terms.count
            band.append((row, SparseCodesQuad.all(terms, inPairs: inPairs)))
          }
          // Rows of as many records follow one another, so that the processor knows when the next one begins.
          band.sort { ($0.quads.count, $0.row) < ($1.quads.count, $1.row) }
          for (row, quads) in band {
            rows.append(SparseCodesRow(records: UInt32(quads.count), row: UInt32(row)))
            for quad in quads { quad.append(to: &records) }
            filled += 4 * quads.count
          }
          for _ in band.count..<SparseCodesForm.bandRows { rows.append(SparseCodesRow(records: 0, row: 0)) }
        }
      }
    }
  }

  /// Writes `byteCount` bytes, aligned to 64.
  package func pack(into target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    planes.withUnsafeBytes { target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count) }
    starts.withUnsafeBytes { if let base = $0.baseAddress { (target + form.startsOffset).copyMemory(from: base, byteCount: $0.count) } }
    rows.withUnsafeBytes { if let base = $0.baseAddress { (target + form.rowsOffset).copyMemory(from: base, byteCount: $0.count) } }
    records.withUnsafeBytes { if let base = $0.baseAddress { (target + form.recordsOffset).copyMemory(from: base, byteCount: $0.count) } }
  }
}

/// Four weights of a row and their places in the panel.
struct SparseCodesQuad {
  typealias Term = (weight: Int, place: Int)
  private let terms: (Term, Term, Term, Term)

  /// All terms in quads; what fills up pairs and quads is weight 0 at a place that is read anyway.
  static func all(_ terms: [Term], inPairs: Bool) -> [SparseCodesQuad] {
    let ordered = inPairs ? paired(terms) : terms
    return stride(from: 0, to: ordered.count, by: 4).map { first in
      func at(_ index: Int) -> Term { first + index < ordered.count ? ordered[first + index] : (0, ordered[first].place) }
      return SparseCodesQuad(terms: (at(0), at(1), at(2), at(3)))
    }
  }

  /// The terms in pairs that fit 16 bits: of different signs as far as they go, then large ones with small ones, those that are left alone.
  private static func paired(_ terms: [Term]) -> [Term] {
    let positive = terms.filter { $0.weight > 0 }.sorted { ($0.weight, $0.place) < ($1.weight, $1.place) }
    let negative = terms.filter { $0.weight < 0 }.sorted { (-$0.weight, $0.place) < (-$1.weight, $1.place) }
    var (more, fewer) = positive.count > negative.count ? (positive, negative) : (negative, positive)
    // The greatest of the longer list are the ones that find a partner of their own sign least.
    var pairs: [Term] = []
    while let term = fewer.popLast(), let other = more.popLast() { pairs += [term, other] }
    var (low, high) = (0, more.count - 1)
    while low <= high {
      let greatest = more[high]
      high -= 1
      if low <= high, abs(greatest.weight) + abs(more[low].weight) <= 128 {
        pairs += [greatest, more[low]]
        low += 1
      } else {
        pairs += [greatest, (0, greatest.place)]
      }
    }
    return pairs
  }

  func append(to records: inout [UInt8]) {
    for term in [terms.0, terms.1, terms.2, terms.3] {
      records.append(UInt8(truncatingIfNeeded: term.place))
      records.append(UInt8(truncatingIfNeeded: term.place >> 8))
    }
    for term in [terms.0, terms.1, terms.2, terms.3] { records.append(UInt8(bitPattern: Int8(truncatingIfNeeded: term.weight))) }
  }
}
