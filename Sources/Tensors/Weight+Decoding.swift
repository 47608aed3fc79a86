extension Weight {
  /// Checks that the parts fit each other, so that decoding cannot read or write out of bounds.
  func validate() throws {
    let total = try Tensor.checkedByteCount(.u8, shape)
    let stored = elements.stored
    if case .affine(let codes, let quantization) = elements {
      guard codes.dtype == .s8 || codes.dtype == .u8 else {
        throw Failure(.malformedFile, "affine codes must be s8 or u8, not \(codes.dtype.name)")
      }
      let range = AffineQuantization.codes(bits: quantization.bits, signed: codes.dtype == .s8)
      if let outside = quantization.zeroPoints.first(where: { !range.contains($0) }) {
        throw Failure(.malformedFile, "the zero point \(outside) is no \(codes.dtype.name) of \(quantization.bits) bits")
      }
      guard quantization.scaleCount(in: shape) == quantization.scales.count else {
        throw Failure(
          .malformedFile, "\(quantization.scales.count) scales do not match axis \(quantization.axis ?? 0) of \(shape) and its groups")
      }
      if quantization.bits < 8, let outside = codes.firstCode(outside: range) {
        throw Failure(.malformedFile, "the code \(outside) has more than \(quantization.bits) bits")
      }
    }
    switch arrangement {
    case .dense:
      guard stored.count == total else { throw Failure(.malformedFile, "\(stored.count) elements for the shape \(shape)") }
    case .bitmap(let bits):
      guard bits.dtype == .u8, bits.count == (total + 7) / 8,
        bits.elements(as: UInt8.self).reduce(0, { $0 + $1.nonzeroBitCount }) == stored.count,
        total % 8 == 0 || bits.elements(as: UInt8.self)[bits.count - 1] >> (total % 8) == 0
      else { throw Failure(.malformedFile, "the bitmap does not match \(stored.count) elements of \(shape)") }
    case .gaps(let gaps):
      var end = 0
      for gap in gaps.bytes { end += Int(gap) + (gap == 255 ? 0 : 1) }
      guard gaps.dtype == .u8, gaps.count == stored.count, end <= total, total - end < 256 else {
        throw Failure(.malformedFile, "the gaps do not match \(stored.count) elements of \(shape)")
      }
    }
  }

  /// For each stored element, in order: its index in the dense tensor. Fillers of the gap form are left out.
  package func forEachStored(_ body: (_ stored: Int, _ dense: Int) -> Void) {
    switch arrangement {
    case .dense: for index in 0..<count { body(index, index) }
    case .bitmap(let bits):
      var stored = 0
      for (byteIndex, byte) in bits.elements(as: UInt8.self).enumerated() where byte != 0 {
        var rest = byte
        while rest != 0 {
          body(stored, byteIndex * 8 + rest.trailingZeroBitCount)
          stored += 1
          rest &= rest - 1
        }
      }
    case .gaps(let gaps):
      var position = 0
      for (stored, gap) in gaps.elements(as: UInt8.self).enumerated() {
        position += Int(gap)
        if gap == 255 { continue }
        body(stored, position)
        position += 1
      }
    }
  }

  /// The dense tensor this weight stands for: of the plain element type, or f32 where the elements are quantized.
  package func decoded() throws -> Tensor {
    if let plain { return plain }
    switch elements {
    case .plain(let tensor):
      let width = tensor.dtype.byteCount
      return try Tensor(tensor.dtype, shape) { out in
        forEachStored { stored, dense in
          UnsafeMutableRawBufferPointer(rebasing: out[dense * width..<(dense + 1) * width])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: tensor.bytes[stored * width..<(stored + 1) * width]))
        }
      }
    case .affine(let codes, let quantization):
      let scale = quantization.scaleIndex(in: shape)
      let signed = codes.dtype == .s8
      return try Tensor(.f32, shape) { out in
        let floats = out.assumingMemoryBound(to: Float.self)
        forEachStored { stored, dense in
          let channel = scale[dense]
          let byte = codes.bytes[stored]
          let code = signed ? Int(Int8(bitPattern: byte)) : Int(byte)
          floats[dense] = quantization.scales[channel] * Float(code - Int(quantization.zeroPoints[channel]))
        }
      }
    }
  }
}

extension Tensor {
  /// The first of s8 or u8 codes that is not in the range.
  fileprivate func firstCode(outside range: ClosedRange<Int32>) -> Int32? {
    let signed = dtype == .s8
    func code(_ byte: UInt8) -> Int32 { signed ? Int32(Int8(bitPattern: byte)) : Int32(byte) }
    return bytes.first { !range.contains(code($0)) }.map(code)
  }
}
