import Compression
import Graph

extension Graph {
  /// The same graph with the zeros of layers' weights left out where that takes less room: what a file stores. Every bit comes back.
  func withCompactWeights() throws -> Graph {
    var graph = self
    for layer in try Layer.all(in: self, transformed: true) {
      guard let weight = self[layer.weight].constant, weight.isDense else { continue }
      graph[layer.weight].constant = try weight.compacted()
    }
    return graph
  }
}
