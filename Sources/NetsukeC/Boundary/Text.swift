import Netsuke

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Text that C may read as long as this lives. Never written after `init`, which is what makes `Sendable` true.
final class LentTexts: @unchecked Sendable {
  private let texts: [UnsafeMutablePointer<CChar>?]

  init(_ texts: [String]) { self.texts = texts.map { strdup($0) } }
  deinit { texts.forEach { free($0) } }

  subscript(index: Int) -> UnsafePointer<CChar>? {
    texts.indices.contains(index) ? texts[index].map { UnsafePointer($0) } : nil
  }
}

/// A caller's text.
/// - Throws: `invalidArgument` for NULL and for what is not UTF-8.
func text(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws -> String {
  guard let pointer else { throw Failure(.invalidArgument, "\(name) is NULL") }
  guard let text = String(validatingCString: pointer) else { throw Failure(.invalidArgument, "\(name) is not UTF-8") }
  return text
}

/// Hands text to the caller, who gives it back to nsk_string_release.
func give(_ text: String, to out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws {
  guard let copy = strdup(text) else { throw Failure(.outOfMemory, "cannot allocate \(text.utf8.count) bytes") }
  out.pointee = copy
}

/// Static text as C text.
func lend(_ text: StaticString) -> UnsafePointer<CChar> { UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self) }
