import CNetsuke
import Testing

/// Networks built by name, through the C functions.
@Suite struct ArchitectureTests {
  func create(_ name: String, _ options: String?) -> (CModel?, nsk_status) {
    var handle: OpaquePointer?
    let status = nsk_architecture_create(name, options, &handle)
    #expect((handle != nil) == (status == NSK_OK))
    return (handle.map(CModel.init), status)
  }

  @Test func whatThereIs() throws {
    let names = try #require(CModel.json { nsk_architecture_names($0) })
    #expect(names.hasPrefix("[\"lenet_300_100\",") && names.contains("\"mobilenet_v2\""))
    let options = try #require(CModel.json { nsk_architecture_describe("shufflenet_v1", $0) })
    #expect(options.contains(#""key":"groups","accepts":"one of 1, 2, 3, 4, 8""#))
    #expect(CModel.json { nsk_architecture_describe("none", $0) } == nil)
    #expect(String(cString: nsk_last_error()).contains("mobilenet_v2"))
  }

  @Test func aNetworkIsAModel() throws {
    let (model, status) = create("lenet_5", "{\"classes\": 7, \"seed\": 3}")
    #expect(status == NSK_OK)
    var info = nsk_value_info()
    info.struct_size = UInt32(MemoryLayout<nsk_value_info>.size)
    #expect(nsk_model_output_info(model?.handle, 0, &info) == NSK_OK)
    #expect(info.rank == 2 && info.dims.0 == -1 && info.dims.1 == 7 && String(cString: info.name) == "output")
    let description = try #require(CModel.json { nsk_model_describe(model?.handle, $0) })
    // 431,080 with ten classes; three fewer of 500 weights and a bias each.
    #expect(description.contains("\"parameters\":\(431_080 - 3 * 501),"))
    #expect(create("lenet_5", nil).1 == NSK_OK && create("lenet_5", "{}").1 == NSK_OK)
  }

  @Test(arguments: [
    "", "[]", "7", "{", "{\"classes\": \"10\"}", "{\"classes\": null}", "{\"classes\": NaN}", "{\"classes\": -1}", "{\"classes\": 1e999}",
    "{\"classes\": 1.5}", "{\"classes\": 99999999999999999999}", "{\"width\": 1}", "{\"classes\": 1, \"classes\": 1}",
    "{\"resolution\": 2048, \"channels\": 1024, \"classes\": 1000000}", "{\"seed\": -1}", "{\"seed\": 9007199254740992}",
  ]) func badOptionsAreRefused(options: String) {
    #expect(create("lenet_300_100", options).1 == NSK_INVALID_ARGUMENT)
    #expect(!String(cString: nsk_last_error()).isEmpty)
  }

  @Test func unknownNames() {
    for name in ["", "LeNet", String(repeating: "x", count: 100_000)] {
      #expect(create(name, nil).1 == NSK_NOT_FOUND)
      #expect(String(cString: nsk_last_error()).utf8.count < 1000)
    }
  }
}
