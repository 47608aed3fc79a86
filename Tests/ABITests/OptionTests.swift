import CNetsuke
import Testing

/// Option structs of older and newer programs.
@Suite struct OptionTests {
  private var weights: [Float] { [1, 2, 3, 4] }

  private func create(_ options: inout nsk_weights_options) -> nsk_status {
    var linear: OpaquePointer?
    let status = nsk_linear_create(weights, nil, 2, 2, &options, nil, &linear)
    #expect((linear != nil) == (status == NSK_OK))
    nsk_linear_release(linear)
    return status
  }

  @Test func initFunctionsAndMacrosAgree() {
    var session = nsk_session_options(), compress = nsk_compress_options(), run = nsk_run_options(), desc = nsk_conv2d_desc()
    nsk_session_options_init(&session)
    nsk_compress_options_init(&compress)
    nsk_run_options_init(&run)
    nsk_conv2d_desc_init(&desc)
    var factorize = nsk_factorize_options()
    nsk_factorize_options_init(&factorize)
    #expect(Int(factorize.struct_size) == MemoryLayout<nsk_factorize_options>.size && factorize.threads == 0)
    #expect(Int(session.struct_size) == MemoryLayout<nsk_session_options>.size && session.threads == 0)
    #expect(Int(compress.struct_size) == MemoryLayout<nsk_compress_options>.size)
    #expect(Int(run.struct_size) == MemoryLayout<nsk_run_options>.size)
    #expect(Int(desc.struct_size) == MemoryLayout<nsk_conv2d_desc>.size && desc.groups == 1 && desc.dilation_w == 1)
  }

  @Test func anOlderStructIsReadAsFarAsItGoes() {
    var options = nsk_weights_options()
    options.struct_size = 8
    options.format = Int32(NSK_WEIGHTS_INT8)
    // Beyond the older struct lies the caller's other memory.
    (options.input_min, options.input_max, options.reserved.0) = (.nan, .nan, 12345)
    #expect(create(&options) == NSK_OK)
  }

  @Test(arguments: [0, 1, 7, 4097, UInt32.max])
  func aSizeThatCannotBeIsRefused(size: UInt32) {
    var options = nsk_weights_options()
    options.struct_size = size
    #expect(create(&options) == NSK_INVALID_ARGUMENT)
    #expect(String(cString: nsk_last_error()).contains("struct_size"))
  }

  @Test func unknownFieldsMustBeZero() {
    var options = nsk_weights_options()
    nsk_weights_options_init(&options)
    options.reserved.3 = 1
    #expect(create(&options) == NSK_UNSUPPORTED)
    // A newer, longer struct: fine while what is new is zero.
    let size = MemoryLayout<nsk_weights_options>.size
    for (last, expected) in [(UInt8(0), NSK_OK), (1, NSK_UNSUPPORTED)] {
      withUnsafeTemporaryAllocation(byteCount: size + 16, alignment: 8) { memory in
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        memory.storeBytes(of: UInt32(size + 16), as: UInt32.self)
        memory[size + 15] = last
        var linear: OpaquePointer?
        let pointer = memory.baseAddress?.assumingMemoryBound(to: nsk_weights_options.self)
        #expect(nsk_linear_create(weights, nil, 2, 2, pointer, nil, &linear) == expected)
        nsk_linear_release(linear)
      }
    }
  }

  @Test func allocatorsComeInPairs() {
    var options = nsk_session_options()
    nsk_session_options_init(&options)
    options.allocate = { _, _, _ in nil }
    var model: OpaquePointer?, session: OpaquePointer?
    #expect(nsk_model_load(Checkout.model, &model) == NSK_OK)
    #expect(nsk_session_create(model, &options, &session) == NSK_INVALID_ARGUMENT)
    #expect(session == nil)
    nsk_model_release(model)
  }
}
