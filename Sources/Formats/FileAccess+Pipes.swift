import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FileAccess {
  /// What a pipe may deliver in all, so that an endless one cannot fill the memory.
  private static let pipeLimit = 4 << 30
  /// How long a pipe may be silent.
  private static let silenceMilliseconds: Int32 = 30_000

  /// Reads a pipe (opened without blocking) to its end.
  static func drain(_ descriptor: Int32, _ path: String) throws -> Storage {
    var content: [UInt8] = []
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
      while true {
        try wait(descriptor, path)
        let count = read(descriptor, chunk.baseAddress, chunk.count)
        if count < 0, errno == EINTR || errno == EAGAIN { continue }
        guard count >= 0 else { throw failure("cannot read", path) }
        if count == 0 { return }
        guard content.count + count <= pipeLimit else { throw Failure(.inputOutput, "'\(path)' delivers more than \(pipeLimit) bytes") }
        content.append(contentsOf: chunk[..<count])
      }
    }
    return try Storage(byteCount: content.count) { bytes in content.withUnsafeBytes { bytes.copyMemory(from: $0) } }
  }

  private static func wait(_ descriptor: Int32, _ path: String) throws {
    var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let ready = poll(&query, 1, silenceMilliseconds)
    if ready < 0, errno != EINTR { throw failure("cannot read", path) }
    guard ready != 0 else { throw Failure(.inputOutput, "'\(path)' is a pipe that delivered nothing for \(silenceMilliseconds / 1000) s") }
  }
}
