import Graph
import Tensors

/// An input to take times with where the caller gave none; the figures it yields say nothing about accuracy.
enum SyntheticSample {
  /// Pseudo-random values in 0…1, always the same ones; nil where the graph leaves an extent besides the batch open.
  static func make(for graph: Graph) throws -> [Tensor]? {
    guard let shapes = LayerCost.inputShapes(graph, nil) else { return nil }
    var random = Xorshift64()
    return try zip(graph.inputs, shapes).map { id, shape in
      let dtype = graph[id].type?.dtype ?? .f32
      return try Tensor(dtype, shape) { bytes in
        guard dtype == .f32 else { return }
        let floats = bytes.assumingMemoryBound(to: Float.self)
        for index in floats.indices { floats[index] = Float(random.next() >> 40) * 0x1p-24 }
      }
    }
  }
}
