import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FileAccess {
  /// Puts a file with `bytes` at `path`, whole or not at all.
  ///
  /// The bytes go to a new file in the same folder, reach the disk, and then take the name: a failure leaves a file that was
  /// there as it was, and no other. A symbolic link is followed: the file it points to is replaced, the link stays. The old
  /// file's permissions are kept, its owner where the process may; its other hard links keep the old content.
  /// - Throws: `inputOutput` or `notFound`; the message names the file and the system's reason.
  package static func replace(_ path: String, with bytes: UnsafeRawBufferPointer) throws {
    try check(path)
    var old = stat()
    let target = try resolve(path)
    let isThere = stat(target, &old) == 0
    if isThere {
      guard old.st_mode & S_IFMT == S_IFREG else {
        throw Failure(.inputOutput, "'\(path)' is a folder or a device, not a file that can be replaced")
      }
      guard access(target, W_OK) == 0 else { throw failure("cannot replace", path) }
    }
    let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "./"
    let temporary = folder + ".netsuke-\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure("cannot write into the folder of", path) }
    do {
      do {
        if isThere { try copyPermissions(of: old, to: descriptor, path) }
        try writeAll(bytes, to: descriptor, path)
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw unchanged("cannot write", path) }
      guard rename(temporary, target) == 0 else { throw unchanged("cannot replace", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    flush(folder)
  }

  /// The file that `path` means: itself, or what a symbolic link leads to.
  private static func resolve(_ path: String) throws -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
    guard let real = realpath(path, nil) else { throw Failure(.inputOutput, "'\(path)' is a symbolic link that leads to no file") }
    defer { free(real) }
    return String(cString: real)
  }

  private static func copyPermissions(of old: stat, to descriptor: Int32, _ path: String) throws {
    // Only a privileged process may give the file to another owner; the new one then has the process's own.
    let isOwned = fchown(descriptor, old.st_uid, old.st_gid) == 0
    guard fchmod(descriptor, old.st_mode & (isOwned ? 0o7777 : 0o777)) == 0 else { throw unchanged("cannot keep the permissions of", path) }
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
    var position = 0
    while position < bytes.count {
      let count = write(descriptor, bytes.baseAddress?.advanced(by: position), bytes.count - position)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw unchanged("cannot write all \(bytes.count) bytes of", path) }
      position += count
    }
    guard fsync(descriptor) == 0 else { throw unchanged("cannot write", path) }
  }

  private static func unchanged(_ what: String, _ path: String) -> Failure {
    var failure = failure(what, path)
    failure.message += "; what was there before is unchanged"
    return failure
  }

  /// Makes the rename itself durable. Some file systems cannot; the file is in place all the same.
  private static func flush(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }
}
