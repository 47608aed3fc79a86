import Graph
import Tensors

extension Graph {
  /// Puts a chain of layers in the place of one. The last keeps its node's name, outputs, bias and activation; those before are called
  /// NAME.1, NAME.2, … The chain computes what the layer did, borders included, wherever its weights multiply to the layer's.
  ///
  /// Indices of nodes behind the layer become others.
  /// - bias: the last layer's, one element for each output channel; nil: as before.
  /// - Returns: the names of the layers before the last.
  /// - Throws: `internal` where the stages do not fit each other or the layer.
  @discardableResult
  package mutating func replace(_ layer: Layer, by stages: [FactorStage], bias: [Float]? = nil) throws -> [String] {
    guard let last = stages.last, let first = stages.first, nodes.indices.contains(layer.node), nodes[layer.node].name == layer.name else {
      throw Failure(.internal, "no layers to put in its place", node: layer.name)
    }
    let fits = zip(stages, stages.dropFirst()).allSatisfy { $0.form.outputs == $1.form.inputs }
    guard fits, first.form.inputs == layer.shape[layer.inputAxis] * layer.groups, last.form.outputs == layer.shape[layer.outputAxis] else {
      throw Failure(.internal, "factors \(stages.map(\.form.shape)) do not stand for \(layer.shape)", node: layer.name)
    }
    let original = nodes[layer.node]
    var (value, chain, names) = (try original.requiredInput(0), [Node](), [String]())
    for (position, stage) in stages.enumerated() {
      var node = original
      let isLast = position == stages.count - 1
      node.inputs = [value, addConstant(freshName("\(self[layer.weight].name).\(position + 1)"), try stored(stage, original))]
      if isLast {
        node.inputs += original.inputs.dropFirst(2)
      } else {
        node.name = freshName("\(layer.name).\(position + 1)")
        node.attributes = Attributes()
        node.outputs = [addValue(node.name)]
        names.append(node.name)
      }
      try shape(&node, as: stage.form, of: layer, original, isFirst: position == 0)
      chain.append(node)
      value = node.outputs[0]
    }
    nodes.replaceSubrange(layer.node...layer.node, with: chain)
    if let bias {
      var moved = layer
      moved.node += stages.count - 1
      try setBias(moved, bias)
    }
    try inferTypes()
    return names
  }

  private mutating func addConstant(_ name: String, _ weight: Weight) -> ValueID { addValue(name, constant: weight) }

  /// Stages are outputs × inputs; MatMul stores inputs × outputs.
  private func stored(_ stage: FactorStage, _ node: Node) throws -> Weight {
    guard node.op == .matMul else { return stage.weight }
    let (rows, columns) = (stage.form.outputs, stage.form.inputs)
    let elements = try stage.weight.decoded().floats()
    var out = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows { for column in 0..<columns { out[column * rows + row] = elements[row * columns + column] } }
    return Weight(try Tensor([columns, rows], out))
  }

  private func shape(_ node: inout Node, as form: FactorShape, of layer: Layer, _ original: Node, isFirst: Bool) throws {
    switch layer.op {
    case .conv:
      let kernel = Array(form.shape.dropFirst(2)),
        window = try WindowAttributes(original.attributes, kernel: Array(layer.shape.dropFirst(2)))
      func along(_ list: [Int], otherwise: Int) -> [Int] {
        list.indices.map { form.axes.contains($0 % kernel.count) ? list[$0] : otherwise }
      }
      guard kernel.count == window.kernel.count, kernel == along(window.kernel, otherwise: 1) else {
        throw Failure(.internal, "a factor's window \(kernel) is not that of the axes \(form.axes)", node: layer.name)
      }
      node.attributes["kernel_shape"] = .ints(kernel)
      node.attributes["group"] = .int(form.groups)
      node.attributes["strides"] = .ints(along(window.strides, otherwise: 1))
      node.attributes["dilations"] = .ints(along(window.dilations, otherwise: 1))
      // A rule for padding holds axis by axis, and pads nothing where the kernel and the stride are 1.
      let isRule = window.padding != .explicit && !form.axes.isEmpty
      node.attributes["auto_pad"] = isRule ? original.attributes["auto_pad"] : nil
      node.attributes["pads"] = isRule ? nil : .ints(along(window.pads, otherwise: 0))
    case .gemm:
      node.attributes["transB"] = .int(1)
      node.attributes["transA"] = isFirst ? original.attributes["transA"] : nil
    default: break
    }
  }
}
