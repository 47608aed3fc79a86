import CNetsuke
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct CompressionTests {
  let model = CModel.load()

  /// What the callbacks of one compression share.
  final class Caller {
    var pixels = CSession.pixels(1)
    var asked = 0
    var failsAt = Int.max
    var cancelsAfter = Int.max
    var reports = 0
  }

  func compress(_ recipe: String, samples: Int = 0, _ caller: Caller = Caller()) -> (CModel?, nsk_status) {
    withExtendedLifetime(caller) {
      let user = Unmanaged.passUnretained(caller).toOpaque()
      var dataset = nsk_dataset(
        struct_size: UInt32(MemoryLayout<nsk_dataset>.size), reserved: 0, count: samples,
        get: { user, index, inputs, count in
          guard let user, let inputs, count == 1 else { return 9 }
          let caller = Unmanaged<Caller>.fromOpaque(user).takeUnretainedValue()
          caller.asked += 1
          if index >= caller.failsAt { return 7 }
          caller.pixels.withUnsafeMutableBytes { inputs[0] = CSession.input(1, $0.baseAddress, $0.count) }
          return 0
        }, user: user)
      var options = nsk_compress_options()
      nsk_compress_options_init(&options)
      options.threads = 1
      options.progress_user = user
      options.progress = { user, phase, done, total in
        guard let user, phase != nil, done <= total else { return 1 }
        let caller = Unmanaged<Caller>.fromOpaque(user).takeUnretainedValue()
        caller.reports += 1
        return caller.reports > caller.cancelsAfter ? 1 : 0
      }
      var small: OpaquePointer?
      let status = nsk_model_compress(model.handle, recipe, &dataset, &options, &small)
      #expect((small != nil) == (status == NSK_OK))
      return (small.map(CModel.init), status)
    }
  }

  func size(_ model: CModel?, format: Int32) -> Int {
    var bytes = 0
    let status = withUnsafeMutablePointer(to: &bytes) { bytes in
      nsk_model_write(
        model?.handle, format,
        { user, _, size in
          user?.assumingMemoryBound(to: Int.self).pointee += size
          return 0
        }, UnsafeMutableRawPointer(bytes))
    }
    return status == NSK_OK ? bytes : -1
  }

  @Test(arguments: ["prune80", "weights-int8", "int8", "prune80-int8"])
  func shippedRecipesMakeTheFileSmaller(recipe: String) throws {
    let caller = Caller()
    let (small, status) = compress(recipe, samples: 4, caller)
    #expect(status == NSK_OK, "\(String(cString: nsk_last_error()))")
    #expect(caller.reports > 0)
    #expect(size(small, format: Int32(NSK_FORMAT_NSK)) * 2 < size(model, format: Int32(NSK_FORMAT_NSK)))
    #expect(CModel.json { nsk_model_report(small?.handle, $0) }?.contains("\"layers\":[") == true)
    #expect(nsk_model_report(model.handle, nil) == NSK_INVALID_ARGUMENT)
    // From the file: the same bits.
    let path = "/tmp/netsuke-abi-\(getpid())-\(recipe).nsk"
    defer { unlink(path) }
    #expect(nsk_model_save(small?.handle, path) == NSK_OK)
    let expected = small?.run(2) ?? []
    #expect(expected.count == 20 && CModel.load(path).run(2) == expected)
  }

  @Test func aModelThatWasNotCompressedHasNoReport() {
    var json: UnsafeMutablePointer<CChar>?
    #expect(nsk_model_report(model.handle, &json) == NSK_NOT_FOUND && json == nil)
  }

  @Test func aFailingCallbackEndsIt() {
    let caller = Caller()
    caller.failsAt = 2
    #expect(compress("int8", samples: 4, caller).1 == NSK_CALLBACK)
    #expect(String(cString: nsk_last_error()).contains("sample 2"))
    let sink: nsk_write_fn = { _, _, _ in 5 }
    #expect(nsk_model_write(model.handle, Int32(NSK_FORMAT_NSK), sink, nil) == NSK_CALLBACK)
    #expect(nsk_model_write(model.handle, 3, sink, nil) == NSK_INVALID_ARGUMENT)
  }

  @Test func progressCancels() {
    let caller = Caller()
    caller.cancelsAfter = 1
    #expect(compress("int8", samples: 4, caller).1 == NSK_CANCELLED)
  }

  @Test(arguments: [
    "", "{", "[]", "{}", "{\"steps\": []}", "{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": 2}]}",
    "{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsety\": 0.5}]}", "{\"steps\": [{\"method\": \"prune.everything\"}]}", "int9",
  ])
  func wrongRecipesAreRefused(recipe: String) {
    #expect(compress(recipe).1 == NSK_RECIPE)
    #expect(String(cString: nsk_last_error()) != "")
  }

  @Test func calibrationNeedsSamples() { #expect(compress("int8").1 == NSK_RECIPE) }

  @Test func recipesAndMethodsAreTold() {
    let names = CModel.json { nsk_recipe_names($0) }
    #expect(names?.contains("\"prune80\"") == true)
    #expect(CModel.json { nsk_recipe_get("prune80", $0) }?.contains("prune.magnitude") == true)
    var json: UnsafeMutablePointer<CChar>?
    #expect(nsk_recipe_get("nothing", &json) == NSK_NOT_FOUND && json == nil)
    #expect(CModel.json { nsk_methods_describe($0) }?.contains("\"sparsity\"") == true)
  }
}
