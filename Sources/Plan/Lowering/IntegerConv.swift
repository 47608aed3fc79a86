import Graph
import KernelContract
import Tensors

/// How an integer product's accumulators leave it.
struct IntegerOutput {
  /// Codes for the value's one reader, or reals.
  let parameters: CodeParameters?
  let requantization: Requantization

  /// Codes where the value is quantized next and the activation is a clamp, else reals with the activation applied.
  init(quantizer: CodeParameters?, _ activation: Activation) {
    if let quantizer, let range = quantizer.range(activation) {
      parameters = quantizer
      requantization = .u8(zeroPoint: quantizer.zeroPoint, low: range.low, high: range.high)
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
    let result = IntegerOutput(quantizer: quantizer(of: out), activation)
    let scales = weights.requantizationScales(input: input.parameters, output: result.parameters)
    let output = try pixelDestination(out, result.dtype, codes: result.parameters)
    guard let outStride = output.pixelStride else { return false }
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
          requantization: result.requantization), [output, input.view], macs: conv.macs, fusing: fusing)
    } else {
      try emitIntegerProduct(
        geometry, conv.packing, conv.packing.oihw, w, weights, bias, scales, zeroPoint, result, [output, input.view], macs: conv.macs,
        fusing)
    }
    define(out, output, result.parameters)
    return true
  }

  /// Emits the integer product of packed weights, for convolutions and fully connected layers.
  func emitIntegerProduct(
    _ geometry: Geometry, _ packing: GemmPacking, _ strides: GemmPacking.Strides, _ w: ValueID, _ weights: IntegerWeights, _ bias: [Int32],
    _ scales: [Float], _ zeroPoint: UInt8, _ result: IntegerOutput, _ views: [View], macs: Int, _ fusing: [String]
  ) throws {
    let inQuads = takesQuads(packing, strides, weights)
    let codes = try packed(w, "gemm s8 \(inQuads ? "quads " : "")\(packing.groups) \(strides)\(owner(of: weights))") {
      let bytes = inQuads ? packing.quadBytes : packing.s8Bytes
      let target = try memory.constant(byteCount: bytes)
      weights.codes.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        let place = target.bindMemory(to: Int8.self, capacity: bytes)
        if inQuads { packing.pack(quads: base, strides, into: place) } else { packing.pack(s8: base, strides, into: place) }
      }
      return UnsafeRawPointer(target)
    }
    let blocks = ProductBlocks(
      geometry, packing, elementBytes: inQuads ? 1 : 2,
      copiesRows: !inQuads || GemmQuadsU8S8Descriptor.copiesRows(geometry, channels: packing.groupInChannels),
      tileRows: tileRows(inQuads ? .gemmQuadsU8S8 : .gemmU8S8), machine: machine, threads: options.threads)
    let descriptor = GemmU8S8Descriptor(
      geometry: geometry, groups: packing.groups, groupInChannels: packing.groupInChannels, groupOutChannels: packing.groupOutChannels,
      inputZeroPoint: zeroPoint, weights: codes.assumingMemoryBound(to: Int8.self), bias: try packedColumns(bias, fill: 0, packing),
      scales: try packedColumns(scales, fill: 0, packing), requantization: result.requantization, rowBlock: blocks.rows,
      panelBlock: blocks.panels)
    if inQuads {
      try emit(GemmQuadsU8S8Descriptor(descriptor), views, macs: macs, fusing: fusing)
    } else {
      try emit(descriptor, views, macs: macs, fusing: fusing)
    }
  }

  /// Whether there is a kernel that takes four products at a time, and is exact for these weights.
  private func takesQuads(_ packing: GemmPacking, _ strides: GemmPacking.Strides, _ weights: IntegerWeights) -> Bool {
    guard let entry = kernels.first(where: { $0.family == .gemmQuadsU8S8 }) else { return false }
    if entry.flags.contains(.anyCodes) { return true }
    return weights.codes.withUnsafeBufferPointer { $0.baseAddress.map { packing.fitsQuads($0, strides) } ?? false }
  }

  /// What sets packed codes apart that are this node's alone.
  private func owner(of weights: IntegerWeights) -> String { weights.isRescaled ? " \(node.name)" : "" }

  /// Makes a result known: as codes where there are parameters, else as it is.
  func define(_ id: ValueID, _ view: View, _ parameters: CodeParameters?) {
    if let parameters { define(id, Codes(view: view, parameters: parameters)) } else { define(id, view) }
  }
}
