import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files of the machine: read whole or mapped here, replaced in `FileAccess+Replace.swift`.
package enum FileAccess {
  /// Files smaller than this are copied into memory; larger ones are mapped.
  ///
  /// A mapped file must not be cut short in place while it is in use: the system then ends the process (SIGBUS) at the first
  /// read of a missing page. Replacing it by a rename, as `replace` does, is safe: the mapping keeps the old file.
  package static let mappingThreshold = 1 << 20

  /// The content of the file at `path`: a regular file, or a pipe, which is read to its end.
  /// - Throws: `notFound`, `inputOutput`, or `invalidArgument` for a path that is no path; the message names the file.
  package static func load(_ path: String) throws -> Storage {
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("cannot look at", path) }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      let byteCount = Int(status.st_size)
      return byteCount < mappingThreshold ? try copy(descriptor, byteCount, path) : try map(descriptor, byteCount, path)
    case S_IFIFO, S_IFSOCK: return try drain(descriptor, path)
    case S_IFDIR: throw Failure(.inputOutput, "'\(path)' is a folder; name a file in it")
    default: throw Failure(.inputOutput, "'\(path)' is a device, not a file")
    }
  }

  /// - Throws: where `path` is empty or holds a zero byte, which the system would take for its end.
  static func check(_ path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw Failure(.invalidArgument, "the path is empty or holds a zero byte") }
  }

  /// The failed system call's reason, with the file's name.
  static func failure(_ what: String, _ path: String, code: Int32 = errno) -> Failure {
    Failure(code == ENOENT || code == ENOTDIR ? .notFound : .inputOutput, "\(what) '\(path)': \(String(cString: strerror(code)))")
  }

  private static func openForReading(_ path: String) throws -> Int32 {
    try check(path)
    // Without O_NONBLOCK, opening a pipe that nothing writes to would wait for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("cannot open", path) }
    return descriptor
  }

  private static func map(_ descriptor: Int32, _ byteCount: Int, _ path: String) throws -> Storage {
    let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw failure("cannot map", path) }
    return Storage(borrowing: address, byteCount: byteCount, keeper: Mapping(address, byteCount))
  }

  private static func copy(_ descriptor: Int32, _ byteCount: Int, _ path: String) throws -> Storage {
    try Storage(byteCount: byteCount) { bytes in
      var position = 0
      while position < byteCount {
        let count = read(descriptor, bytes.baseAddress?.advanced(by: position), byteCount - position)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw failure("cannot read", path) }
        guard count > 0 else { throw Failure(.inputOutput, "'\(path)' became shorter while it was read", byteOffset: position) }
        position += count
      }
    }
  }
}

/// A mapped file; unmapped when the last tensor that borrows from it is gone.
private final class Mapping {
  private let address: UnsafeMutableRawPointer
  private let byteCount: Int

  init(_ address: UnsafeMutableRawPointer, _ byteCount: Int) {
    self.address = address
    self.byteCount = byteCount
  }

  deinit { munmap(address, byteCount) }
}
