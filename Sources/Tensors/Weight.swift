/// A constant of the graph in the form it is stored in: how its elements are encoded, and how they are arranged.
///
/// The two choices are independent: a pruned and quantized weight is `.bitmap` of `.affine` elements. `decoded()` is the
/// meaning of every form; the packers of the plan and the .nsk sections read the small form directly.
package struct Weight: Sendable {
  /// How the stored elements are encoded.
  package enum Elements: Sendable {
    /// As they are, of the weight's own element type.
    case plain(Tensor)
    /// Integer codes (s8 or u8, a byte each, of as many bits as the quantization says); the weight's element type is f32.
    case affine(codes: Tensor, AffineQuantization)

    package var stored: Tensor {
      switch self {
      case .plain(let tensor): tensor
      case .affine(let codes, _): codes
      }
    }
  }

  /// Which elements of the dense tensor are stored, in row-major order.
  package enum Arrangement: Sendable {
    case dense
    /// One bit for each element of the dense tensor, least significant bit first; a set bit is a stored element.
    case bitmap(Tensor)
    /// One byte for each stored element: how many zeros come before it. A gap of 255 zeros and no element is the byte 255
    /// with a stored filler of zero (Han et al. 2016, section 2); fewer than 256 zeros come after the last, so that few stored
    /// bytes cannot stand for a boundless tensor. `compacted()` makes this form.
    case gaps(Tensor)
  }

  package let shape: [Int]
  package let elements: Elements
  package let arrangement: Arrangement

  /// A dense constant stored as it is.
  package init(_ tensor: Tensor) {
    shape = tensor.shape
    elements = .plain(tensor)
    arrangement = .dense
  }

  /// - Throws: `malformedFile` when the parts contradict each other (they may come from a file).
  package init(shape: [Int], elements: Elements, arrangement: Arrangement) throws {
    self.shape = shape
    self.elements = elements
    self.arrangement = arrangement
    try validate()
  }

  /// The element type of the decoded tensor.
  package var dtype: DType {
    switch elements {
    case .plain(let tensor): tensor.dtype
    case .affine: .f32
    }
  }

  package var count: Int { shape.reduce(1, *) }
  package var isDense: Bool { if case .dense = arrangement { true } else { false } }

  /// The tensor itself when it is stored densely and as it is.
  package var plain: Tensor? {
    if case .plain(let tensor) = elements, isDense { tensor } else { nil }
  }

  /// Bytes of the elements as they lie in a file.
  package var elementByteCount: Int {
    let stored = elements.stored
    // Rounded up, in an order that cannot overflow.
    return quantization.map { stored.count / 8 * $0.bits + (stored.count % 8 * $0.bits + 7) / 8 } ?? stored.byteCount
  }

  /// The quantization of the elements, where they are quantized.
  package var quantization: AffineQuantization? {
    if case .affine(_, let quantization) = elements { quantization } else { nil }
  }

  /// Bytes of all parts as they lie in a file: elements (codes of few bits packed), scales, zero points, bitmap or gaps.
  package var storedByteCount: Int {
    var total = elementByteCount
    if let quantization { total += quantization.scales.count * 8 }
    switch arrangement {
    case .dense: break
    case .bitmap(let part), .gaps(let part): total += part.byteCount
    }
    return total
  }
}

extension Weight {
  /// How the elements are encoded: `f32`, `s8`; `s4` for codes of 4 bits, `u4 by 64` for those with a scale for every 64 of a slice.
  package var codeName: String {
    guard let quantization else { return elements.stored.dtype.name }
    let letter = elements.stored.dtype == .s8 ? "s" : "u"
    return "\(letter)\(quantization.bits)\(quantization.group.map { " by \($0.size)" } ?? "")"
  }
}
