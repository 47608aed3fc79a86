import Graph
import Tensors

/// `prune.winograd`: 3 × 3 convolutions of stride 1 by coefficients of Winograd's transform, most of them zero ("native pruning", Li, Park and
/// Tang 2017; Liu et al. 2018), refitted so that each layer still makes what it made.
package struct PruneWinograd: CompressionMethod {
  package init() {}

  package let name = "prune.winograd"
  package let summary =
    "Replaces 3 × 3 convolutions of stride 1 by coefficients of Winograd's transform and sets most of those to zero; refits the others, given samples."
  package let options = [
    OptionSchema(
      "sparsity", .number(0...1, below: true), default: nil, "the share of the coefficients of the selected layers that becomes zero"),
    OptionSchema("tile", .width([2, 4], orNone: false), default: 4, "output pixels of a tile in each direction: 16 or 36 coefficients"),
    OptionSchema(
      "scope", .choice(["layer", "global"]), default: "layer",
      "whether every layer loses that share, or one ranking of what coefficients contribute to their layer's output decides"),
    OptionSchema(
      "reconstruct", .flag, default: true,
      "weighs coefficients by what they multiply and refits those that stay, on calibration samples; without, zeros go by size alone"),
    OptionSchema(
      "damping", .number(0...100), default: 0.3, "how strongly coefficients are drawn to those before, where samples are few"),
  ]

  package func needsCalibration(_ options: Options) -> Bool { (try? options.flag("reconstruct")) ?? true }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    guard let form = WinogradTile(try step.options.width("tile") ?? 4) else {
      throw Failure(.recipe, "\(step.path).tile: must be 2 or 4")
    }
    var layers: [TransformedLayer] = []
    var others: [String] = []
    for layer in step.layers {
      if let able = try TransformedLayer(layer, form, in: graph) {
        layers.append(able)
      } else {
        others.append(layer.name)
      }
    }
    if !others.isEmpty {
      step.ledger.note(
        "left as they are, being no f32 3 × 3 convolutions of stride 1 without groups: \(others.prefix(8).joined(separator: ", "))"
          + (others.count > 8 ? " and \(others.count - 8) others" : ""))
    }
    guard !layers.isEmpty else {
      throw Failure(.recipe, "\(step.path): none of the selected layers is a 3 × 3 convolution of stride 1 without groups")
    }
    let sparsity = try step.options.number("sparsity")
    let isGlobal = try step.options.string("scope") == "global" && layers.count > 1
    let fits = try step.options.flag("reconstruct")
    let original = graph
    let (before, now) = (try SampleFront(step), try SampleFront(step))
    var shares = layers.map { _ in sparsity }
    if isGlobal {
      var scores: [[Float]] = []
      for (index, layer) in layers.enumerated() {
        try step.progress("sensitivity", index, of: layers.count)
        if fits { try before.advance(to: layer.layer.node, of: original) }
        let samples = fits ? try TileSamples.measure(layer, in: original, before, reference: original, before, step, share: 8) : nil
        scores.append(layer.scores(energies: samples?.energies() ?? layer.flatEnergies, relative: true))
      }
      shares = try Self.shares(scores, sparsity)
      before.rewind()
    }
    let multiply = MatrixProducts(step.evaluator)
    for (index, layer) in layers.enumerated() {
      try step.progress("pruning: \(layer.layer.name)", index, of: layers.count)
      if fits {
        try before.advance(to: layer.layer.node, of: original)
        try now.advance(to: layer.layer.node, of: graph)
      }
      let samples = fits ? try TileSamples.measure(layer, in: graph, now, reference: original, before, step, share: 1) : nil
      let refitted = try samples.flatMap { samples in
        try RefitCoefficients(
          layer, samples, damping: step.options.number("damping"), range: ActiveRange(graph.nodes[layer.layer.node]),
          movesBias: graph.canSetBias(layer.layer), multiply: multiply
        ).prune(share: shares[index]) { try step.progress("reconstructing: \(layer.layer.name)", index, of: layers.count) }
      }
      if let refitted {
        try layer.replace(in: &graph, refitted.coefficients, biasShift: refitted.biasShift)
      } else {
        if samples != nil {
          step.ledger.note(
            "'\(layer.layer.name)': the samples say too little to refit its coefficients; the smallest went, more samples may help")
        }
        let mask = try Self.mask([layer.scores(energies: layer.flatEnergies, relative: false)], shares[index])[0]
        try layer.replace(in: &graph, zip(layer.coefficients, mask).map { $1 == 0 ? 0 : $0 }, biasShift: nil)
      }
    }
  }

  /// 0 for the share of the smallest scores, over all lists; ties by position.
  static func mask(_ scores: [[Float]], _ share: Double) throws -> [[UInt8]] {
    let all = scores.flatMap { $0 }
    var mask = [UInt8](repeating: 1, count: all.count)
    let zeros = try MagnitudeMask.zeroCount(of: all.count, sparsity: share)
    try mask.withUnsafeMutableBufferPointer { mask in
      try all.withUnsafeBufferPointer { try MagnitudeMask.fill(mask, weights: $0, zeros: zeros) }
    }
    var first = 0
    return scores.map { list in
      defer { first += list.count }
      return Array(mask[first..<first + list.count])
    }
  }

  /// What one ranking over all layers leaves of each.
  private static func shares(_ scores: [[Float]], _ share: Double) throws -> [Double] {
    try mask(scores, share).map { mask in Double(mask.count { $0 == 0 }) / Double(max(mask.count, 1)) }
  }
}
