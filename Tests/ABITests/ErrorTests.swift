import CNetsuke
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a failed call leaves behind.
@Suite struct ErrorTests {
  @Test func aMissingFileIsNamed() {
    var model: OpaquePointer? = OpaquePointer(bitPattern: 0x10)
    #expect(nsk_model_load("/nowhere/net.onnx", &model) == NSK_NOT_FOUND)
    #expect(model == OpaquePointer(bitPattern: 0x10), "out-parameters are left alone")
    #expect(String(cString: nsk_last_error()).contains("/nowhere/net.onnx"))
    #expect(nsk_last_error_offset() == -1)
  }

  @Test func aDamagedFileHasAnOffset() {
    var model: OpaquePointer?
    let bytes = Array("NSK?".utf8) + [UInt8](repeating: 0xFF, count: 200)
    let status = nsk_model_load_memory(bytes, bytes.count, &model)
    #expect(status == NSK_MALFORMED_FILE || status == NSK_UNSUPPORTED)
    #expect(model == nil)
  }

  @Test func textMustBeUTF8() {
    var model: OpaquePointer?
    let path: [CChar] = [CChar(bitPattern: 0xFF), CChar(bitPattern: 0xFE), 0]
    #expect(nsk_model_load(path, &model) == NSK_INVALID_ARGUMENT)
  }

  @Test func aHandleOfAnotherKindIsRefused() {
    var linear: OpaquePointer?, json: UnsafeMutablePointer<CChar>?
    #expect(nsk_linear_create([1, 2, 3, 4] as [Float], nil, 2, 2, nil, nil, &linear) == NSK_OK)
    #expect(nsk_model_describe(linear, &json) == NSK_INVALID_ARGUMENT)
    #expect(String(cString: nsk_last_error()).contains("nsk_model"))
    // Releasing it as something else leaves it alive.
    nsk_model_release(linear)
    #expect(nsk_linear_bytes(linear) > 0)
    nsk_linear_release(linear)
  }

  @Test func everyThreadHasItsOwn() {
    #expect(nsk_check_abi(0) == NSK_UNSUPPORTED)
    let mine = String(cString: nsk_last_error())
    var thread = pthread_t()
    let made = pthread_create(
      &thread, nil,
      { _ in
        // A fresh thread has no error; its own does not reach the other one.
        let isEmpty = nsk_last_error().pointee == 0
        var model: OpaquePointer?
        let failed = nsk_model_load("/nowhere/at-all", &model) == NSK_NOT_FOUND
        return isEmpty && failed ? UnsafeMutableRawPointer(bitPattern: 1) : nil
      }, nil)
    #expect(made == 0)
    var result: UnsafeMutableRawPointer?
    pthread_join(thread, &result)
    #expect(result != nil)
    #expect(String(cString: nsk_last_error()) == mine)
  }

  @Test func misalignedMemoryIsRefused() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { memory in
      memory.initializeMemory(as: UInt8.self, repeating: 0)
      guard let base = memory.baseAddress else { return }
      var mask = [UInt8](repeating: 9, count: 4)
      let floats = UnsafePointer<Float>(OpaquePointer(base + 1))
      #expect(nsk_prune_magnitude(floats, 4, 0.5, &mask) == NSK_INVALID_ARGUMENT)
      #expect(mask == [9, 9, 9, 9])
    }
  }
}
