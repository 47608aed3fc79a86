import Graph
import Tensors

/// `prune.magnitude`: sets the smallest weights to zero (Han et al. 2015; with inputs weighed in, Sun et al. 2024).
package struct PruneMagnitude: CompressionMethod {
  package init() {}

  package let name = "prune.magnitude"
  package let summary = "Sets the smallest weights to zero and stores the others in a sparse form."
  package let options = [
    OptionSchema(
      "sparsity", .number(0...1, below: true), default: nil, "the share of the weights of the selected layers that becomes zero, exactly"),
    OptionSchema(
      "scope", .choice(["layer", "global"]), default: "layer",
      "whether every layer loses that share, or one ranking over all selected layers decides"),
    OptionSchema(
      "score", .choice(["magnitude", "activation"]), default: "magnitude",
      "what is small: |w|, or |w| times the 2-norm of the input channel it reads over the calibration samples"),
    OptionSchema(
      "bias_correction", .flag, default: true,
      "takes the mean of what the removed weights contributed over to the biases; needs samples and does nothing without"),
  ]

  package func needsCalibration(_ options: Options) -> Bool { (try? options.string("score")) == "activation" }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let sparsity = try step.options.number("sparsity")
    var layers: [Layer] = []
    // A weight that two layers share is pruned once, as its first reader would.
    for layer in step.layers where !layers.contains(where: { $0.weight == layer.weight }) { layers.append(layer) }
    var norms = [[Float]](repeating: [], count: layers.count)
    if try step.options.string("score") == "activation" { norms = try InputNorms.measure(graph, layers, step) }
    let decoded = try layers.map { try graph.decodedWeight($0) }
    let scores = zip(layers, zip(decoded, norms)).map { layer, parts in
      layer.scores(parts.0.elements(as: Float.self), norms: parts.1)
    }
    var masks = layers.map { layer in [UInt8](repeating: 1, count: layer.shape.reduce(1, *)) }
    if try step.options.string("scope") == "global" {
      try step.progress("pruning", 0, of: 1)
      try PruneMagnitude.rank(&masks, scores, sparsity)
    } else {
      for index in layers.indices {
        try step.progress("pruning", index, of: layers.count)
        var one = [masks[index]]
        try PruneMagnitude.rank(&one, [scores[index]], sparsity)
        masks[index] = one[0]
      }
    }
    let original = graph
    for (index, layer) in layers.enumerated() {
      guard let weight = graph[layer.weight].constant else { continue }
      graph[layer.weight].constant = try weight.masked(by: masks[index]).compacted()
    }
    withExtendedLifetime(decoded) {}
    if try step.options.flag("bias_correction"), let samples = step.samples, samples.count > 0 {
      try graph.correctBiases(step.layers, reference: original, means: InputMeans.measure(original, step.layers, step))
    }
  }

  private static func rank(_ masks: inout [[UInt8]], _ scores: [Scores], _ sparsity: Double) throws {
    let zeros = try MagnitudeMask.zeroCount(of: masks.reduce(0) { $0 + $1.count }, sparsity: sparsity)
    var buffers: [UnsafeMutableBufferPointer<UInt8>] = []
    defer { buffers.forEach { $0.deallocate() } }
    for mask in masks {
      let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: mask.count)
      buffer.initialize(repeating: 1)
      buffers.append(buffer)
    }
    try MagnitudeMask.fill(buffers, scores: scores, zeros: zeros)
    masks = buffers.map(Array.init)
  }
}

extension Graph {
  /// The layer's weight as dense floats.
  /// - Throws: `notFinite` naming the tensor where an element is NaN or infinite.
  package func decodedWeight(_ layer: Layer) throws -> Tensor {
    guard let weight = self[layer.weight].constant else {
      throw Failure(.internal, "the weight of a layer is not constant", node: layer.name)
    }
    let tensor = try weight.decoded()
    for (index, value) in tensor.elements(as: Float.self).enumerated() where !value.isFinite {
      throw Failure(
        .notFinite, "the weight '\(self[layer.weight].name)' is \(value) at element \(index); it cannot be compressed", node: layer.name)
    }
    return tensor
  }
}

extension Layer {
  /// The scores of the layer's weight, by the norms of its input channels or by magnitude alone where there are none.
  func scores(_ weights: UnsafeBufferPointer<Float>, norms: [Float]) -> Scores {
    guard !norms.isEmpty else { return Scores(weights) }
    return Scores(
      weights, norms: norms, inner: shape[(inputAxis + 1)...].reduce(1, *), outer: weights.count / max(groups, 1), groups: groups)
  }
}
