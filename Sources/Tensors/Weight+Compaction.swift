extension Weight {
  /// The same constant in the smallest of the three arrangements: dense, bitmap or gaps.
  ///
  /// Only what comes back bit for bit is left out: elements whose bytes are all zero (+0.0, never −0.0 or NaN), and affine codes
  /// equal to their zero point. Plain integers stay dense. Equal sizes prefer dense, then the bitmap.
  /// - Throws: `outOfMemory`.
  package func compacted() throws -> Weight {
    guard isDense else { return try expanded().compacted() }
    let stored = elements.stored
    guard stored.dtype.isFloat || quantization != nil else { return self }
    let mask = nonZeroMask()
    let kept = mask.reduce(0) { $0 + $1.nonzeroBitCount }
    // As they lie in a file, where codes of few bits are packed.
    let bits = quantization?.bits ?? stored.dtype.byteCount * 8
    let bitmapBytes = mask.count + (kept * bits + 7) / 8
    // A gap byte goes with every element, fillers included.
    let gapCount = Weight.countGaps(mask, count: count)
    let gapBytes = gapCount + (gapCount * bits + 7) / 8
    guard min(bitmapBytes, gapBytes) < (stored.count * bits + 7) / 8 else { return self }
    return gapBytes < bitmapBytes ? try withGaps(mask, entries: gapCount) : try withBitmap(mask, kept: kept)
  }

  /// The same constant with every element stored: left-out ones become zero, or their zero point where the elements are codes.
  /// - Throws: `outOfMemory`.
  package func expanded() throws -> Weight {
    if isDense { return self }
    let stored = elements.stored
    let width = stored.dtype.byteCount
    let dense = try Tensor(stored.dtype, shape) { out in
      if let quantization {
        let scale = quantization.scaleIndex(in: shape)
        for index in 0..<out.count { out[index] = UInt8(truncatingIfNeeded: quantization.zeroPoints[scale[index]]) }
      }
      forEachStored { index, place in
        UnsafeMutableRawBufferPointer(rebasing: out[place * width..<(place + 1) * width])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: stored.bytes[index * width..<(index + 1) * width]))
      }
    }
    return try Weight(shape: shape, elements: replacingStored(dense), arrangement: .dense)
  }

  /// One bit for each element of a dense weight, least significant first: set where the element must be stored.
  private func nonZeroMask() -> [UInt8] {
    var mask = [UInt8](repeating: 0, count: (count + 7) / 8)
    func fill(_ isZero: (Int) -> Bool) { for index in 0..<count where !isZero(index) { mask[index >> 3] |= 1 << UInt8(index & 7) } }
    let stored = elements.stored
    if let quantization {
      let scale = quantization.scaleIndex(in: shape)
      let zeros = quantization.zeroPoints.map { UInt8(truncatingIfNeeded: $0) }
      let codes = stored.bytes
      if zeros.allSatisfy({ $0 == zeros[0] }) { fill { codes[$0] == zeros[0] } } else { fill { codes[$0] == zeros[scale[$0]] } }
      return mask
    }
    switch stored.dtype.byteCount {
    case 2: let words = stored.elements(as: UInt16.self); fill { words[$0] == 0 }
    case 4: let words = stored.elements(as: UInt32.self); fill { words[$0] == 0 }
    default: let words = stored.elements(as: UInt64.self); fill { words[$0] == 0 }
    }
    return mask
  }

  private static func forEachSet(_ mask: [UInt8], _ body: (Int) -> Void) {
    for (byteIndex, byte) in mask.enumerated() where byte != 0 {
      var rest = byte
      while rest != 0 {
        body(byteIndex * 8 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }

  /// Entries of the gap form: elements and fillers, those after the last element included.
  private static func countGaps(_ mask: [UInt8], count: Int) -> Int {
    var (entries, position) = (0, 0)
    forEachSet(mask) { place in
      entries += (place - position) / 255 + 1
      position = place + 1
    }
    return entries + (count - position) / 255
  }

  private func withBitmap(_ mask: [UInt8], kept: Int) throws -> Weight {
    let source = elements.stored
    let width = source.dtype.byteCount
    let stored = try Tensor(source.dtype, [kept]) { out in
      var index = 0
      Weight.forEachSet(mask) { place in
        Weight.copy(width, from: source.bytes, place, to: out, index)
        index += 1
      }
    }
    return try Weight(shape: shape, elements: replacingStored(stored), arrangement: .bitmap(try Tensor(.u8, [mask.count], mask)))
  }

  private func withGaps(_ mask: [UInt8], entries: Int) throws -> Weight {
    let source = elements.stored
    let width = source.dtype.byteCount
    var gaps: [UInt8] = []
    gaps.reserveCapacity(entries)
    let stored = try Tensor(source.dtype, [entries]) { out in
      var position = 0
      Weight.forEachSet(mask) { place in
        gaps.append(contentsOf: repeatElement(255, count: (place - position) / 255))
        Weight.copy(width, from: source.bytes, place, to: out, gaps.count)
        gaps.append(UInt8((place - position) % 255))
        position = place + 1
      }
      gaps.append(contentsOf: repeatElement(255, count: (count - position) / 255))
    }
    return try Weight(shape: shape, elements: replacingStored(stored), arrangement: .gaps(try Tensor(.u8, [entries], gaps)))
  }

  private func replacingStored(_ tensor: Tensor) -> Elements {
    switch elements {
    case .plain: .plain(tensor)
    case .affine(_, let quantization): .affine(codes: tensor, quantization)
    }
  }

  private static func copy(
    _ width: Int, from source: UnsafeRawBufferPointer, _ index: Int, to out: UnsafeMutableRawBufferPointer, _ place: Int
  ) {
    for byte in 0..<width { out[place * width + byte] = source[index * width + byte] }
  }
}
