#if canImport(Glibc)
  import Glibc
#endif
import Formats
import Tensors
import Testing

/// External data that is reached through links, devices and short files, in a folder made for the test.
@Suite final class ONNXExternalDataTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/netsuke-external-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&template)))
  }

  deinit {
    for name in ["external.data", "target", "inside"] { unlink(folder + "/" + name) }
    rmdir(folder)
  }

  private func put(_ bytes: [UInt8], _ path: String) throws {
    let file = try #require(fopen(path, "wb"))
    defer { fclose(file) }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
  }

  private func read() throws { _ = try ONNXReader.read(try ONNXFixture(name: "external").model(), directory: folder) }

  private func refusal() throws -> Failure { try #require(#expect(throws: Failure.self) { try self.read() }) }

  @Test func aFileBesideTheModelIsRead() throws {
    try put(try ONNXFixture.bytes("external.data"), folder + "/external.data")
    try read()
  }

  @Test func aLinkInsideTheFolderIsFollowed() throws {
    try put(try ONNXFixture.bytes("external.data"), folder + "/inside")
    #expect(symlink("inside", folder + "/external.data") == 0)
    try read()
  }

  @Test func aLinkOutOfTheFolderIsRefused() throws {
    #expect(symlink(ONNXFixture.folder + "/external.data", folder + "/external.data") == 0)
    let failure = try refusal()
    #expect(failure.status == .malformedFile)
    #expect(failure.message.contains("link out of the model's folder"))
  }

  /// Opening a pipe must not wait for a writer.
  @Test func aPipeIsRefused() throws {
    #expect(mkfifo(folder + "/external.data", 0o600) == 0)
    let failure = try refusal()
    #expect(failure.status == .inputOutput)
    #expect(failure.message.contains("not a regular file"))
  }

  @Test func aShortFileIsRefused() throws {
    try put(Array(try ONNXFixture.bytes("external.data").dropLast()), folder + "/external.data")
    let failure = try refusal()
    #expect(failure.status == .malformedFile)
    #expect(failure.message.contains("'external.data'"))
  }
}
