import Graph
import KernelContract
import Tensors

/// How an integer product's accumulators leave it.
struct IntegerOutput {
  /// Codes for the value's one reader, or reals.
  let parameters: CodeParameters?
  let requantization: Requantization
  /// Whether the accumulators are kept, and become codes in a step of their own (`emitFixedRequantization`).
  let isFixedPoint: Bool

  /// Codes where the value is quantized next and the activation is a clamp, else reals with the activation applied.
  init(quantizer: CodeParameters?, _ activation: Activation, inFixedPoint: Bool = false) {
    isFixedPoint = inFixedPoint && quantizer?.range(activation) != nil
    if let quantizer, let range = quantizer.range(activation) {
      parameters = quantizer
      requantization = isFixedPoint ? .s32 : .u8(zeroPoint: quantizer.zeroPoint, low: range.low, high: range.high)
    } else {
      parameters = nil
      requantization = .f32(Epilogue(activation))
    }
  }

  var dtype: DType { parameters == nil ? .f32 : .u8 }
}

extension PlanBuilder {
  /// Emits an integer convolution; false where the numbers do not fit and the convolution must run in f32.
  func lowerIntegerConv(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ weights: IntegerWeights, _ bias: [Float], _ activation: Activation
  ) throws -> Bool {
    guard let input = try pixelCodes(x), let inStride = input.view.pixelStride else { return false }
    let weights = weights.fitting(bias, input: input.parameters)
    guard let bias = weights.accumulatorBias(bias, input: input.parameters) else { return false }
    let result = try IntegerOutput(quantizer: quantizer(of: out), activation, inFixedPoint: isQuantizedInFixedPoint(out))
    let scales = weights.requantizationScales(input: input.parameters, output: result.parameters)
    let output = try pixelDestination(out, result.dtype, codes: result.parameters)
    let sums = result.isFixedPoint ? allocate(.s32, output.shape, strides: View.pixels(output.shape)) : output
    guard let outStride = sums.pixelStride else { return false }
    let geometry = conv.geometry(input: inStride, output: outStride)
    let zeroPoint = UInt8(input.parameters.zeroPoint)
    let fusing = names(activation) + (result.parameters == nil ? [] : ["QuantizeLinear"])
    if conv.isDepthwise {
      let packing = DepthwisePacking(channels: conv.channels, taps: conv.taps)
      let codes = try packed(w, "depthwise s8\(owner(of: weights))") {
        let target = try memory.constant(byteCount: 2 * packing.weightCount)
        weights.codes.withUnsafeBufferPointer { source in
          if let base = source.baseAddress {
            packing.pack(s8: base, into: target.bindMemory(to: Int16.self, capacity: packing.weightCount))
          }
        }
        return UnsafeRawPointer(target)
      }
      try emit(
        DepthwiseU8S8Descriptor(
          geometry: geometry, channels: conv.channels, inputZeroPoint: zeroPoint, weights: codes.assumingMemoryBound(to: Int16.self),
          bias: try packedColumns(bias, fill: 0, packing), scales: try packedColumns(scales, fill: 0, packing),
          requantization: result.requantization), [sums, input.view], macs: conv.macs, fusing: fusing)
    } else if try !lowerSparseCodes(
      geometry, conv, w, weights, bias, scales, zeroPoint, result, [sums, input.view], fusing),
      try result.isFixedPoint
        || !emitIntegerWinograd(
          conv, geometry, w, weights, bias, scales, zeroPoint, result, [output, input.view], fusing,
          integerWay(geometry, conv.packing, conv.packing.oihw, weights))
    {
      try emitIntegerProduct(
        geometry, conv.packing, conv.packing.oihw, w, weights, bias, scales, zeroPoint, result, [sums, input.view], macs: conv.macs,
        fusing)
    }
    try emitFixedRequantization(result, activation, weights, input.parameters, from: sums, to: output)
    define(out, output, result.parameters)
    return true
  }

