import Tensors

extension Weight {
  /// The same weight with the elements where `mask` is 0 set to exactly zero; what is quantized stays quantized.
  ///
  /// The result may store zeros: `compacted()` drops them.
  func masked(by mask: [UInt8]) throws -> Weight {
    guard mask.count == count else { throw Failure(.internal, "a mask of \(mask.count) elements for the shape \(shape)") }
    switch elements {
    case .plain(let tensor):
      let width = tensor.dtype.byteCount
      let stored = try Tensor(tensor.dtype, tensor.shape) { out in
        out.copyMemory(from: tensor.bytes)
        forEachStored { stored, dense in
          guard mask[dense] == 0 else { return }
          for byte in stored * width..<(stored + 1) * width { out[byte] = 0 }
        }
      }
      return try Weight(shape: shape, elements: .plain(stored), arrangement: arrangement)
    case .affine(let codes, let quantization):
      let scale = quantization.scaleIndex(in: shape)
      let stored = try Tensor(codes.dtype, codes.shape) { out in
        out.copyMemory(from: codes.bytes)
        forEachStored { stored, dense in
          // The code that stands for zero is the zero point.
          if mask[dense] == 0 { out[stored] = UInt8(truncatingIfNeeded: quantization.zeroPoints[scale[dense]]) }
        }
      }
      return try Weight(shape: shape, elements: .affine(codes: stored, quantization), arrangement: arrangement)
    }
  }
}
