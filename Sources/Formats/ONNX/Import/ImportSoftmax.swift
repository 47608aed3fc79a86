import Graph
import Tensors

extension ImportRule {
  /// Softmax. Before opset 13 it saw its input as a matrix, the dimensions from `axis` (default 1) on being the columns; that is the
  /// same as today's along the last dimension, and is otherwise written as Flatten, Softmax, Reshape.
  static let softmax = ImportRule("Softmax", inputs: 1...1, attributes: ["axis"]) { importer, node in
    let input = try importer.requiredInput(node, 0)
    let axis = try node.int("axis", default: node.opset < 13 ? 1 : -1)
    if node.opset >= 13 || axis == -1 {
      importer.emit(.softmax, node, [input], ["axis": .int(axis)])
      return
    }
    if let shape = importer.shape(of: input), (-shape.count..<shape.count).contains(axis) {
      let place = axis < 0 ? axis + shape.count : axis
      // One dimension of columns, as in [N, 1000, 1, 1].
      if shape[(place + 1)...].allSatisfy({ $0 == .fixed(1) }) {
        importer.emit(.softmax, node, [input], ["axis": .int(place)])
        return
      }
    }
    let matrix = try importer.add(.flatten, [input], ["axis": .int(axis)], stem: "\(node.name)_matrix")
    let rows = try importer.add(.softmax, [matrix], ["axis": .int(-1)], stem: "\(node.name)_rows")
    let shape = try importer.add(.shape, [input], stem: "\(node.name)_shape")
    importer.emit(.reshape, node, [rows, shape], ["allowzero": .int(1)])
  }
}
