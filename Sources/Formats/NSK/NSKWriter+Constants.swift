import Graph
import Tensors

extension NSKWriter {
  /// A weight: form, element type of what is stored, extents, elements, then bitmap or gaps.
  mutating func write(_ weight: Weight) {
    let elements: NSKCodes.ElementForm =
      switch weight.elements {
      case .plain: .plain
      case .affine(_, let quantization):
        quantization.bits < 8 || quantization.group != nil ? .affinePacked : quantization.axis == nil ? .affine : .affineAlongAxis
      }
    let arrangement: NSKCodes.ArrangementForm =
      switch weight.arrangement {
      case .dense: .dense
      case .bitmap: .bitmap
      case .gaps: .gaps
      }
    section.byte(elements.rawValue | arrangement.rawValue << 4)
    section.byte(weight.elements.stored.dtype.rawValue)
    extents(weight.shape)
    if elements == .affinePacked, let quantization = weight.quantization {
      writePacked(weight.elements.stored.bytes, quantization, isDense: weight.isDense)
    } else {
      if let quantization = weight.quantization { write(quantization) }
      part(weight.elements.stored.bytes)
    }
    switch weight.arrangement {
    case .dense: break
    case .bitmap(let tensor), .gaps(let tensor): part(tensor.bytes)
    }
  }

  /// Bits, axis and group, scales and zero points, the number of codes where it is not that of the shape, and the codes packed.
  private mutating func writePacked(_ codes: UnsafeRawBufferPointer, _ quantization: AffineQuantization, isDense: Bool) {
    section.byte(UInt8(truncatingIfNeeded: quantization.bits))
    section.int(quantization.axis.map { $0 + 1 } ?? 0)
    section.int(quantization.group?.size ?? 0)
    if let group = quantization.group { section.int(group.axis) }
    var plain = quantization
    plain.axis = nil
    write(plain)
    if !isDense { section.int(codes.count) }
    PackedCodes.pack(codes, bits: quantization.bits).withUnsafeBytes { part($0) }
  }

  /// Axis (where there is one), number of scales, scales, zero points; one zero point where all are equal.
  private mutating func write(_ quantization: AffineQuantization) {
    if let axis = quantization.axis { section.int(axis) }
    section.int(quantization.scales.count)
    for scale in quantization.scales { section.float(scale) }
    let first = quantization.zeroPoints.first ?? 0
    if quantization.zeroPoints.allSatisfy({ $0 == first }) {
      section.byte(NSKCodes.ZeroPointForm.oneForAll.rawValue)
      section.signed(Int(first))
    } else {
      section.byte(NSKCodes.ZeroPointForm.oneEach.rawValue)
      for zeroPoint in quantization.zeroPoints { section.signed(Int(zeroPoint)) }
    }
  }

  mutating func write(_ attribute: Attribute) {
    switch attribute {
    case .int(let value):
      section.byte(NSKCodes.AttributeForm.int.rawValue)
      section.signed(value)
    case .float(let value):
      section.byte(NSKCodes.AttributeForm.float.rawValue)
      section.float(value)
    case .string(let value):
      section.byte(NSKCodes.AttributeForm.string.rawValue)
      string(value)
    case .ints(let values):
      section.byte(NSKCodes.AttributeForm.ints.rawValue)
      section.int(values.count)
      for value in values { section.signed(value) }
    case .floats(let values):
      section.byte(NSKCodes.AttributeForm.floats.rawValue)
      section.int(values.count)
      for value in values { section.float(value) }
    case .tensor(let tensor):
      section.byte(NSKCodes.AttributeForm.tensor.rawValue)
      section.byte(tensor.dtype.rawValue)
      extents(tensor.shape)
      part(tensor.bytes)
    }
  }

  private mutating func extents(_ shape: [Int]) {
    section.int(shape.count)
    for extent in shape { section.int(extent) }
  }

  /// Encoding and length here; the bytes here too where they are few, else in the data section.
  private mutating func part(_ bytes: UnsafeRawBufferPointer) {
    let encoding: NSKCodes.PartEncoding = bytes.count < NSKCodes.inlineLimit ? .inline : .raw
    section.varint(encoding.rawValue)
    section.int(bytes.count)
    switch encoding {
    case .inline: section.raw(bytes)
    case .raw:
      data.align(to: NSKHeader.alignment)
      data.raw(bytes)
    }
  }
}
