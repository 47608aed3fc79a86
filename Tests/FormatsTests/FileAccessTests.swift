import Formats
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder that is gone after the test.
final class Scratch {
  let path: String

  init() throws {
    var template = Array("/tmp/netsuke-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(.inputOutput, "no scratch folder") }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit {
    for name in names { unlink(path + "/" + name) }
    rmdir(path)
  }

  var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

@Suite struct FileAccessTests {
  private func replace(_ path: String, _ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try FileAccess.replace(path, with: $0) } }

  private func content(_ path: String) throws -> [UInt8] {
    let storage = try FileAccess.load(path)
    return withExtendedLifetime(storage) { Array(storage.bytes) }
  }

  /// Below, at and above the size from which files are mapped.
  @Test(arguments: [0, 1, 4095, 4096, FileAccess.mappingThreshold - 1, FileAccess.mappingThreshold, FileAccess.mappingThreshold + 5])
  func whatIsWrittenIsRead(count: Int) throws {
    let scratch = try Scratch()
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    try replace(scratch.path + "/a", bytes)
    #expect(try content(scratch.path + "/a") == bytes)
    #expect(scratch.names == ["a"])
  }

  @Test func aMappedFileOutlivesItsReplacement() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/model"
    try replace(path, [UInt8](repeating: 1, count: 2 << 20))
    let old = try FileAccess.load(path)
    try replace(path, [2])
    #expect(old.bytes.allSatisfy { $0 == 1 } && old.byteCount == 2 << 20)
    #expect(try content(path) == [2])
  }

  @Test func permissionsAndLinksAreKept() throws {
    let scratch = try Scratch()
    let (file, link) = (scratch.path + "/file", scratch.path + "/link")
    try replace(file, [1])
    #expect(chmod(file, 0o640) == 0 && symlink("file", link) == 0)
    try replace(link, [2, 3])
    #expect(try content(file) == [2, 3])
    var status = stat()
    #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(stat(file, &status) == 0 && status.st_mode & 0o7777 == 0o640)
    #expect(scratch.names == ["file", "link"])
  }

  @Test func whatCannotBeReadSaysWhy() throws {
    let scratch = try Scratch()
    #expect(symlink("nowhere", scratch.path + "/dangling") == 0)
    for (path, status, word) in [
      (scratch.path + "/absent", Failure.Status.notFound, "absent"), (scratch.path, .inputOutput, "folder"),
      ("", .invalidArgument, "empty"),
      ("a\0b", .invalidArgument, "zero byte"), ("/dev/zero", .inputOutput, "device"), (scratch.path + "/dangling", .notFound, "dangling"),
    ] {
      let failure = #expect(throws: Failure.self) { try FileAccess.load(path) }
      #expect(failure?.status == status && failure?.message.contains(word) == true, "\(path): \(String(describing: failure))")
    }
    #expect(throws: Failure.self) { try replace(scratch.path, [1]) }
    #expect(throws: Failure.self) { try replace(scratch.path + "/dangling", [1]) }
    #expect(throws: Failure.self) { try replace(scratch.path + "/no/folder", [1]) }
    #expect(throws: Failure.self) { try replace("/dev/full", [1]) }
    #expect(scratch.names == ["dangling"])
  }

  @Test func aPipeIsReadToItsEnd() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let bytes = [UInt8](repeating: 9, count: 3000)
    #expect(write(ends[1], bytes, bytes.count) == bytes.count)
    close(ends[1])
    #expect(try content("/proc/self/fd/\(ends[0])") == bytes)
    close(ends[0])
  }

  /// A file system with room for less than the file; only where the machine lets us make one.
  @Test func aFullDiskLeavesTheOldFile() throws {
    let scratch = try Scratch()
    guard mount("tmpfs", scratch.path, "tmpfs", 0, "size=64k") == 0 else { return }
    defer { umount(scratch.path) }
    let path = scratch.path + "/model.nsk"
    try replace(path, [1, 2, 3])
    let failure = #expect(throws: Failure.self) { try replace(path, [UInt8](repeating: 7, count: 1 << 20)) }
    #expect(failure?.status == .inputOutput && failure?.message.contains("No space left") == true)
    #expect(try content(path) == [1, 2, 3])
    #expect(scratch.names == ["model.nsk"])
  }
}

/// Text and pictures are called what they are.
@Test func otherFilesAreNoModels() throws {
  for text in ["hello, world\n", "\u{89}PNG\r\n"] {
    #expect {
      _ = try NSKSamples.read(Array(text.utf8))
    } throws: {
      let failure = $0 as? Failure
      return failure?.status == .malformedFile && failure?.message.hasPrefix("this is neither a .nsk file nor an ONNX model") == true
    }
  }
}
