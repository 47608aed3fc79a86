import Formats
import Graph
import TestSupport
import Testing

/// The real networks beside the checkout: they read, verify, and survive being written.
@Suite(.enabled(if: SharedData.directory != nil, "the real networks are not there")) struct ONNXRealNetworkTests {
  @Test(arguments: [
    ("mobilenet_v1", 84), ("mobilenet_v2", 152), ("squeezenet1.1", 65), ("squeezenet1.0_deep_compressed", 65),
  ])
  func aRealNetworkReadsAndIsWritten(name: String, nodes: Int) throws {
    let path = (SharedData.directory ?? "") + "/models/\(name).onnx"
    let graph = try ONNXReader.read(try ONNXFixture.storage(try ONNXFixture.bytes(path: path)))
    try Verifier.verify(graph)
    #expect(graph.nodes.count == nodes)
    let again = try ONNXReader.read(try ONNXFixture.storage(try ONNXWriter.encode(graph)))
    var (one, other) = (graph, again)
    try one.inferTypes()
    try other.inferTypes()
    #expect(one.text == other.text)
    for (a, b) in zip(graph.values.compactMap(\.constant?.plain), again.values.compactMap(\.constant?.plain)) {
      #expect(a.bytes.elementsEqual(b.bytes))
    }
  }
}
