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
    let scale = quantization.scaleIndex(in: weight.shape)
    codes = try Tensor(stored.dtype, weight.shape) { out in
      for index in out.indices {
        out[index] = UInt8(truncatingIfNeeded: quantization.zeroPoints[scale[index]])
      }
      weight.forEachStored { index, dense in out[dense] = stored.bytes[index] }
    }
  }

  /// Scales and zero points as ONNX has them for blocks: in the shape of the matrix with as many elements along the group's axis as there are
  /// groups. Nil for what is no matrix.
  func blocks() throws -> (group: AffineQuantization.Group, scales: Tensor, zeroPoints: Tensor)? {
    guard let group = quantization.group, let axis = quantization.axis, codes.shape.count == 2, axis == 1 - group.axis else { return nil }
    let channels = codes.shape[axis], groups = group.count(over: codes.shape[group.axis])
    // Ours are those of the first channel, then those of the second.
    let order = (0..<channels * groups).map { axis == 0 ? $0 : $0 % channels * groups + $0 / channels }
    let shape = axis == 0 ? [channels, groups] : [groups, channels]
    return (
      group, try Tensor(.f32, shape, order.map { quantization.scales[$0] }),
      try Tensor(codes.dtype, shape, order.map { UInt8(truncatingIfNeeded: quantization.zeroPoints[$0]) })
    )
  }

  /// The zero points in the codes' element type.
  func zeroPoints(shape: [Int]) throws -> Tensor {
    try Tensor(codes.dtype, shape, quantization.zeroPoints.map { UInt8(truncatingIfNeeded: $0) })
  }
}
