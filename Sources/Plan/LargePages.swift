#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory on pages of 2 MiB where the system has them to give.
///
/// A network streams its weights at every run: on pages of 4 KiB the processor's look-ahead stops at every page, and many megabytes miss
/// the translation buffers. Where transparent large pages are switched off the advice changes nothing.
package enum LargePages {
  package static let pageBytes = 2 << 20

  /// Memory with undefined contents, 64-byte aligned, to be given back with `free`; nil where there is none.
  ///
  /// A block of at least a page begins at a page; what is over at its end lies on small pages, so that no memory is lost.
  package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount >= pageBytes else { return aligned_alloc(64, max(64, byteCount)) }
    let block = aligned_alloc(pageBytes, byteCount)
    #if os(Linux)
      if let block { _ = madvise(block, byteCount & ~(pageBytes - 1), Int32(MADV_HUGEPAGE)) }
    #endif
    return block
  }
}
