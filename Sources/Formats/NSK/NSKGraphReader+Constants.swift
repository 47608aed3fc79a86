import Graph
import Tensors

extension NSKGraphReader {
  mutating func elementType() throws -> DType {
    let start = cursor.position
    let number = try cursor.byte()
    guard let dtype = DType(rawValue: number) else { throw cursor.failure("element type \(number) is not known", at: start) }
    return dtype
  }

  mutating func rank() throws -> Int {
    let start = cursor.position
    let rank = try cursor.count(of: "extents", bytesEach: 1)
    guard rank <= Graph.maximumRank else { throw cursor.failure("a shape of \(rank) dimensions", at: start) }
    return rank
  }

  /// A weight in the form of docs/formats.md; `Weight` checks that its parts fit each other.
  mutating func weight() throws -> Weight {
    let start = cursor.position
    let form = try cursor.byte()
    guard let elementForm = NSKCodes.ElementForm(rawValue: form & 15), let arrangementForm = NSKCodes.ArrangementForm(rawValue: form >> 4)
    else {
      throw cursor.failure("weight form \(form) is for a later version of the format than \(NSKVersion.current)", status: .unsupported)
    }
    let dtype = try elementType()
    let (shape, byteCount) = try extents(dtype)
    let packing = elementForm == .affinePacked ? try packing() : nil
    let quantization = elementForm == .plain ? nil : try affine(alongAxis: elementForm == .affineAlongAxis, packing)
    let stored =
      try packing.map { try packedCodes(dtype, shape, bits: $0.bits, isDense: arrangementForm == .dense) }
      ?? part(dtype, shape, byteCount: arrangementForm == .dense ? byteCount : nil)
    let arrangement: Weight.Arrangement =
      switch arrangementForm {
      case .dense: .dense
      case .bitmap: .bitmap(try part(.u8, [], byteCount: nil))
      case .gaps: .gaps(try part(.u8, [], byteCount: nil))
      }
    if dtype == .s64 || dtype == .s32 {
      // Inference follows the elements of small integer constants, which may be shapes.
      try budget.charge(min(byteCount / dtype.byteCount, Graph.maximumKnownElements), each: 2 * MemoryLayout<Dim>.stride, cursor)
    }
    do {
      let elements: Weight.Elements = quantization.map { .affine(codes: stored, $0) } ?? .plain(stored)
      return try Weight(shape: shape, elements: elements, arrangement: arrangement)
    } catch let failure as Failure {
      throw cursor.failure(failure.message, at: start)
    }
  }

  private mutating func extents(_ dtype: DType) throws -> (shape: [Int], byteCount: Int) {
    let start = cursor.position
    let rank = try rank()
    try budget.charge(rank, each: MemoryLayout<Int>.stride, cursor)
    var shape: [Int] = []
    shape.reserveCapacity(rank)
    for _ in 0..<rank { shape.append(try cursor.int()) }
    do { return (shape, try Tensor.checkedByteCount(dtype, shape)) } catch let failure as Failure {
      throw cursor.failure(failure.message, at: start)
    }
  }

  /// What comes before the scales of packed codes.
  private typealias Packing = (bits: Int, axis: Int?, group: AffineQuantization.Group?)

  private mutating func packing() throws -> Packing {
    let start = cursor.position
    let bits = Int(try cursor.byte())
    guard AffineQuantization.widths.contains(bits) else { throw cursor.failure("codes of \(bits) bits", at: start) }
    let axis = try cursor.int() - 1, size = try cursor.int()
    return (bits, axis < 0 ? nil : axis, size == 0 ? nil : AffineQuantization.Group(axis: try cursor.int(), size: size))
  }

  /// Codes of few bits, one byte each.
  private mutating func packedCodes(_ dtype: DType, _ shape: [Int], bits: Int, isDense: Bool) throws -> Tensor {
    let start = cursor.position
    guard dtype == .s8 || dtype == .u8 else { throw cursor.failure("packed codes of the type \(dtype.name)", at: start) }
    let total = shape.reduce(1, *)
    let count = isDense ? total : try cursor.int()
    // The gap form has fillers, one for 255 zeros.
    guard count <= total else { throw cursor.failure("\(count) codes for \(total) elements", at: start) }
    let packed = try part(.u8, [], byteCount: nil)
    guard packed.count == PackedCodes.byteCount(count, bits: bits) else {
      throw cursor.failure("\(packed.count) bytes do not hold \(count) codes of \(bits) bits", at: start)
    }
    try budget.charge(count, each: 1, cursor)
    try budget.charge(1, each: 3 * Storage.slackBytes, cursor)
    return try Tensor(dtype, isDense ? shape : [count]) { out in
      guard PackedCodes.unpack(packed.bytes, bits: bits, signed: dtype == .s8, into: out) else {
        throw cursor.failure("the bits behind the last code are not zero; the file is damaged", at: start)
      }
    }
  }

