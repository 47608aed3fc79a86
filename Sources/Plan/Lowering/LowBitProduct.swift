import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Emits a product of each row with a matrix of codes, decoded in registers, where that is estimated to be faster than the dense product and than
  /// `other` nanoseconds; false where it is not, or the weights are no such matrix. The vector is rounded to 16 bits on the way, so `exact` refuses it.
  func lowerLowBit(_ product: Product, _ input: View, _ w: ValueID, _ output: View, other: Choice?) throws -> Bool {
    guard !options.exact, let entry = kernels.first(where: { $0.family == .lowBitF32 }), let weight = graph[w].constant,
      let matrix = LowBitMatrix(weight, product), product.rows > 0, let inStride = input.pixelStride, let outStride = output.pixelStride
    else { return false }
    let packing = matrix.packing
    // For the rows of one image: its result must not depend on the others.
    let (costs, dense) = denseProduct(product, rows: product.imageRows)
    let count = Double(packing.form.panels * LowBitForm.panel) * Double(packing.form.packedDepth)
    let rate = costTable.sparse.lowBit[entry.tile.columns > 32 ? 1 : 0]
    let cost =
      1000 + Double(product.imageRows) * (count * rate + Double(product.depth)) + costs.once(costTable.weights, Double(packing.byteCount))
    guard cost < min(dense, other?.nanoseconds ?? .infinity) else { return false }
    let weights = try packed(w, "low bit \(product.strides) \(product.scale)") {
      let bytes = try memory.constant(byteCount: packing.byteCount)
      matrix.pack(product.strides, into: bytes)
      return UnsafeRawPointer(bytes)
    }
    var bias = product.bias
    bias += [Float](repeating: 0, count: packing.form.columnCount - bias.count)
    let descriptor = LowBitF32Descriptor(
      form: packing.form, vectors: product.rows, inputStride: inStride, outputStride: outStride, weights: weights,
      bias: try memory.constant(bias), epilogue: Epilogue(product.activation), threads: options.threads)
    let losers =
      [Choice.Loser(name: "gemm", nanoseconds: dense, refusal: nil)]
      + (other.map { [Choice.Loser(name: $0.name, nanoseconds: $0.nanoseconds, refusal: nil)] } ?? [])
    try emit(
      descriptor, [output, input], macs: product.macs, fusing: names(product.activation),
      choice: Choice(name: "codes of \(matrix.bits) bits, decoded in registers", nanoseconds: cost, losers: losers))
    return true
  }
}

/// The codes of a weight matrix as `LowBitPacking` takes them: without sign, a scale and a zero point for each column and group of inputs.
struct LowBitMatrix {
  let packing: LowBitPacking
  let bits: Int
  private let codes: [UInt8]
  private let scales: [Float]
  private let zeroPoints: [Int32]

  /// Nil unless the elements are affine codes with scales for the columns, for groups of inputs in each, or for all.
  init?(_ weight: Weight, _ product: Product) {
    guard case .affine(let stored, let quantization) = weight.elements, weight.shape.count == 2, weight.count > 0,
      weight.count == product.columns * product.depth, quantization.axis == nil || quantization.axis == product.outputAxis,
      quantization.group == nil || quantization.group?.axis == 1 - product.outputAxis, product.depth <= Int(UInt32.max)
    else { return nil }
    bits = quantization.bits
    // Signed codes move up by half the range.
    let middle: Int32 = stored.dtype == .s8 ? 1 << Int32(bits - 1) : 0
    let flip = UInt8(truncatingIfNeeded: middle)
    let groupSize = min(quantization.group?.size ?? product.depth, product.depth)
    let perColumn = blocks(product.depth, of: groupSize)
    let isSingle = quantization.axis == nil
    guard quantization.scales.count == (isSingle ? 1 : product.columns * perColumn) else { return nil }
    let factor = product.scale
    scales =
      isSingle
      ? [Float](repeating: quantization.scales[0] * factor, count: product.columns) : quantization.scales.map { $0 * factor }
    let zeros = quantization.zeroPoints.map { $0 + middle }
    zeroPoints = isSingle ? [Int32](repeating: zeros[0], count: product.columns) : zeros
    let same = zeros.allSatisfy { $0 == zeros[0] }
    // What is not stored is zero.
    var dense: [UInt8]
    if same || weight.isDense {
      dense = [UInt8](repeating: UInt8(truncatingIfNeeded: zeros[0]), count: weight.count)
    } else {
      let index = quantization.scaleIndex(in: weight.shape)
      dense = (0..<weight.count).map { UInt8(truncatingIfNeeded: zeros[index[$0]]) }
    }
    let bytes = stored.bytes
    weight.forEachStored { position, place in dense[place] = bytes[position] &+ flip }
    codes = dense
    packing = LowBitPacking(
      columns: product.columns, depth: product.depth, bits: bits, groupSize: groupSize, zeroPoint: same ? zeros[0] : nil)
  }

  /// Writes `packing.byteCount` bytes.
  func pack(_ strides: GemmPacking.Strides, into target: UnsafeMutableRawPointer) {
    codes.withUnsafeBufferPointer { codes in
      scales.withUnsafeBufferPointer { scales in
        zeroPoints.withUnsafeBufferPointer { zeros in
          guard let codes = codes.baseAddress, let scales = scales.baseAddress, let zeros = zeros.baseAddress else { return }
          packing.pack(codes, strides, scales: scales, zeroPoints: zeros, into: target)
        }
      }
    }
  }
}
