import Formats
import Graph
import Reference
import Tensors
import Testing

@Suite struct ONNXReaderTests {
  @Test func theFixturesAreThere() {
    #expect(ONNXFixture.all.count == 150)
  }

  /// Reads the model, holds the graph against the verifier, and the interpreter's outputs against onnxruntime's.
  @Test(arguments: ONNXFixture.all) func aModelGivesWhatAnotherEngineGives(fixture: ONNXFixture) throws {
    let graph = try ONNXReader.read(try fixture.model(), directory: ONNXFixture.folder)
    try Verifier.verify(graph)
    let expected = try fixture.tensors().outputs
    let outputs = try Interpreter(graph).run(try fixture.inputs(of: graph))
    #expect(graph.outputs.map { graph[$0].name } == expected.map(\.name))
    for (output, expected) in zip(outputs, expected) {
      #expect(output.shape == expected.tensor.shape)
      #expect(output.dtype == expected.tensor.dtype)
      let (ours, theirs) = (output.doubles(), expected.tensor.doubles())
      if !output.dtype.isFloat {
        #expect(ours == theirs)
        continue
      }
      let scale = theirs.reduce(0) { max($0, abs($1)) }
      let error = zip(ours, theirs).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(error <= fixture.tolerance * scale, "\(expected.name): \(error) of \(scale)")
    }
  }

  /// Nothing of older forms is left: the graph has parameters as inputs, whatever the file had.
  @Test(arguments: ["clip-6", "slice-1", "pad-2", "squeeze-1", "split-2", "reducemean-13"])
  func oldAttributesBecomeInputs(name: String) throws {
    let graph = try ONNXReader.read(try ONNXFixture(name: name).model())
    let parameters: Set = ["min", "max", "starts", "ends", "axes", "pads", "value", "split"]
    for node in graph.nodes { #expect(parameters.isDisjoint(with: node.attributes.names), "\(node.name)") }
    #expect(graph.nodes.contains { $0.inputs.count > 1 })
  }

  @Test func quantizedWeightsStaySmall() throws {
    let graph = try ONNXReader.read(try ONNXFixture(name: "quantized-weights").model())
    let conv = try #require(graph.nodes.first { $0.op == .conv })
    let weight = try #require(graph[try conv.requiredInput(1)].constant)
    #expect(weight.elements.stored.dtype == .s8)
    #expect(weight.quantization?.axis == 0)
    #expect(weight.quantization?.scales.count == 6)
    // The s32 bias becomes floats; the activations keep their pair of nodes.
    #expect(graph[try conv.requiredInput(2)].constant?.plain?.dtype == .f32)
    #expect(graph.nodes.map(\.op) == [.quantizeLinear, .dequantizeLinear, .conv, .mul, .mul])
    #expect(graph.values.compactMap(\.constant?.quantization).count == 3)
  }

  @Test(arguments: ["sparse-initializer", "sparse-coordinates"]) func sparseInitializersBecomeBitmaps(name: String) throws {
    let graph = try ONNXReader.read(try ONNXFixture(name: name).model())
    let weight = try #require(graph[try graph.nodes[0].requiredInput(1)].constant)
    guard case .bitmap = weight.arrangement else {
      Issue.record("\(weight.summary)")
      return
    }
    #expect(weight.elements.stored.count < weight.count)
  }

  @Test func openExtentsBecomeSymbols() throws {
    let graph = try ONNXReader.read(try ONNXFixture(name: "dynamic-dims").model())
    #expect(graph[graph.inputs[0]].type?.description == "f32[x_dim0, 4, x_dim2, x_dim3]")
    let named = try ONNXReader.read(try ONNXFixture(name: "shape-arithmetic").model())
    #expect(named[named.inputs[0]].type?.description == "f32[N, 4, H, 6]")
  }

  @Test func namesAreMadeUnique() throws {
    let graph = try ONNXReader.read(try ONNXFixture(name: "names-missing-and-twice").model())
    #expect(Set(graph.nodes.map(\.name)).count == 4)
    #expect(graph.nodes.contains { $0.name == "same" })
  }

  @Test func oldSoftmaxOverOneDimensionStaysOneNode() throws {
    for name in ["softmax-1-vector", "softmax-1-pixel", "softmax-1-axis-3"] {
      #expect(try ONNXReader.read(try ONNXFixture(name: name).model()).nodes.map(\.op) == [.softmax])
    }
    let wide = try ONNXReader.read(try ONNXFixture(name: "softmax-1-axis-1").model())
    #expect(wide.nodes.map(\.op) == [.flatten, .softmax, .shape, .reshape])
  }

  @Test func externalDataNeedsAFolder() throws {
    let fixture = ONNXFixture(name: "external")
    let failure = #expect(throws: Failure.self) { try ONNXReader.read(try fixture.model()) }
    #expect(failure?.status == .notFound)
    #expect(failure?.message.contains("external.data") == true)
  }
}
