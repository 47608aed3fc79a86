import Plan
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The blocks of one executor, from the caller's allocator or from the system, 64-byte aligned; freed at its end.
final class HostMemory {
  private let allocator: ExecutorOptions.Allocator?
  private var blocks: [UnsafeMutableRawPointer] = []

  init(_ allocator: ExecutorOptions.Allocator?) { self.allocator = allocator }

  deinit {
    for block in blocks {
      if let allocator { allocator.free(allocator.user, block) } else { free(block) }
    }
  }

  /// Memory with undefined contents, so that a large arena takes pages only where a run writes.
  /// - Throws: `outOfMemory`.
  func allocate(_ byteCount: Int) throws -> UnsafeMutableRawPointer {
    let (sum, overflow) = byteCount.addingReportingOverflow(63)
    guard byteCount >= 0, !overflow else { throw Failure(.outOfMemory, "cannot allocate \(byteCount) bytes") }
    let rounded = max(sum & ~63, 64)
    let block = allocator.map { $0.allocate($0.user, rounded, 64) } ?? LargePages.allocate(rounded)
    guard let block else { throw Failure(.outOfMemory, "cannot allocate \(byteCount) bytes") }
    blocks.append(block)
    guard UInt(bitPattern: block) & 63 == 0 else {
      throw Failure(.callback, "the allocator returned a block that is not a multiple of 64")
    }
    return block
  }

  /// Zeroed elements.
  func allocate<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type) throws -> UnsafeMutablePointer<Element> {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow else { throw Failure(.outOfMemory, "cannot allocate \(count) elements") }
    let block = try allocate(bytes)
    memset(block, 0, bytes)
    return block.bindMemory(to: type, capacity: count)
  }
}
