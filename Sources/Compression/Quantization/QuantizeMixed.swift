#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Graph
import Tensors

/// `quantize.mixed`: as `quantize.affine`, each layer with as many bits as it needs for the network to stay within a budget.
///
/// What a layer costs is measured: with only that layer quantized, how far the outputs are from the float network's. Bits then go to where a byte
/// helps most. Weights of any width up to 8 take the same time in the integer engine, so time does not enter; layers that integers make
/// slower keep float activations as in `quantize.affine`.
package struct QuantizeMixed: CompressionMethod {
  package init() {}

  package let name = "quantize.mixed"
  package let summary =
    "Chooses the bits of each layer's weights by what they do to the outputs, within a budget, and quantizes so; needs samples."
  package let options =
    [
      OptionSchema(
        "target_ratio", .number(0...1), default: .null,
        "bytes of the selected layers' weights, scales included, over what they take as floats"),
      OptionSchema("target_bytes", .count(1...1 << 40), default: .null, "the same in bytes"),
      OptionSchema(
        "least_snr", .number(0...100), default: .null,
        "in dB: as few bytes as leave the outputs this signal-to-noise ratio, as far as what layers do alone adds up"),
      OptionSchema("narrowest", .width(Array(2...8), orNone: false), default: 3, "bits that no layer goes below"),
    ] + QuantizeAffine().options.filter { $0.key != "weights" && $0.key != "edges" }

  package func needsCalibration(_ options: Options) -> Bool { true }

  /// Samples that judge.
  private static let judges = 16

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    var layers: [Layer] = []
    for layer in step.layers where graph[layer.weight].constant?.quantization == nil {
      if !layers.contains(where: { $0.weight == layer.weight }) { layers.append(layer) }
    }
    let chosen = try choose(layers, of: graph, step)
    var byLayer: [String: Int] = [:]
    for layer in step.layers {
      if let index = layers.firstIndex(where: { $0.weight == layer.weight }) { byLayer[layer.name] = chosen[index] }
    }
    let recipe = try WeightRecipe(step.options, bits: 8, edges: nil, chosen: byLayer)
    try QuantizeAffine.quantize(&graph, step, recipe, method: name)
    let counts = (2...8).compactMap { bits in
      let count = chosen.count { $0 == bits }
      return count == 0 ? nil : "\(count) with \(bits)"
    }
    step.ledger.note("quantize.mixed chose bits for \(chosen.count) layers: \(counts.joined(separator: ", "))")
  }

  private func choose(_ layers: [Layer], of graph: Graph, _ step: StepContext) throws -> [Int] {
    let narrowest = try step.options.width("narrowest") ?? 3
    let floats = layers.reduce(0) { $0 + $1.shape.reduce(1, *) * 4 }
    var budget: Double?
    if let bytes = step.options.values["target_bytes"]?.number { budget = bytes }
    if let ratio = step.options.values["target_ratio"]?.number { budget = min(budget ?? .infinity, ratio * Double(floats)) }
    let least = step.options.values["least_snr"]?.number
    guard budget != nil || least != nil else {
      throw Failure(.recipe, "\(step.path): needs a budget: target_ratio, target_bytes or least_snr")
    }
    let damage = try damages(layers, of: graph, step, narrowest: narrowest)
    let recipe = try WeightRecipe(step.options, bits: 8, edges: nil, chosen: [:])
    let bytes = layers.map { layer in
      let codes = recipe.codes(layer), outputs = codes.isPerChannel ? layer.shape[layer.outputAxis] : 1
      let width = layer.shape.reduce(1, *) / max(layer.shape[layer.outputAxis], 1)
      let scales = outputs * codes.runs(over: width).count * 8
      return (narrowest...8).map { (layer.shape.reduce(1, *) * $0 + 7) / 8 + scales }
    }
    let choice = SpendBits(damage: damage, bytes: bytes)
    let result = choice.levels(bytes: budget, damage: least.map { pow(10, -$0 / 10) })
    if let budget, Double(zip(bytes, result).reduce(0) { $0 + $1.0[$1.1] }) > budget {
      step.ledger.note("quantize.mixed: \(narrowest) bits for every layer are more than the budget; they are what was made")
    }
    return result.map { narrowest + $0 }
  }

  /// For each layer and width from the narrowest to 8 bits, what that layer alone does to the outputs.
  private func damages(_ layers: [Layer], of graph: Graph, _ step: StepContext, narrowest: Int) throws -> [[Double]] {
    let samples = try step.calibration()
    let (_, judging) = OutputDamage.divide(samples.count, judges: Self.judges)
    let damage = try OutputDamage(graph, samples: judging, step)
    let recipe = try WeightRecipe(step.options, bits: 8, edges: nil, chosen: [:])
    // Widths between are as geometric means: a bit is a factor.
    let measured = Set([narrowest, (narrowest + 8) / 2, 8]).sorted()
    return try layers.enumerated().map { index, layer in
      try step.progress("sensitivity", index, of: layers.count)
      try damage.settle(before: layer.node)
      let matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
      var curve = AllocateZeros.Curve(elements: 1, points: [])
      for bits in measured.reversed() {
        var codes = recipe.codes(layer)
        codes.bits = bits
        var changed = graph
        changed[layer.weight].constant = try QuantizeMatrix(layer: layer, codes: codes, gram: [nil]).quantized(matrix, zeros: matrix) {
          try step.progress("sensitivity", index, of: layers.count)
        }
        curve.points.append((Double(8 - bits), try damage.measure(changed)))
      }
      return (narrowest...8).map { exp(curve.logDamage(Double(8 - $0))) }
    }
  }
}
