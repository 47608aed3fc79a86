import Formats
import Tensors
import Testing

/// What must be refused, with which status, and what the message must say.
@Suite struct ONNXRefusalTests {
  struct Case: CustomTestStringConvertible {
    let name: String
    let status: Failure.Status
    let says: [String]
    var testDescription: String { name }

    init(_ name: String, _ status: Failure.Status, _ says: String...) {
      self.name = name
      self.status = status
      self.says = says
    }
  }

  static let cases = [
    Case("operators", .unsupported, "3 operators", "Erf ('first', node 2)", "com.microsoft::FusedConv ('fused')", "If ('if')"),
    Case("opset", .unsupported, "opset 6", "7 to 22"),
    Case("dropout-mask", .unsupported, "mask", "(node 'dropout')"),
    Case("dropout-training", .unsupported, "training mode", "eval()"),
    Case("maxpool-indices", .unsupported, "indices of MaxPool", "(node 'maxpool')"),
    Case("spatial-rank", .unsupported, "Conv over 3 spatial dimensions", "(node 'conv')"),
    Case("batchnorm-training", .unsupported, "training mode"),
    Case("blocked", .unsupported, "block_size"),
    Case("undefined-input", .malformedFile, "'nowhere'", "(node 'add')"),
    Case("made-twice", .malformedFile, "'y' is made twice", "(node 'sigmoid')"),
    Case("cycle", .malformedFile, "cycle", "'one'", "'two'"),
    Case("output-missing", .malformedFile, "'z'"),
    Case("attribute-unknown", .unsupported, "'slope' of Relu"),
    Case("attribute-type", .malformedFile, "'alpha' of LeakyRelu must be a float"),
    Case("string-tensor", .unsupported, "initializer 's'", "string"),
    Case("raw-size", .malformedFile, "initializer 'conv1_w' has 93 bytes", "24 elements", "(at byte "),
    Case("huge-dims", .malformedFile, "initializer 'conv1_w'", "too large"),
    Case("negative-dims", .malformedFile, "initializer 'conv1_w'", "negative"),
    Case("initializer-twice", .malformedFile, "'conv1_w' is there twice"),
    Case("external-parent", .malformedFile, "'../external.data'", "below the model's own folder"),
    Case("external-absolute", .malformedFile, "'/etc/passwd'"),
    Case("external-missing", .notFound, "'nowhere.data'", "initializer 'conv1_w'"),
    Case("external-beyond", .malformedFile, "from byte 1000000 of 'external.data'"),
    Case("external-negative", .malformedFile, "offset '-5'"),
    Case("cut-off", .malformedFile, "cut off", "(at byte "),
    Case("utf8", .malformedFile, "UTF-8", "(at byte "),
    Case("no-graph", .malformedFile, "no graph"),
  ]

  @Test(arguments: cases) func aBadModelIsRefusedWithItsReason(refused: Case) throws {
    let storage = try ONNXFixture.storage(try ONNXFixture.bytes("refused-\(refused.name).onnx"))
    let failure = #expect(throws: Failure.self) { try ONNXReader.read(storage, directory: ONNXFixture.folder) }
    let failed = try #require(failure)
    #expect(failed.status == refused.status)
    for part in refused.says { #expect(failed.description.contains(part), "\(failed)") }
  }

  @Test func anEmptyFileIsNoModel() throws {
    let failure = #expect(throws: Failure.self) { try ONNXReader.read(try ONNXFixture.storage([])) }
    #expect(failure?.status == .malformedFile)
  }
}
