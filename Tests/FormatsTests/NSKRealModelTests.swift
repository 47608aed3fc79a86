import Formats
import Graph
import Passes
import Tensors
import TestSupport
import Testing

/// Trained networks through the container: what comes back is what went in, and the file is as small as its weights.
@Suite(.enabled(if: SharedData.directory != nil)) struct NSKRealModelTests {
  static let names = ["mobilenet_v1", "mobilenet_v2", "squeezenet1.1", "squeezenet1.0_deep_compressed"]

  private func load(_ name: String) throws -> (graph: Graph, fileByteCount: Int) {
    let path = (SharedData.directory ?? "") + "/models/\(name).onnx"
    let storage = try FileAccess.load(path)
    var graph = try ModelFile.read(storage)
    try Pipeline.simplify(&graph)
    return (graph, storage.byteCount)
  }

  /// Replaces every float constant of rank 2 and more.
  private func changeWeights(_ graph: inout Graph, _ change: (Tensor) throws -> Weight) throws {
    for index in graph.values.indices {
      guard let tensor = graph.values[index].constant?.plain, tensor.dtype == .f32, tensor.shape.count >= 2, tensor.count > 64 else {
        continue
      }
      graph.values[index].constant = try change(tensor)
    }
  }

  @Test(arguments: names) func floatsComeBack(name: String) throws {
    let (graph, fileByteCount) = try load(name)
    let bytes = try ModelFile.encode(graph, as: .nsk)
    #expect(bytes.count <= fileByteCount)
    let back = try NSKSamples.read(bytes)
    #expect(back.text == graph.text)
    #expect(try ModelFile.encode(back, as: .nsk) == bytes)
  }

  /// Symmetric codes with one scale for each output channel: a quarter of the floats, and little else.
  @Test(arguments: names) func eightBitFilesAreAQuarter(name: String) throws {
    var (graph, fileByteCount) = try load(name)
    try changeWeights(&graph) { tensor in
      let channels = tensor.shape[0]
      let stride = tensor.count / channels
      let values = tensor.floats()
      let scales = (0..<channels).map { channel in
        max(values[channel * stride..<(channel + 1) * stride].reduce(0) { max($0, abs($1)) } / 127, 1e-9)
      }
      let codes = values.enumerated().map { Int8(clamping: Int(($1 / scales[$0 / stride]).rounded())) }
      let quantization = try AffineQuantization(scales: scales, zeroPoints: [Int32](repeating: 0, count: channels), axis: 0)
      return try Weight(
        shape: tensor.shape, elements: .affine(codes: try Tensor(.s8, tensor.shape, codes), quantization), arrangement: .dense)
    }
    let bytes = try ModelFile.encode(graph, as: .nsk)
    #expect(Double(bytes.count) <= 0.27 * Double(fileByteCount), "\(bytes.count) of \(fileByteCount) bytes")
    #expect(try ModelFile.encode(NSKSamples.read(bytes), as: .nsk) == bytes)
  }

  /// The smallest four fifths of every weight set to zero.
  @Test(arguments: names) func prunedFilesAreAQuarter(name: String) throws {
    var (graph, fileByteCount) = try load(name)
    try changeWeights(&graph) { tensor in
      let values = tensor.floats()
      let threshold = values.map { abs($0) }.sorted()[values.count * 4 / 5]
      return try Weight(Tensor(tensor.shape, values.map { abs($0) < threshold ? 0 : $0 })).compacted()
    }
    let bytes = try ModelFile.encode(graph, as: .nsk)
    #expect(Double(bytes.count) <= 0.25 * Double(fileByteCount), "\(bytes.count) of \(fileByteCount) bytes")
    let back = try NSKSamples.read(bytes)
    for (one, other) in zip(graph.values, back.values) where one.constant != nil {
      let (a, b) = (try one.constant?.decoded(), try other.constant?.decoded())
      #expect(a.map { Array($0.bytes) } == b.map { Array($0.bytes) }, "\(one.name)")
    }
  }
}
