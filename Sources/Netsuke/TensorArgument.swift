import Plan
import Tensors

/// A caller's tensor, laid out as `nsk_tensor` of netsuke.h (ABITests compare the two), so that a call translates nothing.
package struct TensorArgument {
  package var data: UnsafeMutableRawPointer?
  package var byteSize: Int
  package var dtype: Int32
  package var rank: Int32
  package var dims: (Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64)

  package static let maximumRank = 8

  package init() {
    data = nil
    byteSize = 0
    dtype = 0
    rank = 0
    dims = (0, 0, 0, 0, 0, 0, 0, 0)
  }

  package subscript(axis: Int) -> Int64 {
    get { withUnsafeBytes(of: dims) { $0.load(fromByteOffset: axis * 8, as: Int64.self) } }
    set { withUnsafeMutableBytes(of: &dims) { $0.storeBytes(of: newValue, toByteOffset: axis * 8, as: Int64.self) } }
  }

  /// The element type.
  /// - Throws: `invalidArgument` naming `name`.
  func elementType(_ name: String) throws -> DType {
    guard let raw = UInt8(exactly: dtype), let type = DType(rawValue: raw) else {
      throw Failure(.invalidArgument, "\(name): \(dtype) is not an element type (NSK_F32 is 1)")
    }
    return type
  }

  /// The extents.
  /// - Throws: `shapeMismatch` naming `name` for a rank or an extent that cannot be.
  func shape(_ name: String) throws -> [Int] {
    guard (0...Int32(TensorArgument.maximumRank)).contains(rank) else {
      throw Failure(.shapeMismatch, "\(name): the rank must be 0 to \(TensorArgument.maximumRank), not \(rank)")
    }
    let shape = (0..<Int(rank)).map { Int(self[$0]) }
    guard shape.allSatisfy({ $0 >= 0 }) else { throw Failure(.shapeMismatch, "\(name): an extent of \(shape) is negative") }
    return shape
  }

  /// A tensor with a copy of the elements.
  package func copied(_ name: String) throws -> Tensor {
    let type = try elementType(name), shape = try shape(name)
    let bytes = try Tensor.checkedByteCount(type, shape)
    guard bytes == 0 || data != nil else { throw Failure(.invalidArgument, "\(name): data is NULL") }
    guard byteSize >= bytes else {
      throw Failure(.shapeMismatch, "\(name): \(type.name)\(shape) has \(bytes) bytes, and byte_size says \(byteSize)")
    }
    return try Tensor(type, shape) { $0.copyMemory(from: UnsafeRawBufferPointer(start: data, count: bytes)) }
  }

  /// Whether type and extents are those of a plan's input; allocates nothing.
  func matches(_ port: Plan.Port) -> Bool {
    guard dtype == Int32(port.dtype.rawValue), rank == Int32(clamping: port.shape.count), rank <= 8 else { return false }
    for axis in port.shape.indices where self[axis] != Int64(port.shape[axis]) { return false }
    return true
  }

  /// Writes type, extents and bytes of a plan's output.
  mutating func describe(_ port: Plan.Port) {
    dtype = Int32(port.dtype.rawValue)
    rank = Int32(clamping: port.shape.count)
    for (axis, extent) in port.shape.prefix(TensorArgument.maximumRank).enumerated() { self[axis] = Int64(extent) }
    byteSize = port.byteCount
  }
}
