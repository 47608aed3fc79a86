import Graph
import Tensors

/// Products of matrices, computed by the injected evaluator: the compressor's own code is compiled for the platform's baseline, the
/// evaluator's kernels for the machine, on as many threads as the caller allows.
package final class MatrixProducts {
  private struct Shape: Hashable {
    let rows: Int
    let columns: Int
    let depth: Int
    let transposed: Bool
  }

  private let evaluator: any Evaluator
  private var ready: [Shape: any PreparedGraph] = [:]

  package init(_ evaluator: any Evaluator) { self.evaluator = evaluator }

  /// left · rightᵀ in f32: left [rows, depth], right [columns, depth] → [rows, columns].
  package func multiply(_ left: Tensor, byTransposed right: Tensor) throws -> Tensor {
    try multiply(left, right, rows: left.shape[0], columns: right.shape[0], depth: right.shape[1], transposed: true)
  }

  /// left · right in f32: left [rows, depth], right [depth, columns] → [rows, columns].
  package func multiply(_ left: Tensor, by right: Tensor) throws -> Tensor {
    try multiply(left, right, rows: left.shape[0], columns: right.shape[1], depth: right.shape[0], transposed: false)
  }

  private func multiply(_ left: Tensor, _ right: Tensor, rows: Int, columns: Int, depth: Int, transposed: Bool) throws -> Tensor {
    guard left.shape == [rows, depth] else {
      throw Failure(.internal, "matrices of \(left.shape) and \(right.shape) do not multiply")
    }
    let shape = Shape(rows: rows, columns: columns, depth: depth, transposed: transposed)
    let prepared = try ready[shape] ?? prepare(shape, like: [left, right])
    ready[shape] = prepared
    guard let product = try prepared.run([left, right]).first, product.shape == [rows, columns], product.dtype == .f32 else {
      throw Failure(.internal, "the evaluator did not return a product of \(rows) × \(columns)")
    }
    return product
  }

  private func prepare(_ shape: Shape, like sample: [Tensor]) throws -> any PreparedGraph {
    // A layer's few shapes are used together; the next layer's are others.
    if ready.count >= 4 { ready.removeAll() }
    var graph = Graph(name: "product")
    let left = graph.addInput("left", ValueType(.f32, [shape.rows, shape.depth].map(Dim.fixed)))
    let right = graph.addInput(
      "right", ValueType(.f32, (shape.transposed ? [shape.columns, shape.depth] : [shape.depth, shape.columns]).map(Dim.fixed)))
    graph.outputs = [graph.append(.gemm, "product", [left, right], ["transB": .int(shape.transposed ? 1 : 0)])]
    try graph.inferTypes()
    return try evaluator.prepare(graph, observing: [], like: sample)
  }
}
