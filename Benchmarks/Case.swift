import KernelContract

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One thing to time: a descriptor with its buffers, and what it costs by definition.
struct Case {
  var name: String
  var family: KernelFamily
  /// Multiply-accumulates, 0 where bytes are what counts.
  var macs: Double
  /// Bytes read and written once.
  var bytes: Double
  /// Runs every task of the step once on this thread.
  var run: (KernelEntry) -> Void

  /// - Parameter others: descriptors that differ from the first in their weights only; calls take turns, so that the weights come from
  ///   farther away than the cache that the first one's would stay in.
  init<D: StepDescriptor>(
    _ name: String, macs: Double = 0, bytes: Double, _ descriptor: D, _ buffers: [Buffer], others: [D] = []
  ) {
    self.name = name
    family = D.family
    self.macs = macs
    self.bytes = bytes
    let scratch = Buffer(bytes: descriptor.scratchBytes)
    let pointers = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: buffers.count)
    for (index, buffer) in buffers.enumerated() { pointers[index] = buffer.base }
    let copies = UnsafeMutablePointer<D>.allocate(capacity: 1 + others.count)
    for (index, descriptor) in ([descriptor] + others).enumerated() { (copies + index).initialize(to: descriptor) }
    let count = 1 + others.count
    var turn = 0
    run = { entry in
      entry.step(copies + turn, pointers, 0, copies.pointee.taskCount, scratch.base)
      turn = turn + 1 == count ? 0 : turn + 1
    }
  }
}

/// Memory for the life of the process, filled with small numbers.
struct Buffer {
  let base: UnsafeMutableRawPointer

  init(bytes: Int) {
    // As a plan's memory: on large pages where the system has them.
    let page = 2 << 20
    base = .allocate(byteCount: bytes + 64, alignment: bytes >= page ? page : 64)
    #if os(Linux)
      if bytes >= page { _ = madvise(base, bytes & ~(page - 1), Int32(MADV_HUGEPAGE)) }
    #endif
    base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes + 64)
  }

  /// For large ones that are needed no longer.
  func free() { base.deallocate() }

  static func floats(_ count: Int) -> Buffer {
    let buffer = Buffer(bytes: 4 * count)
    let p = buffer.base.assumingMemoryBound(to: Float.self)
    for i in 0..<count { p[i] = Float((i &* 7919) % 101 - 50) / 50 }
    return buffer
  }

  static func codes(_ count: Int) -> Buffer {
    let buffer = Buffer(bytes: count)
    let p = buffer.base.assumingMemoryBound(to: UInt8.self)
    for i in 0..<count { p[i] = UInt8(truncatingIfNeeded: (i &* 7919) % 251) }
    return buffer
  }

  func pointer<T>(_ type: T.Type = T.self) -> UnsafeMutablePointer<T> { base.assumingMemoryBound(to: T.self) }
}
