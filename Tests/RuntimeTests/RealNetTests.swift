import Formats
import Graph
import Passes
import Reference
import Tensors
import TestSupport
import Testing

/// The trained networks that stand beside the checkout on some machines, against the interpreter.
@Suite struct RealNetTests {
  static let names = ["mobilenet_v1", "mobilenet_v2", "squeezenet1.1", "squeezenet1.0_deep_compressed"]

  @Test(.enabled(if: SharedData.directory != nil), arguments: names) func agrees(_ name: String) throws {
    let directory = try #require(SharedData.directory)
    let model = try ModelFile.read(path: "\(directory)/models/\(name).onnx")
    let size = name.hasPrefix("squeezenet") ? 227 : 224
    let graph = try Pipeline.specialize(model, inputShapes: [[1, 3, size, size]])
    var random = Random(seed: 7)
    // Photos minus their mean reach ±128 for the Caffe networks, ±2 for the others.
    let range: Float = name.hasPrefix("squeezenet") ? 128 : 2
    let input = try Tensor([1, 3, size, size], random.floats(3 * size * size).map { $0 * range })
    let expected = try Interpreter(graph).run([input])[0].floats()
    let actual = try execute(graph, [input])[0].floats()
    let largest = expected.map(abs).max() ?? 0
    // 28 to 66 layers of at most 4608 terms each; in practice errors stay near √terms·2⁻²⁴, far below the 1e-4 promised.
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    #expect(try execute(graph, [input], threads: 2)[0].floats() == actual)
  }
}
