import Graph
import Tensors

/// What the layers of a network that is being cut shall make: their outputs in the network as it was, as far as their channels are left.
package struct OriginalTargets {
  package let original: Graph
  private let step: StepContext
  package let multiply: MatrixProducts
  private let layers: [String: Layer]
  /// By layer: the original's output channels that are left.
  private var survivors: [String: [Int]] = [:]

  package init(_ original: Graph, _ step: StepContext) throws {
    self.original = original
    self.step = step
    multiply = MatrixProducts(step.evaluator)
    layers = Dictionary(try Layer.all(in: original).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Remembers which output channels a cut takes.
  /// - removed: for groups of `dependencies`, which are those of the graph before the cut.
  package mutating func note(_ removed: [Int: [Int]], _ dependencies: ChannelDependencies) throws {
    for layer in try Layer.all(in: dependencies.graph) {
      var gone = Set<Int>()
      for (index, channels) in removed {
        let set = Set(channels)
        for member in dependencies.groups[index].members where member.value == layer.weight && member.axis == layer.outputAxis {
          for (position, channel) in zip(member.positions, member.channels) where set.contains(channel) { gone.insert(position) }
        }
      }
      guard !gone.isEmpty else { continue }
      let before = survivors[layer.name] ?? Array(0..<layer.shape[layer.outputAxis])
      survivors[layer.name] = before.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
    }
  }

  /// The output channels that a layer still has, as the original numbers them; nil: all.
  func left(of layer: String) -> [Int]? { survivors[layer] }

  /// Whether the layer has lost output channels.
  package func isCut(_ layer: String) -> Bool { survivors[layer] != nil }

  /// The moments of what `layer` reads in `graph` and of what it shall make there.
  ///
  /// The last layer of a residual branch shall make Y₁ − Y₁′ + Y₂ (He et al. 2017, section 3.3): what the shortcut Y₁′ of the graph lacks of
  /// the original's Y₁, besides the original branch Y₂, so that their sum is the original's.
  /// - chosen: the calibration samples to gather from; nil: all.
  /// - Returns: nil where the layer has no least squares: shared or quantized weights, an input that is constant or too wide.
  package func moments(_ layer: Layer, in graph: Graph, among chosen: [Int]? = nil) throws -> TargetMoments? {
    let samples = try step.calibration()
    let indices = chosen ?? Array(0..<samples.count)
    let node = graph.nodes[layer.node]
    let input = try node.requiredInput(0)
    guard graph[input].constant == nil, let old = layers[layer.name], try graph.hasPlainSums(layer),
      let output = node.outputs.first,
      let fitted = try LayerMoments(layer, in: graph, samples: indices.count, multiply: multiply)
    else { return nil }
    let held =
      indices.count < TargetMoments.fewestSamples
      ? nil : try LayerMoments(layer, in: graph, samples: indices.count, multiply: multiply)
    let sum = try graph.residualSum(behind: layer)
    let oldSum = sum.flatMap { sum in original.nodes.first { $0.name == graph.nodes[sum.node].name } }
    let target = oldSum?.outputs.first ?? original.nodes[old.node].outputs.first
    guard let target else { return nil }
    let targets = GraphRunner(try original.slice(makingSumsOf: target), evaluator: step.evaluator)
    let shortcut = oldSum == nil ? nil : sum?.shortcut
    // What is an input of the graph need not be computed.
    let position = graph.inputs.firstIndex(of: input)
    let observing = (position == nil ? [input] : []) + (shortcut.map { [$0] } ?? [])
    let end = shortcut.flatMap { _ in sum.flatMap { graph.nodes[$0.node].outputs.first } } ?? input
    let runner = GraphRunner(graph.slice(making: end), observing: observing, evaluator: step.evaluator)
    for (done, index) in indices.enumerated() {
      try step.progress("refitting: \(layer.name)", done, of: indices.count)
      let sample = try samples.sample(index)
      let seen = try observing.isEmpty ? [] : runner.run(sample).observed
      guard let x = position.map({ sample[$0] }) ?? seen.first, var y = try targets.run(sample).outputs.first else { continue }
      if let rows = survivors[layer.name] { y = try y.taking(rows, axis: layer.op == .conv ? 1 : y.shape.count - 1) }
      if shortcut != nil, let other = seen.last { y = try y.subtracting(other, name: graph[output].name) }
      if let held, done % 3 == 2 { try held.add(x, targets: y) } else { try fitted.add(x, targets: y) }
    }
    for part in [fitted, held] { try part?.check(graph[input].name) }
    return fitted.rows > 0 ? TargetMoments(fitted: fitted, held: held) : nil
  }
}

extension Graph {
  /// Whether the layer's sums are W·x + b of a float weight of its own.
  func hasPlainSums(_ layer: Layer) throws -> Bool {
    let node = nodes[layer.node]
    guard let weight = self[layer.weight].constant, weight.quantization == nil else { return false }
    guard nodes.count(where: { $0.inputs.contains(layer.weight) }) == 1 else { return false }
    return try node.op != .gemm || (node.attributes.float("alpha", default: 1) == 1 && node.attributes.float("beta", default: 1) == 1)
  }

  /// The addition that alone reads what a layer makes, without an activation between, and the other summand; nil where there is none, or
  /// the other is made after the layer.
  func residualSum(behind layer: Layer) throws -> (node: Int, shortcut: ValueID)? {
    let uses = uses()
    guard let output = nodes[layer.node].outputs.first, try Activation(nodes[layer.node].attributes) == .none,
      let reader = uses.soleConsumer(of: output), nodes[reader].op == .add,
      let other = nodes[reader].inputs.compactMap({ $0 }).first(where: { $0 != output }),
      let producer = uses.producer(of: other), producer < layer.node, self[other].type == self[output].type
    else { return nil }
    return (reader, other)
  }

  /// The part of the graph that computes a value as it is before the activation behind it.
  func slice(makingSumsOf value: ValueID) throws -> Graph {
    var part = slice(making: value)
    guard let last = part.nodes.indices.last(where: { part.nodes[$0].outputs.contains(value) }) else { return part }
    Activation.none.store(in: &part.nodes[last].attributes)
    return part
  }
}

extension Tensor {
  /// The tensor with only these positions along an axis.
  fileprivate func taking(_ positions: [Int], axis: Int) throws -> Tensor {
    guard dtype == .f32, shape.indices.contains(axis), positions.allSatisfy({ shape[axis] > $0 }) else {
      throw Failure(.internal, "a tensor of the shape \(shape) has not the channels of its layer")
    }
    let (extent, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    let outer = shape[..<axis].reduce(1, *)
    var taken = shape
    taken[axis] = positions.count
    return try Tensor(.f32, taken) { out in
      for row in 0..<outer {
        for (place, position) in positions.enumerated() {
          let (to, from) = ((row * positions.count + place) * inner * 4, (row * extent + position) * inner * 4)
          UnsafeMutableRawBufferPointer(rebasing: out[to..<to + inner * 4])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[from..<from + inner * 4]))
        }
      }
    }
  }

  fileprivate func subtracting(_ other: Tensor, name: String) throws -> Tensor {
    guard dtype == .f32, other.dtype == .f32, shape == other.shape else {
      throw Failure(.shapeMismatch, "what '\(name)' is added to has the shape \(other.shape) instead of \(shape)")
    }
    let (a, b) = (elements(as: Float.self), other.elements(as: Float.self))
    return try Tensor(.f32, shape) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      for index in out.indices { out[index] = a[index] - b[index] }
    }
  }
}
