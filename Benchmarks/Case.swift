import KernelContract

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

  init<D: StepDescriptor>(_ name: String, macs: Double = 0, bytes: Double, _ descriptor: D, _ buffers: [Buffer]) {
    self.name = name
    family = D.family
    self.macs = macs
    self.bytes = bytes
    let scratch = Buffer(bytes: descriptor.scratchBytes)
    let pointers = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: buffers.count)
    for (index, buffer) in buffers.enumerated() { pointers[index] = buffer.base }
    let copy = UnsafeMutablePointer<D>.allocate(capacity: 1)
    copy.initialize(to: descriptor)
    run = { entry in entry.step(copy, pointers, 0, copy.pointee.taskCount, scratch.base) }
  }
}

/// Memory for the life of the process, filled with small numbers.
struct Buffer {
  let base: UnsafeMutableRawPointer

  init(bytes: Int) {
    base = .allocate(byteCount: bytes + 64, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes + 64)
  }

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
