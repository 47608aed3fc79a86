#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Tensors

/// The files beside an ONNX file that hold its large tensors.
///
/// A model is data from outside: it may only name files below its own folder, by a relative path without `..`, and no symbolic
/// link may lead out of it.
final class ExternalData {
  /// Which bytes of which file.
  struct Place {
    var location = ""
    var offset = 0
    var length: Int?

    init(_ entries: [Onnx_StringStringEntryProto], _ what: String) throws {
      for entry in entries {
        switch entry.key {
        case "location": location = entry.value
        case "offset", "length":
          guard let number = Int(entry.value), number >= 0 else {
            throw Failure(.malformedFile, "the \(entry.key) '\(entry.value)' of the external data of \(what) is no number of bytes")
          }
          if entry.key == "offset" { offset = number } else { length = number }
        default: continue  // checksum, basepath
        }
      }
      let parts = location.split(separator: "/", omittingEmptySubsequences: false)
      guard !location.isEmpty, !location.utf8.contains(0), !location.hasPrefix("/"), !parts.contains(".."), !location.contains("\\") else {
        throw Failure(.malformedFile, "the external data of \(what) is at '\(location)'; only paths below the model's own folder are read")
      }
    }
  }

  private let directory: String?
  private let budget: MemoryBudget
  /// Resolved paths, since one file has many names.
  private var counted: Set<String> = []
  private var descriptors: [String: (descriptor: Int32, size: Int)] = [:]

  /// - Parameter directory: the model's folder; nil where the model has none (it came from memory).
  init(directory: String?, budget: MemoryBudget) {
    self.directory = directory
    self.budget = budget
  }

  deinit { for file in descriptors.values { close(file.descriptor) } }

  /// Bytes of one file that are known to be there.
  struct Bytes {
    fileprivate let descriptor: Int32
    fileprivate let offset: Int
    fileprivate let what: String

    /// Fills `out`, as long as it was asked for.
    func read(into out: UnsafeMutableRawBufferPointer) throws {
      var done = 0
      while done < out.count {
        let count = pread(descriptor, out.baseAddress.map { $0 + done }, out.count - done, off_t(offset + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Failure(.inputOutput, "cannot read the external data of \(what)", byteOffset: offset + done) }
        done += count
      }
    }
  }

  /// Finds `count` bytes at `place`, before anything is allocated for them.
  func bytes(at place: Place, count: Int, _ what: String) throws -> Bytes {
    let file = try opened(place.location, what)
    let (end, overflow) = place.offset.addingReportingOverflow(count)
    guard place.length ?? count == count, !overflow, end <= file.size else {
      throw Failure(
        .malformedFile,
        "\(what) needs \(count) bytes from byte \(place.offset) of '\(place.location)' (\(file.size) bytes), "
          + "length \(place.length ?? count)"
      )
    }
    return Bytes(descriptor: file.descriptor, offset: place.offset, what: what)
  }

  private func opened(_ location: String, _ what: String) throws -> (descriptor: Int32, size: Int) {
    if let known = descriptors[location] { return known }
    guard let directory else {
      throw Failure(.notFound, "\(what) is in the file '\(location)', but the model was given as bytes; load it by its path")
    }
    guard descriptors.count < 256 else { throw Failure(.unsupported, "the model's tensors are in more than 256 files") }
    let folder = directory.isEmpty ? "." : directory
    guard let root = ExternalData.resolved(folder), let path = ExternalData.resolved(folder + "/" + location) else {
      throw Failure(.notFound, "\(what) is in the file '\(location)', which is not beside the model")
    }
    guard path.hasPrefix(root == "/" ? root : root + "/") else {
      throw Failure(.malformedFile, "the external data '\(location)' of \(what) is a link out of the model's folder")
    }
    // The path is resolved: a link in its last place now would be one put there since.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { throw Failure(.inputOutput, "cannot open '\(location)', which holds \(what)") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Failure(.inputOutput, "'\(location)', which holds \(what), is not a regular file")
    }
    let file = (descriptor: descriptor, size: Int(status.st_size))
    descriptors[location] = file
    if counted.insert(path).inserted { budget.addFile(bytes: file.size) }
    return file
  }

  private static func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}
