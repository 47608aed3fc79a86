import Graph
import Tensors

/// A 3 × 3 convolution of stride 1 and the coefficients that it is in Winograd's transform.
struct TransformedLayer {
  let layer: Layer
  let form: WinogradTile
  let pads: [Int]
  /// [output channel][input channel][point]
  let coefficients: [Float]

  var outputs: Int { layer.shape[0] }
  var inputs: Int { layer.shape[1] }

  /// Nil for layers that have no such form.
  init?(_ layer: Layer, _ form: WinogradTile, in graph: Graph) throws {
    let attributes = graph.nodes[layer.node].attributes
    guard layer.op == .conv, layer.groups == 1, layer.shape.count == 4, layer.shape[2] == 3, layer.shape[3] == 3,
      graph[layer.weight].constant?.quantization == nil
    else { return nil }
    let window = try WindowAttributes(attributes, kernel: [3, 3])
    guard window.strides == [1, 1], window.dilations == [1, 1] else { return nil }
    switch window.padding {
    case .explicit: pads = window.pads
    case .valid: pads = [0, 0, 0, 0]
    case .sameUpper, .sameLower: pads = [1, 1, 1, 1]
    }
    self.layer = layer
    self.form = form
    coefficients = form.coefficients(try graph.decodedWeight(layer).floats())
    guard coefficients.allSatisfy(\.isFinite) else {
      throw Failure(.notFinite, "coefficients of '\(layer.name)' are beyond the range of f32", node: layer.name)
    }
  }

  /// What an error of one at each point does to the outputs of a tile, squared: Σ over pixels of (Aᵀ ⊗ Aᵀ)².
  var gains: [Double] {
    let (gather, side) = (form.outputMatrix, form.side)
    let squares = (0..<side).map { i in (0..<form.tile).reduce(0) { $0 + gather[$1 * side + i] * gather[$1 * side + i] } }
    return (0..<form.points).map { squares[$0 / side] * squares[$0 % side] }
  }

  /// The energy of transformed inputs whose pixels are independent and of energy 1, [point][input channel].
  var flatEnergies: [[Double]] {
    let (spread, side) = (form.inputMatrix, form.side)
    let squares = (0..<side).map { i in (0..<side).reduce(0) { $0 + spread[i * side + $1] * spread[i * side + $1] } }
    return (0..<form.points).map { [Double](repeating: squares[$0 / side] * squares[$0 % side], count: inputs) }
  }

  /// The root of what each coefficient contributes to the energy of the layer's outputs, in the order of `coefficients`.
  /// - relative: as a share of what all contribute.
  func scores(energies: [[Double]], relative: Bool) -> [Float] {
    let (gains, points) = (gains, form.points)
    var squares = [Double](repeating: 0, count: coefficients.count)
    for index in squares.indices {
      let point = index % points, value = Double(coefficients[index])
      squares[index] = value * value * gains[point] * energies[point][index / points % inputs]
    }
    let all = relative ? max(squares.reduce(0, +), .leastNormalMagnitude) : 1
    return squares.map { Float(($0 / all).squareRoot()) }
  }

  /// Puts the operator with these coefficients in the convolution's place.
  func replace(in graph: inout Graph, _ coefficients: [Float], biasShift: [Double]?) throws {
    let side = form.side
    let weight = try Weight(Tensor([outputs, inputs, side, side], coefficients)).compacted()
    let id = graph.addConstant(graph.freshName(graph[layer.weight].name + "/winograd"), try Tensor([0], [Float]()))
    graph[id].constant = weight
    graph[id].type = ValueType(.f32, weight.shape.map(Dim.fixed))
    let node = graph.nodes[layer.node]
    var attributes = Attributes(["pads": .ints(pads), "tile": .int(form.tile)])
    try Activation(node.attributes).store(in: &attributes)
    graph.nodes[layer.node].op = .winogradConv
    graph.nodes[layer.node].inputs[1] = id
    graph.nodes[layer.node].attributes = attributes
    guard let biasShift else { return }
    var bias = [Float](repeating: 0, count: outputs)
    if let old = node.input(2), let tensor = try graph[old].constant?.decoded() { bias = tensor.floats() }
    guard bias.count == outputs else { return }
    let moved = zip(bias, biasShift).map { Float(Double($0) + $1) }
    guard moved.allSatisfy(\.isFinite) else {
      throw Failure(.notFinite, "reconstruction gave a bias that is not finite", node: layer.name)
    }
    try graph.setBias(layer, moved)
  }
}