  private mutating func affine(alongAxis: Bool, _ packing: Packing?) throws -> AffineQuantization {
    let start = cursor.position
    let axis = alongAxis ? try cursor.int() : packing?.axis
    let count = try cursor.count(of: "scales", bytesEach: 4)
    try budget.charge(2 * count, each: 4, cursor)
    var scales: [Float] = []
    scales.reserveCapacity(count)
    for _ in 0..<count { scales.append(try cursor.float()) }
    let formPosition = cursor.position
    guard let form = NSKCodes.ZeroPointForm(rawValue: try cursor.byte()) else {
      throw cursor.failure("unknown form of zero points", at: formPosition)
    }
    let zeroPoints: [Int32] =
      switch form {
      case .oneForAll: [Int32](repeating: try zeroPoint(), count: count)
      case .oneEach: try (0..<count).map { _ in try zeroPoint() }
      }
    do {
      return try AffineQuantization(scales: scales, zeroPoints: zeroPoints, axis: axis, bits: packing?.bits ?? 8, group: packing?.group)
    } catch let failure as Failure {
      throw cursor.failure(failure.message, at: start)
    }
  }

  private mutating func zeroPoint() throws -> Int32 {
    let start = cursor.position
    guard let value = Int32(exactly: try cursor.signed()) else { throw cursor.failure("a zero point does not fit 32 bits", at: start) }
    return value
  }

  /// The stored bytes as a tensor of `shape`; with no `byteCount` given, as a list as long as the part says.
  private mutating func part(_ dtype: DType, _ shape: [Int], byteCount: Int?) throws -> Tensor {
    let start = cursor.position
    let number = try cursor.varint()
    guard let encoding = NSKCodes.PartEncoding(rawValue: number) else {
      throw cursor.failure(
        "a part has encoding \(number), which is for a later version of the format than \(NSKVersion.current)", at: start,
        status: .unsupported)
    }
    let length = try cursor.int()
    guard byteCount ?? length == length, length % dtype.byteCount == 0 else {
      throw cursor.failure("a part of \(length) bytes does not hold \(dtype.name)\(shape)", at: start)
    }
    let tensorShape = byteCount == nil ? [length / dtype.byteCount] : shape
    switch encoding {
    case .inline: return try copied(try cursor.raw(length), dtype, tensorShape)
    case .raw:
      try data.align(to: NSKHeader.alignment)
      let offset = data.position
      let bytes = try data.raw(length)
      guard Int(bitPattern: storage.base) % Storage.alignment == 0 else { return try copied(bytes, dtype, tensorShape) }
      return Tensor(dtype, tensorShape, storage: storage, byteOffset: offset)
    }
  }

  private mutating func copied(_ bytes: UnsafeRawBufferPointer, _ dtype: DType, _ shape: [Int]) throws -> Tensor {
    try budget.charge(bytes.count, each: 1, cursor)
    try budget.charge(1, each: 3 * Storage.slackBytes, cursor)
    return try Tensor(dtype, shape) { $0.copyMemory(from: bytes) }
  }

  mutating func attributes() throws -> Attributes {
    let count = try cursor.count(of: "attributes", bytesEach: 3)
    try budget.charge(count, each: 3 * (MemoryLayout<String>.stride + MemoryLayout<Attribute>.stride), cursor)
    var attributes: [String: Attribute] = [:]
    for _ in 0..<count {
      let start = cursor.position
      let name = try string()
      guard attributes[name] == nil else { throw cursor.failure("the attribute '\(name)' is there twice", at: start) }
      attributes[name] = try attribute(of: name)
    }
    return Attributes(attributes)
  }

  private mutating func attribute(of name: String) throws -> Attribute {
    let start = cursor.position
    guard let form = NSKCodes.AttributeForm(rawValue: try cursor.byte()) else {
      throw cursor.failure("attribute '\(name)' has an unknown form", at: start)
    }
    switch form {
    case .int: return .int(try cursor.signed())
    case .float: return .float(try cursor.float())
    case .string: return .string(try string())
    case .ints:
      let count = try cursor.count(of: "integers", bytesEach: 1)
      try budget.charge(count, each: 8, cursor)
      return .ints(try (0..<count).map { _ in try cursor.signed() })
    case .floats:
      let count = try cursor.count(of: "floats", bytesEach: 4)
      try budget.charge(count, each: 4, cursor)
      return .floats(try (0..<count).map { _ in try cursor.float() })
    case .tensor:
      let dtype = try elementType()
      let (shape, byteCount) = try extents(dtype)
      return .tensor(try part(dtype, shape, byteCount: byteCount))
    }
  }
}
