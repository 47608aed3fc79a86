import CNetsuke
import Testing

/// A model through the C functions, as a C program would hold it.
final class CModel {
  let handle: OpaquePointer?

  init(_ handle: OpaquePointer?) { self.handle = handle }
  deinit { nsk_model_release(handle) }

  static func load(_ path: String = Checkout.model) -> CModel {
    var handle: OpaquePointer?
    #expect(nsk_model_load(path, &handle) == NSK_OK, "\(String(cString: nsk_last_error()))")
    return CModel(handle)
  }

  /// The outputs of one run in a session of its own.
  func run(_ batch: Int, options: nsk_session_options? = nil) -> [Float] {
    let session = CSession(self, options)
    return session.run(batch)
  }

  /// The JSON that a function gives.
  static func json(_ get: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> nsk_status) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard get(&text) == NSK_OK, let text else { return nil }
    defer { nsk_string_release(text) }
    return String(cString: text)
  }
}

/// A session of the demo's network: f32[N, 1, 28, 28] to f32[N, 10].
final class CSession {
  let handle: OpaquePointer?

  init(_ model: CModel, _ options: nsk_session_options? = nil) {
    var session: OpaquePointer?
    var chosen = nsk_session_options()
    nsk_session_options_init(&chosen)
    chosen.threads = 1
    if let options { chosen = options }
    #expect(nsk_session_create(model.handle, &chosen, &session) == NSK_OK, "\(String(cString: nsk_last_error()))")
    handle = session
  }
  deinit { nsk_session_release(handle) }

  /// The same picture for everyone who asks for this batch.
  static func pixels(_ batch: Int) -> [Float] {
    (0..<batch * 784).map { Float(UInt32(truncatingIfNeeded: $0) &* 2_654_435_761 >> 16) / 65536 }
  }

  func run(_ batch: Int) -> [Float] {
    var pixels = CSession.pixels(batch)
    return pixels.withUnsafeMutableBytes { bytes in
      var input = CSession.input(batch, bytes.baseAddress, bytes.count), output = nsk_tensor()
      guard nsk_session_run(handle, &input, 1, &output, 1) == NSK_OK, let data = output.data else { return [] }
      return Array(UnsafeBufferPointer(start: data.assumingMemoryBound(to: Float.self), count: output.byte_size / 4))
    }
  }

  static func input(_ batch: Int, _ data: UnsafeMutableRawPointer?, _ bytes: Int) -> nsk_tensor {
    nsk_tensor(data: data, byte_size: bytes, dtype: nsk_dtype(NSK_F32), rank: 4, dims: (Int64(batch), 1, 28, 28, 0, 0, 0, 0))
  }
}
