import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The memory a plan owns: descriptors and packed constants, at addresses that never change.
///
/// Written while the plan is made, read-only afterwards; that is what makes `Sendable` true.
final class PlanMemory: @unchecked Sendable {
  /// Bytes that kernels may read, never use, behind a constant.
  static let slackBytes = 64

  /// Small constants lie side by side in chunks of one large page.
  private static let chunkBytes = LargePages.pageBytes

  private var blocks: [UnsafeMutableRawPointer] = []
  private var chunk: UnsafeMutableRawPointer?
  private var chunkLeft = 0
  private var keepers: [Storage] = []
  private(set) var constantBytes = 0

  deinit { for block in blocks { free(block) } }

  /// A copy of a plain-old-data struct.
  func place<Descriptor: BitwiseCopyable>(_ descriptor: Descriptor) throws -> UnsafeRawPointer {
    let block = try allocate(MemoryLayout<Descriptor>.size)
    block.storeBytes(of: descriptor, as: Descriptor.self)
    return UnsafeRawPointer(block)
  }

  /// Copies of plain-old-data structs, side by side.
  func place<Element: BitwiseCopyable>(_ elements: [Element]) throws -> UnsafePointer<Element> {
    let block = try allocate(elements.count * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: elements.count)
    for (index, element) in elements.enumerated() { (block + index).initialize(to: element) }
    return UnsafePointer(block)
  }

  /// Zeroed memory of `byteCount` bytes, 64-byte aligned, that counts as constants.
  func constant(byteCount: Int) throws -> UnsafeMutableRawPointer {
    constantBytes += byteCount
    return try allocate(byteCount)
  }

  /// The elements, copied.
  func constant<Element: BitwiseCopyable>(_ elements: [Element]) throws -> UnsafePointer<Element> {
    let block = try constant(byteCount: elements.count * MemoryLayout<Element>.stride)
    elements.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { block.copyMemory(from: base, byteCount: bytes.count) }
    }
    return UnsafePointer(block.assumingMemoryBound(to: Element.self))
  }

  /// The bytes of `tensor` where they lie; the plan keeps them alive.
  func constant(_ tensor: Tensor) -> UnsafeRawPointer {
    keepers.append(tensor.storage)
    constantBytes += tensor.byteCount
    return tensor.storage.base + tensor.byteOffset
  }

  private func allocate(_ byteCount: Int) throws -> UnsafeMutableRawPointer {
    guard byteCount >= 0, byteCount <= 1 << 46 else { throw Failure(.outOfMemory, "cannot allocate \(byteCount) bytes") }
    let rounded = (byteCount + PlanMemory.slackBytes + 63) & ~63
    if rounded > chunkLeft {
      // Small blocks share chunks; a large one has memory of its own, and the chunk at hand stays in use.
      guard rounded <= PlanMemory.chunkBytes / 4 else { return try zeroed(rounded) }
      chunk = try zeroed(PlanMemory.chunkBytes)
      chunkLeft = PlanMemory.chunkBytes
    }
    guard let block = chunk else { return try zeroed(rounded) }
    chunk = block + rounded
    chunkLeft -= rounded
    return block
  }

  private func zeroed(_ byteCount: Int) throws -> UnsafeMutableRawPointer {
    guard let block = LargePages.allocate(byteCount) else {
      throw Failure(.outOfMemory, "cannot allocate \(byteCount) bytes of packed weights")
    }
    memset(block, 0, byteCount)
    blocks.append(block)
    return block
  }
}
