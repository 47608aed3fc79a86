#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A run of bytes: owned (64-byte aligned), or borrowed from a keeper such as a mapped file.
///
/// Immutable once shared: only the closure given to `init(byteCount:fill:)` may write. That is what makes `Sendable` true.
package final class Storage: @unchecked Sendable {
  /// Bytes that may be read (never written) past the end of every owned storage, so that kernels may load whole vectors.
  package static let slackBytes = 64
  package static let alignment = 64

  package let base: UnsafeRawPointer
  package let byteCount: Int
  private let keeper: AnyObject?

  /// Allocates zeroed memory and lets `fill` write it.
  /// - Throws: `outOfMemory`, or what `fill` throws.
  package init(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void = { _ in }) throws {
    guard byteCount >= 0, byteCount <= Int.max - 2 * Storage.slackBytes else {
      throw Failure(.outOfMemory, "cannot allocate \(byteCount) bytes")
    }
    let rounded = (byteCount + Storage.slackBytes + Storage.alignment - 1) & ~(Storage.alignment - 1)
    guard let memory = aligned_alloc(Storage.alignment, rounded) else {
      throw Failure(.outOfMemory, "cannot allocate \(byteCount) bytes")
    }
    memset(memory, 0, rounded)
    do { try fill(UnsafeMutableRawBufferPointer(start: memory, count: byteCount)) } catch {
      free(memory)
      throw error
    }
    base = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    keeper = nil
  }

  /// Borrows `byteCount` bytes at `base`, which `keeper` keeps alive and unchanged.
  package init(borrowing base: UnsafeRawPointer, byteCount: Int, keeper: AnyObject) {
    self.base = base
    self.byteCount = byteCount
    self.keeper = keeper
  }

  deinit { if keeper == nil { free(UnsafeMutableRawPointer(mutating: base)) } }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}
