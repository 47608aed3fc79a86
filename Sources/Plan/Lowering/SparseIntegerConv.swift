import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Emits an integer convolution that leaves out the zeros of its weights where that is estimated to be faster than the dense product; false where
  /// it is not. Sums are exact either way.
  func lowerSparseCodes(
    _ geometry: Geometry, _ conv: ConvShape, _ w: ValueID, _ weights: IntegerWeights, _ bias: [Int32], _ scales: [Float],
    _ zeroPoint: UInt8, _ result: IntegerOutput, _ views: [View], _ fusing: [String]
  ) throws -> Bool {
    guard options.sparse != .off, let entry = kernels.first(where: { $0.family == .sparseU8S8 }) else { return false }
    let count = weights.codes.count
    let stored = weights.codes.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    guard options.sparse == .always || 2 * stored <= count else { return false }
    let isExact = entry.flags.contains(.anyCodes)
    let packing = weights.codes.withUnsafeBufferPointer { codes in
      codes.baseAddress.flatMap {
        SparseCodesPacking(
          geometry, groups: conv.groups, groupInChannels: conv.groupIn, groupOutChannels: conv.groupOut, $0, conv.packing.oihw,
          inPairs: !isExact, level1Bytes: machine.level1Bytes)
      }
    }
    guard let packing else { return false }
    let inQuads = integerWay(geometry, conv.packing, conv.packing.oihw, weights) != .words
    let inTiles =
      geometry.kernelHeight == 3 && geometry.kernelWidth == 3 && geometry.strideY == 1 && geometry.strideX == 1
      && kernels.contains { $0.family == .winogradU8S8 }
    let rates = IntegerRates(anyCodes: isExact, inQuads: inQuads, inTiles: inTiles)
    let pixels = conv.window.outputs.reduce(1, *)
    let (cost, dense) = (
      rates.sparse(packing, outputs: pixels),
      rates.dense(macs: Double(pixels) * Double(conv.outputs * conv.packing.depth), sums: Double(pixels) * Double(conv.outputs))
    )
    guard options.sparse == .always || cost < dense else { return false }
    let packed = try packed(w, "sparse s8 \(nodeIndex)") {
      let bytes = try memory.constant(byteCount: packing.byteCount)
      packing.pack(into: bytes)
      return UnsafeRawPointer(bytes)
    }
    let descriptor = SparseU8S8Descriptor(
      geometry: geometry, form: packing.form, inputZeroPoint: zeroPoint, weights: packed, bias: try memory.constant(bias),
      scales: try memory.constant(scales), requantization: result.requantization, threads: options.threads)
    let choice = Choice(
      name: sparseName(stored, of: count), nanoseconds: cost,
      losers: [Choice.Loser(name: "all of them", nanoseconds: dense, refusal: cost > dense ? "sparse layers were asked for" : nil)])
    try emit(
      descriptor, views, macs: saturatingProduct([conv.batch, stored] + conv.window.outputs), fusing: fusing, choice: choice)
    return true
  }
}
