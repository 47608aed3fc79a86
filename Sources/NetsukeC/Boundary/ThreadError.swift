import CNetsuke
import Netsuke

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The last failure of the calling thread, as C text that lives until the thread's next failure.
final class ThreadError {
  private(set) var message: UnsafeMutablePointer<CChar>?
  private(set) var node: UnsafeMutablePointer<CChar>?
  private(set) var offset: Int64 = -1

  deinit {
    free(message)
    free(node)
  }

  func set(_ failure: Failure) {
    free(message)
    free(node)
    message = strdup(failure.description)
    node = failure.node.flatMap { strdup($0) }
    offset = failure.byteOffset.map(Int64.init) ?? -1
  }

  private static let key: pthread_key_t? = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key) { value in
      if let value { Unmanaged<ThreadError>.fromOpaque(value).release() }
    }
    return status == 0 ? key : nil
  }()

  /// The calling thread's, nil where it has none yet.
  static var current: ThreadError? {
    guard let key, let value = pthread_getspecific(key) else { return nil }
    return Unmanaged<ThreadError>.fromOpaque(value).takeUnretainedValue()
  }

  static func record(_ failure: Failure) {
    if let current { return current.set(failure) }
    guard let key else { return }
    let fresh = ThreadError()
    fresh.set(failure)
    let retained = Unmanaged.passRetained(fresh)
    if pthread_setspecific(key, retained.toOpaque()) != 0 { retained.release() }
  }
}

/// Runs the body of a C function: its failure becomes the thread's last error and the status.
func attempt(_ body: () throws -> Void) -> nsk_status {
  do {
    try body()
    return nsk_status(NSK_OK)
  } catch {
    let failure = error as? Failure ?? Failure(.internal, "\(error)")
    ThreadError.record(failure)
    return failure.status.rawValue
  }
}
