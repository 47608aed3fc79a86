import Tensors

/// The integer codes of a quantized weight as a dense tensor, whatever its arrangement.
struct DenseCodes {
  let codes: Tensor
  let quantization: AffineQuantization

  /// Nil where the weight is not quantized, or where a zero point does not fit the codes' type.
  init?(_ weight: Weight) throws {
    guard case .affine(let stored, let quantization) = weight.elements else { return nil }
    let range: ClosedRange<Int32> = stored.dtype == .s8 ? -128...127 : 0...255
    guard quantization.zeroPoints.allSatisfy(range.contains) else { return nil }
    self.quantization = quantization
    if weight.isDense {
      codes = stored
      return
    }
    // An element that is not stored is 0, whose code is the zero point.
    let (stride, channels) = quantization.channelStride(in: weight.shape)
    codes = try Tensor(stored.dtype, weight.shape) { out in
      for index in out.indices {
        out[index] = UInt8(truncatingIfNeeded: quantization.zeroPoints[channels == 1 ? 0 : index / stride % channels])
      }
      weight.forEachStored { index, dense in out[dense] = stored.bytes[index] }
    }
  }

  /// The zero points in the codes' element type.
  func zeroPoints(shape: [Int]) throws -> Tensor {
    try Tensor(codes.dtype, shape, quantization.zeroPoints.map { UInt8(truncatingIfNeeded: $0) })
  }
}
