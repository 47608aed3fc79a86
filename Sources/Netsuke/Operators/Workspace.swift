import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The working memory of an operator: one block for each call at work at once, kept for the next calls.
final class Workspace: Sendable {
  private struct Block: @unchecked Sendable {
    var base: UnsafeMutableRawPointer
    var byteCount: Int
  }

  private let idle = Mutex<[Block]>([])

  deinit { idle.withLock { blocks in blocks.forEach { free($0.base) } } }

  /// Calls the body with at least `byteCount` bytes, 64-byte aligned, contents undefined.
  /// - Throws: `outOfMemory`, or what the body throws.
  func withBytes(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) throws -> Void) throws {
    var block = idle.withLock { $0.popLast() }
    if let small = block, small.byteCount < byteCount {
      free(small.base)
      block = nil
    }
    let taken = try block ?? Workspace.allocate(byteCount)
    defer { idle.withLock { $0.append(taken) } }
    try body(taken.base)
  }

  private static func allocate(_ byteCount: Int) throws -> Block {
    guard byteCount >= 0, byteCount <= 1 << 46 else { throw Failure(.outOfMemory, "cannot allocate \(byteCount) bytes") }
    let rounded = max(64, (byteCount + 63) & ~63)
    guard let base = aligned_alloc(64, rounded) else { throw Failure(.outOfMemory, "cannot allocate \(rounded) bytes of working memory") }
    return Block(base: base, byteCount: rounded)
  }
}

/// Places parts one behind the other in a workspace, each 64-byte aligned with 64 bytes of slack behind it.
struct WorkspaceLayout {
  private(set) var byteCount = 0

  /// The offset of a new part.
  /// - Throws: `shapeMismatch` where the sizes are absurd.
  mutating func add(_ rows: Int, _ columns: Int = 1, of dtype: DType) throws -> Int {
    let bytes = try Tensor.checkedByteCount(dtype, rows, columns)
    let offset = byteCount
    byteCount += (bytes + 127) & ~63
    return offset
  }
}