  /// Emits the integer product of packed weights, for convolutions and fully connected layers.
  func emitIntegerProduct(
    _ geometry: Geometry, _ packing: GemmPacking, _ strides: GemmPacking.Strides, _ w: ValueID, _ weights: IntegerWeights, _ bias: [Int32],
    _ scales: [Float], _ zeroPoint: UInt8, _ result: IntegerOutput, _ views: [View], macs: Int, _ fusing: [String]
  ) throws {
    let way = integerWay(geometry, packing, strides, weights)
    let key = "\(packing.groups) \(strides)\(owner(of: weights))"
    // Excesses lie in front of the weights that they are taken from.
    let words = way.pairs.map { packing.excessWords(pairs: $0) } ?? 0
    let excess = try packed(w, "gemm s8 \(way) \(key)") {
      let bytes = way == .words ? packing.s8Bytes : packing.quadBytes
      let target = try memory.constant(byteCount: roundUp(4 * words, to: 64) + bytes)
      weights.codes.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        let place = (target + roundUp(4 * words, to: 64)).bindMemory(to: Int8.self, capacity: bytes)
        if way == .words { packing.pack(s8: base, strides, into: place) } else { packing.pack(quads: base, strides, into: place) }
        if words > 0 { packing.takeExcess(quads: place, into: target.bindMemory(to: Int32.self, capacity: words)) }
      }
      return UnsafeRawPointer(target)
    }
    let codes = excess + roundUp(4 * words, to: 64)
    let copies = way == .words || GemmQuadsU8S8Descriptor.copiesRows(geometry, channels: packing.groupInChannels)
    let blocks = ProductBlocks(
      geometry, packing, elementBytes: way == .words ? 2 : 1, copiesRows: copies,
      tileRows: tileRows(way == .words ? .gemmU8S8 : .gemmQuadsU8S8), machine: machine, threads: options.threads)
    let descriptor = GemmU8S8Descriptor(
      geometry: geometry, groups: packing.groups, groupInChannels: packing.groupInChannels, groupOutChannels: packing.groupOutChannels,
      inputZeroPoint: zeroPoint, weights: codes.assumingMemoryBound(to: Int8.self), bias: try packedColumns(bias, fill: 0, packing),
      scales: try packedColumns(scales, fill: 0, packing), requantization: result.requantization, rowBlock: blocks.rows,
      panelBlock: blocks.panels)
    if way == .words {
      try emit(descriptor, views, macs: macs, fusing: fusing)
    } else {
      let given = words > 0 ? excess.assumingMemoryBound(to: Int32.self) : nil
      try emit(GemmQuadsU8S8Descriptor(descriptor, excess: given), views, macs: macs, fusing: fusing)
    }
  }

  /// How an integer product is run: two terms at a time in 16 bits, or four; then for weights as they are, or without their excess.
  enum IntegerWay: Hashable {
    case words
    case quads
    /// Room for as many pairs of excesses a column, over all panels.
    case quadsAndExcess(pairs: Int)

    var pairs: Int? { if case .quadsAndExcess(let pairs) = self { pairs } else { nil } }
  }

  /// The way that is exact for these weights and estimated to be the quickest, for one image and one thread.
  func integerWay(
    _ geometry: Geometry, _ packing: GemmPacking, _ strides: GemmPacking.Strides, _ weights: IntegerWeights
  ) -> IntegerWay {
    guard let entry = kernels.first(where: { $0.family == .gemmQuadsU8S8 }) else { return .words }
    if entry.flags.contains(.anyCodes) { return .quads }
    if weights.codes.withUnsafeBufferPointer({ $0.baseAddress.map { packing.fitsQuads($0, strides) } ?? false }) { return .quads }
    let rows = geometry.outputHeight * geometry.outputWidth
    // Few rows wait for the weights, and those are no fewer bytes.
    guard rows > 8 else { return .words }
    let packed = [Int8](unsafeUninitializedCapacity: packing.quadBytes) { target, count in
      weights.codes.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress, let place = target.baseAddress else { return }
        packing.pack(quads: base, strides, into: place)
        count = packing.quadBytes
      }
    }
    let pairs = packed.withUnsafeBufferPointer { $0.baseAddress.map { packing.excessPairs(quads: $0) } ?? 0 }
    // Cycles of one core, measured (`KernelBenchmarks excess`): sixteen rows by a panel, what excesses take of them, and to turn rows around.
    let groups = Double(blocks(rows, of: 16))
    let (depth, panels) = (Double(packing.depth), Double(packing.panels * packing.groups))
    let words = Double(rows) / 16 * (11.1 * depth * panels + depth)
    let quads = Double(rows) / 16 * 8.2 * depth * panels + groups * (45 * panels + 36 * Double(pairs) + depth)
    return quads < words ? .quadsAndExcess(pairs: pairs) : .words
  }

  /// What sets packed codes apart that are this node's alone.
  func owner(of weights: IntegerWeights) -> String { weights.isRescaled ? " \(node.name)" : "" }

  /// Makes a result known: as codes where there are parameters, else as it is.
  func define(_ id: ValueID, _ view: View, _ parameters: CodeParameters?) {
    if let parameters { define(id, Codes(view: view, parameters: parameters)) } else { define(id, view) }
  }
}
