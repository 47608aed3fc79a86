import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Emits an integer convolution by Winograd's filtering where it can be and is estimated to pay; the result has the same bits either way.
  func emitIntegerWinograd(
    _ conv: ConvShape, _ geometry: Geometry, _ w: ValueID, _ weights: IntegerWeights, _ bias: [Int32], _ scales: [Float],
    _ zeroPoint: UInt8,
    _ result: IntegerOutput, _ views: [View], _ fusing: [String], _ way: IntegerWay
  ) throws -> Bool {
    let g = geometry
    let packing = WinogradCodesPacking(groups: conv.groups, groupOutChannels: conv.groupOut, groupInChannels: conv.groupIn)
    guard g.kernelHeight == 3, g.kernelWidth == 3, g.strideY == 1, g.strideX == 1, g.dilationY == 1, g.dilationX == 1, g.outputPixels > 0,
      kernels.contains(where: { $0.family == .winogradU8S8 }), paysAsIntegerWinograd(conv, g, packing, besides: way),
      weights.codes.withUnsafeBufferPointer({ $0.baseAddress.map { packing.fits($0) } ?? false })
    else { return false }
    let side = WinogradCodesPacking.tile
    let grid = WinogradBlocks(
      packing, tileCount: g.batch * blocks(g.outputHeight, of: side) * blocks(g.outputWidth, of: side), level2Bytes: machine.level2Bytes,
      level3Bytes: machine.level3Bytes,
      tileRows: tileRows(.winogradU8S8), threads: options.threads)
    let words = try packed(w, "winograd s8 \(conv.groups)\(owner(of: weights))") {
      let target = try memory.constant(byteCount: 2 * packing.weightCount)
      weights.codes.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { packing.pack(base, into: target.bindMemory(to: Int16.self, capacity: packing.weightCount)) }
      }
      return UnsafeRawPointer(target)
    }
    let descriptor = WinogradU8S8Descriptor(
      geometry: g, groups: conv.groups, groupInChannels: conv.groupIn, groupOutChannels: conv.groupOut, inputZeroPoint: zeroPoint,
      weights: words.assumingMemoryBound(to: Int16.self), bias: try packedColumns(bias, fill: 0, conv.packing),
      scales: try packedColumns(scales, fill: 0, conv.packing), requantization: result.requantization, tileBlock: grid.tiles,
      panelBlock: grid.panels)
    try emit(descriptor, views, macs: conv.macs, fusing: fusing)
    return true
  }

  /// Whether tiles are estimated to take less than the product, for one image and one thread, in multiply-accumulates' time of the 16-bit loop
  /// (90 a nanosecond), in which what it takes to transform a tile was measured too (`KernelBenchmarks winograd_u8s8`).
  private func paysAsIntegerWinograd(_ conv: ConvShape, _ g: Geometry, _ packing: WinogradCodesPacking, besides way: IntegerWay) -> Bool {
    let tiles = Double(blocks(g.outputHeight, of: 4) * blocks(g.outputWidth, of: 4) * conv.groups)
    let columns = Double(packing.panels * GemmPacking.panel)
    let perTile = 36 * Double(2 * packing.pairs) * columns + 140 * Double(packing.groupInChannels) + 300 * columns
    // The transformed weights are eight times the bytes of the codes; few tiles wait for them where they come from memory.
    let isFar = networkBytes > machine.level3Bytes
    let fetch = isFar ? 90 * costTable.winogradFetch * Double(2 * packing.weightCount) : 0
    // With products by quads the other way is quicker: 232 GMAC/s to 90 with VNNI, 117 without.
    let quick = way == .words ? 0.95 : tileRows(.gemmQuadsU8S8) > 6 ? 2.6 : 1.25
    let direct = Double(g.outputHeight * g.outputWidth * conv.groups) * Double(9 * packing.groupInChannels) * columns / quick
    return max(fetch, tiles * perTile) < direct
  }
}
