import Graph
import Tensors

extension Graph {
  /// Scales channels between layers so that one scale for a whole tensor suits all of them: each channel by √(w/m), m being its
  /// largest magnitude on the samples and w the largest weight that reads it (Nagel et al. 2019, section 4.1, with activations
  /// in place of the producer's weights). The network keeps its meaning up to rounding.
  ///
  /// - Returns: by layer name, what the channels of its output were multiplied by.
  mutating func equalizeChannels(_ selected: [Layer], _ step: StepContext) throws -> [String: [Float]] {
    let layers = try selected.filter { try isEqualizable($0, among: selected) }
    let slots = try ChannelSlots(self, layers, scalable: Set(layers.map(\.name)))
    let magnitudes = try ChannelMagnitudes(self, slots, step)
    var reading: [Int: Float] = [:]
    for layer in layers {
      guard let input = nodes[layer.node].input(0), let ids = slots.slots[input.index] else { continue }
      let weight = try decodedWeight(layer)
      for (channel, magnitude) in layer.inputMagnitudes(weight).enumerated() where ids.indices.contains(channel) {
        let root = slots.root(ids[channel])
        reading[root] = max(reading[root] ?? 0, magnitude)
      }
    }
    var scales: [Int: Float] = [:]
    for (root, magnitude) in magnitudes.bySlot where !slots.isFrozen(root) {
      if let weight = reading[root], weight > 0, magnitude > 0 { scales[root] = (weight / magnitude).squareRoot() }
    }
    // Dead channels take no part; the others stay within a factor of 32 of the middle one.
    guard !scales.isEmpty else { return [:] }
    let sorted = scales.values.sorted()
    let middle = sorted[sorted.count / 2]
    for (root, scale) in scales { scales[root] = min(max(scale / middle, 1 / 32), 32) }
    func factors(_ id: ValueID?, _ count: Int) -> [Float]? {
      guard let id, let ids = slots.slots[id.index], ids.count == count else { return nil }
      let factors = ids.map { scales[slots.root($0)] ?? 1 }
      return factors.allSatisfy { $0 == 1 } ? nil : factors
    }
    var names = FreshNames(self)
    var changed: [String: [Float]] = [:]
    for layer in layers {
      let node = nodes[layer.node]
      let made = factors(node.outputs.first, layer.shape[layer.outputAxis])
      let read = factors(node.input(0), layer.shape[layer.inputAxis] * layer.groups)
      guard made != nil || read != nil else { continue }
      self[layer.weight].constant = try Weight(layer.scaled(decodedWeight(layer), outputs: made, inputs: read)).compacted()
      guard let made else { continue }
      changed[layer.name] = made
      guard let id = node.input(2), let bias = self[id].constant else { continue }
      let values = try bias.decoded().floats()
      let scaled = made.indices.map { values[values.count == 1 ? 0 : $0] * made[$0] }
      // A constant of its own: another layer may share the old one.
      nodes[layer.node].inputs[2] = addConstant(names.make(self[id].name + "/equalized"), try Tensor([made.count], scaled))
    }
    return changed
  }

  /// Whether weight and bias may be scaled: float, the layer's own, and of the plain kind.
  private func isEqualizable(_ layer: Layer, among layers: [Layer]) throws -> Bool {
    guard self[layer.weight].constant?.quantization == nil, layers.count(where: { $0.weight == layer.weight }) == 1,
      try layer.op != .matMul && layer.canComputeInIntegers(in: self)
    else { return false }
    guard nodes.count(where: { $0.inputs.contains(layer.weight) }) == 1 else { return false }
    guard let id = nodes[layer.node].input(2) else { return true }
    guard let bias = self[id].constant, bias.dtype == .f32 else { return false }
    return bias.shape == [layer.shape[layer.outputAxis]] || bias.count == 1
  }
}

/// The largest magnitude of every slot over some calibration samples.
private struct ChannelMagnitudes {
  private(set) var bySlot: [Int: Float] = [:]

  /// Samples looked at: largest magnitudes need fewer than tails do.
  static let samples = 32

  init(_ graph: Graph, _ slots: ChannelSlots, _ step: StepContext) throws {
    let values = graph.values.indices.filter { slots.slots[$0] != nil }
    let runner = GraphRunner(graph, observing: values.map { ValueID($0) }, evaluator: step.evaluator)
    let samples = try step.calibration()
    let count = min(samples.count, ChannelMagnitudes.samples)
    for index in 0..<count {
      try step.progress("equalizing channels", index, of: count)
      for (value, tensor) in zip(values, try runner.run(samples.sample(index)).observed) {
        guard let ids = slots.slots[value], tensor.dtype == .f32, tensor.shape.count >= 2, tensor.shape[1] == ids.count, tensor.count > 0
        else { continue }
        let inner = tensor.shape[2...].reduce(1, *)
        let elements = tensor.elements(as: Float.self)
        for row in 0..<elements.count / inner {
          var largest: Float = 0
          for element in elements[row * inner..<(row + 1) * inner] { largest = max(largest, element.magnitude) }
          guard largest.isFinite else { continue }
          let root = slots.root(ids[row % ids.count])
          bySlot[root] = max(bySlot[root] ?? 0, largest)
        }
      }
    }
  }
}

extension Layer {
  /// For each input channel, of all groups, the largest weight that reads it.
  fileprivate func inputMagnitudes(_ weight: Tensor) -> [Float] {
    var largest = [Float](repeating: 0, count: shape[inputAxis] * groups)
    forEachWeight { index, _, input in
      if largest.indices.contains(input) { largest[input] = max(largest[input], weight.elements(as: Float.self)[index].magnitude) }
    }
    return largest
  }

  /// w · outputs / inputs, channel by channel.
  fileprivate func scaled(_ weight: Tensor, outputs: [Float]?, inputs: [Float]?) throws -> Tensor {
    let old = weight.elements(as: Float.self)
    return try Tensor(.f32, weight.shape) { bytes in
      let new = bytes.assumingMemoryBound(to: Float.self)
      forEachWeight { index, output, input in
        new[index] = old[index] * (outputs?[output] ?? 1) / (inputs.map { $0.indices.contains(input) ? $0[input] : 1 } ?? 1)
      }
    }
  }

  /// Calls `body` with the index of each weight, its output channel and its input channel (counted over all groups).
  func forEachWeight(_ body: (_ index: Int, _ output: Int, _ input: Int) -> Void) {
    let outputs = shape[outputAxis], inputs = shape[inputAxis]
    let outputStride = shape[(outputAxis + 1)...].reduce(1, *), inputStride = shape[(inputAxis + 1)...].reduce(1, *)
    let perGroup = max(outputs / max(groups, 1), 1)
    for index in 0..<shape.reduce(1, *) {
      let output = index / outputStride % outputs
      body(index, output, output / perGroup * inputs + index / inputStride % inputs)
    }
  }
}
