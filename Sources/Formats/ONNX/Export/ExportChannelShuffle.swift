import Graph
import Tensors

extension ExportRule {
  /// ChannelShuffle: the channels as a matrix [groups, channels / groups], transposed.
  static let channelShuffle = ExportRule { exporter, node in
    let input = try node.requiredInput(0)
    let groups = try node.attributes.int("groups", default: 1)
    guard let shape = exporter.graph[input].type?.shape, shape.count >= 2, let channels = shape[1].value, groups > 0, channels % groups == 0
    else { throw Failure(.unsupported, "the channels of ChannelShuffle are not known or do not divide into \(groups)", node: node.name) }
    let (source, output) = (try exporter.name(input), exporter.graph[node.outputs[0]].name)
    // [N, groups, channels / groups, everything behind]; 0 copies N.
    let matrix = exporter.fresh("\(output)_matrix")
    let split = try exporter.integers([0, groups, channels / groups, -1], stem: "\(matrix)_shape")
    exporter.add("Reshape", [source, split], matrix, node: matrix)
    let transposed = exporter.fresh("\(output)_transposed")
    exporter.add("Transpose", [matrix], transposed, node: transposed, ["perm": .ints([0, 2, 1, 3])])
    let target: String
    if let fixed = Array(shape.dropFirst()).fixed {
      target = try exporter.integers([0] + fixed, stem: "\(output)_shape")
    } else {
      target = exporter.fresh("\(output)_shape")
      exporter.add("Shape", [source], target, node: target)
    }
    exporter.append("Reshape", [transposed, target], [output], name: node.name, [:])
  }
}

extension ONNXExporter {
  mutating func integers(_ values: [Int], stem: String) throws -> String {
    try initializer(Tensor(.s64, [values.count], values.map { Int64($0) }), stem: stem)
  }
}
