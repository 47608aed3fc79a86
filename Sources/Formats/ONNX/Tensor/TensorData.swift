import Tensors

/// Where the elements of one tensor are in the file: its `raw_data`, or the typed field of its element type.
struct TensorData {
  /// The range of `raw_data`, nil where the tensor has none or an empty one beside typed elements.
  let raw: Range<Int>?
  /// The number of elements in the typed field, which may come in several pieces.
  let typedCount: Int
  private let file: UnsafeRawBufferPointer
  private let message: Range<Int>
  private let type: ElementType

  init(in file: UnsafeRawBufferPointer, _ message: Range<Int>, type: ElementType, _ what: String) throws {
    self.file = file
    self.message = message
    self.type = type
    var raw: Range<Int>?
    var typed = 0
    var cursor = WireCursor(file, message, section: what)
    while !cursor.isAtEnd {
      let (number, wire) = try cursor.field()
      let content = try cursor.content(wire)
      switch (number, wire) {
      case (3, _): throw Failure(.unsupported, "\(what) is split into segments, which are not read", byteOffset: content.lowerBound)
      case (9, .bytes): raw = content
      case (type.typedField, _): typed += try TensorData.count(file, content, wire, type, what)
      case (4, _), (5, _), (7, _), (10, _), (11, _):
        throw Failure(.malformedFile, "\(what) keeps its elements in a field of another element type", byteOffset: content.lowerBound)
      default: continue
      }
    }
    if let raw, typed > 0, !raw.isEmpty {
      throw Failure(.malformedFile, "\(what) has both raw and typed elements", byteOffset: raw.lowerBound)
    }
    self.raw = typed > 0 ? nil : raw
    typedCount = typed
  }

  /// How a single element is written: 4 and 8 bytes for floats, else a number.
  private static func form(_ type: ElementType) -> WireType {
    switch type.typedField {
    case 4: .fixed32
    case 10: .fixed64
    default: .varint
    }
  }

  private static func count(
    _ file: UnsafeRawBufferPointer, _ content: Range<Int>, _ wire: WireType, _ type: ElementType, _ what: String
  ) throws -> Int {
    let form = form(type)
    switch (wire, form) {
    case (form, _): return 1
    case (.bytes, .varint): return file[content].reduce(0) { $0 + ($1 < 0x80 ? 1 : 0) }
    case (.bytes, .fixed32) where content.count % 4 == 0: return content.count / 4
    case (.bytes, .fixed64) where content.count % 8 == 0: return content.count / 8
    default: throw Failure(.malformedFile, "the elements of \(what) have the wrong form", byteOffset: content.lowerBound)
    }
  }

  /// Writes `typedCount` elements.
  func write(into out: UnsafeMutableRawBufferPointer, _ what: String) throws {
    var index = 0
    var cursor = WireCursor(file, message, section: what)
    while !cursor.isAtEnd {
      let (number, wire) = try cursor.field()
      let content = try cursor.content(wire)
      guard number == type.typedField else { continue }
      switch TensorData.form(type) {
      case .fixed32:
        UnsafeMutableRawBufferPointer(rebasing: out[4 * index..<4 * index + content.count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: file[content]))
        index += content.count / 4
      case .fixed64:
        let count = content.count / 8
        type.convert(
          UnsafeRawBufferPointer(rebasing: file[content]),
          into: UnsafeMutableRawBufferPointer(rebasing: out[4 * index..<4 * (index + count)]),
          count: count)
        index += count
      default:
        var numbers = WireCursor(file, content, section: what)
        while !numbers.isAtEnd {
          let place = numbers.position
          guard type.store(try numbers.varint(), into: out, at: index) else {
            throw Failure(.malformedFile, "element \(index) of \(what) does not fit \(type.dtype.name)", byteOffset: place)
          }
          index += 1
        }
      }
    }
  }
}
