import Graph
import Tensors

/// What the layers of a network that is being pruned shall make: their outputs in the network as it was, as far as their channels are left.
package struct OriginalTargets {
  package let original: Graph
  let step: StepContext
  package let multiply: MatrixProducts
  let layers: [String: Layer]
  /// By layer: the original's output channels that are left.
  private var survivors: [String: [Int]] = [:]
  /// The samples in the original, and in the network that changes.
  let before: SampleFront
  let now: SampleFront

  /// How many of the samples are gathered apart, where that is asked for: the last ones, since neighbours in a list often resemble each other,
  /// as what a network will see later does not.
  private let held: Range<Int>

  /// - chosen: the calibration samples to gather from; nil: all.
  /// - each: how many further samples are made of each one.
  /// - holding: whether the last third of them may be gathered apart: then nothing is made of those.
  package init(_ original: Graph, _ step: StepContext, among chosen: [Int]? = nil, mixing each: Int = 0, holding: Bool = true) throws {
    self.original = original
    self.step = step
    multiply = MatrixProducts(step.evaluator)
    layers = Dictionary(try Layer.all(in: original).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let count = chosen?.count ?? step.samples?.count ?? 0
    held = holding && count >= TargetMoments.fewestSamples ? count - count / 3..<count : count..<count
    before = try SampleFront(step, among: chosen, mixing: each, of: held.lowerBound)
    now = try SampleFront(step, among: chosen, mixing: each, of: held.lowerBound)
  }

  /// Promises that `graph` changes only from a node on, as long as no earlier one is named: what lies before is not computed again.
  package func settle(before node: Int, in graph: Graph) throws {
    if node < now.place { now.rewind() }
    try now.advance(to: node, of: graph)
    // Where layers became chains, the original counts its nodes differently.
    let name = graph.nodes.indices.contains(node) ? graph.nodes[node].name : nil
    let place = original.nodes.count == graph.nodes.count ? node : original.nodes.firstIndex { $0.name == name } ?? min(before.place, node)
    if place < before.place { before.rewind() }
    try before.advance(to: place, of: original)
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
  /// - own: the share of the targets that is what the layer makes in `graph` as it stands: with 0 the layer makes up for all that went wrong
  ///   before it, which few samples do not tell exactly; with 1 for nothing.
  /// - candidate: `graph` with the layer changed; then targets that the layer's activation cuts off become what the candidate makes, as far as
  ///   that is cut off too, and only the moments with the targets are gathered.
  /// - Returns: nil where the layer has no such matrix (see `LayerMoments`), or reads a constant.
  /// - Throws: `notFinite` naming the value that is NaN or infinite.
  package func moments(
    _ layer: Layer, in graph: Graph, own: Float = 0, candidate: Graph? = nil
  ) throws -> TargetMoments? {
    let node = graph.nodes[layer.node], input = try node.requiredInput(0), count = now.count
    guard graph[input].constant == nil, let old = layers[layer.name], let output = node.outputs.first,
      let fitted = try LayerMoments(layer, in: graph, samples: count, multiply: multiply, onlyCrosses: candidate != nil)
    else { return nil }
    let rest =
      held.isEmpty
      ? nil : try LayerMoments(layer, in: graph, samples: count, multiply: multiply, onlyCrosses: candidate != nil)
    let sum = try graph.residualSum(behind: layer)
    let oldSum = sum.flatMap { sum in original.nodes.first { $0.name == graph.nodes[sum.node].name } }
    let target = oldSum?.outputs.first ?? original.nodes[old.node].outputs.first
    guard let target else { return nil }
    let targets = before.runner(try original.withoutActivation(making: target), making: [target])
    let shortcut = oldSum == nil ? nil : sum?.shortcut
    let inputs = now.runner(graph, making: [input] + (shortcut.map { [$0] } ?? []))
    func alone(_ graph: Graph) throws -> GraphRunner { GraphRunner(try graph.isolate(sumsOf: layer), evaluator: step.evaluator) }
    let present = own == 0 ? nil : try alone(graph), found = try candidate.map(alone)
    let range = try ActiveRange(node)
    for position in 0..<count {
      try step.progress("calibration: \(layer.name)", position, of: count)
      let seen = try inputs.run(position)
      guard let x = seen.first, var y = try targets.run(position).first else { continue }
      if let rows = survivors[layer.name] { y = try y.taking(rows, axis: layer.op == .conv ? 1 : y.shape.count - 1) }
      if shortcut != nil, let other = seen.last { y = try y.subtracting(other, name: graph[output].name) }
      if let present, let made = try present.run([x]).outputs.first { y = try y.blended(with: made, share: own) }
      if let found, let range, let made = try found.run([x]).outputs.first { y = try range.targets(y, nearest: made) }
      if let rest, held.contains(position) { try rest.add(x, targets: y) } else { try fitted.add(x, targets: y) }
    }
    for part in [fitted, rest] { try part?.check(graph[input].name) }
    return fitted.rows > 0 ? TargetMoments(fitted: fitted, held: rest) : nil
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

  func subtracting(_ other: Tensor, name: String) throws -> Tensor {
    guard dtype == .f32, other.dtype == .f32, shape == other.shape else {
      throw Failure(.shapeMismatch, "what '\(name)' is added to has the shape \(other.shape) instead of \(shape)")
    }
    let (a, b) = (elements(as: Float.self), other.elements(as: Float.self))
    return try Tensor(.f32, shape) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      for index in out.indices { out[index] = a[index] - b[index] }
    }
  }

  /// self + share·(other − self)
  fileprivate func blended(with other: Tensor, share: Float) throws -> Tensor {
    guard shape == other.shape, dtype == .f32, other.dtype == .f32 else {
      throw Failure(.internal, "sums of \(shape) and \(other.shape) do not mix")
    }
    let (a, b) = (elements(as: Float.self), other.elements(as: Float.self))
    return try Tensor(.f32, shape) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      for index in out.indices { out[index] = a[index] + share * (b[index] - a[index]) }
    }
  }
}
