import Graph
import Tensors

/// `quantize.affine`: weights of 2 to 8 bits and, calibrated on samples, 8-bit activations (Jacob et al. 2018; per-channel weights as
/// Krishnamoorthi 2018).
package struct QuantizeAffine: CompressionMethod {
  package init() {}

  package let name = "quantize.affine"
  package let summary = "Stores weights in 2 to 8 bits and, with calibration samples, computes in 8-bit integers."
  package let options =
    [
      OptionSchema("weights", .width(Array(2...8), orNone: false), default: 8, "bits of a weight"),
      OptionSchema(
        "edges", .width(Array(2...8), orNone: true), default: 8,
        "bits of a weight of the first and the last layer, where that is more than the others have; null: as the others"),
      OptionSchema(
        "symmetric_weights", .flag, default: true,
        "weights as signed codes without a zero point; false: unsigned codes with one for every scale"),
      OptionSchema(
        "group_size", .width([8, 16, 32, 64, 128, 256], orNone: true), default: .null,
        "inputs of a fully connected layer that share a scale in one output; null: all; other layers have no groups"),
      OptionSchema(
        "activations", .width([8], orNone: true), default: 8,
        "bits of an activation: unsigned codes with a zero point, calibrated; null leaves activations float"),
      OptionSchema(
        "granularity", .choice(["channel", "tensor"]), default: "channel", "one weight scale for each output channel, or one for all"),
      OptionSchema(
        "calibrator", .choice(["minmax", "ema", "percentile", "mse", "entropy"]), default: "percentile",
        "how an activation's range is chosen: its exact ends, averages of each sample's ends, cut-off tails, least squared error, or least "
          + "divergence of the codes' distribution"),
      OptionSchema(
        "momentum", .number(0...1, below: true), default: 0.9,
        "for the calibrator ema: what an average keeps of itself when a sample is added"),
      OptionSchema(
        "symmetric_activations", .flag, default: false, "zero in the middle of an activation's codes (128) where it has negative values"),
      OptionSchema(
        "percentile", .number(50...100), default: 99.99, "for the calibrator percentile: the share of values, in %, below the upper end"),
      OptionSchema(
        "bias_correction", .flag, default: true,
        "takes the mean error of the rounded weights off the biases; needs calibration samples and does nothing without"),
      OptionSchema(
        "rounding", .choice(["auto", "nearest", "compensated", "reconstructed"]), default: "auto",
        "how weights become codes: each to the nearest, each making up for the errors of others, or fitted layer after layer to what the "
          + "float network made; the latter two need samples; auto: compensated for 8 bits, reconstructed for fewer"),
      OptionSchema(
        "fit_pairs", .flag, default: false,
        "keeps the weights of neighbouring inputs so small together that their products fit 16 bits: faster on processors without VNNI"),
      OptionSchema(
        "equalize", .flag, default: true,
        "scales channels between layers so that one scale for a whole activation suits all of them, where that keeps the meaning"),
      OptionSchema(
        "requantization", .choice(["float", "fixed_point"]), default: "float",
        "how exact sums become codes: by one float product, or as TensorFlow Lite does it, by integers alone (Jacob et al. 2018)"),
      OptionSchema(
        "insist", .flag, default: false, "keeps integer activations in layers even where they measure slower than float ones"),
    ] + OutputRounding.options

  package func needsCalibration(_ options: Options) -> Bool { options.values["activations"] != .null }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    try QuantizeAffine.quantize(&graph, step, try WeightRecipe(step.options), method: name)
  }

  /// What a step does once it is known how weights become codes.
  static func quantize(_ graph: inout Graph, _ step: StepContext, _ recipe: WeightRecipe, method: String) throws {
    let integers = try step.options.width("activations") == nil ? [] : try step.layers.filter { try $0.canComputeInIntegers(in: graph) }
    if try !integers.isEmpty && step.options.flag("equalize") {
      for (layer, factors) in try graph.equalizeChannels(integers, step) { step.ledger.scale(layer, by: factors) }
    }
    let original = graph
    step.ledger.floatTwin = graph
    // Without samples, weights are rounded to nearest and biases stay.
    let hasSamples = (step.samples?.count ?? 0) > 0
    let corrects = try hasSamples && step.options.flag("bias_correction")
    let rounding = try hasSamples ? recipe.rounding(step.options) : .nearest
    let compensates = rounding == .compensated

    // One calibration run serves the ranges of the activations, and the means and moments of the layers' inputs.
    let placement = QuantizerPlacement(original, layers: integers)
    var observed = placement.values
    var axes = [Int?](repeating: nil, count: observed.count)
    var moments: [(position: Int, moments: InputMoments)] = []
    var positions: [String: Int] = [:]
    var byLayer: [String: InputMoments] = [:]
    for layer in step.layers where corrects || compensates {
      let input = try original.nodes[layer.node].requiredInput(0)
      guard original[input].constant == nil, original[layer.weight].constant?.quantization == nil else { continue }
      let position = observed.firstIndex(of: input) ?? observed.count
      if position == observed.count {
        observed.append(input)
        axes.append(nil)
      }
      axes[position] = layer.op == .conv ? 1 : ActivationStatistics.lastAxis
      positions[layer.name] = position
      if compensates, let collector = try InputMoments(layer, in: original) {
        moments.append((position, collector))
        byLayer[layer.name] = collector
      }
    }
    let statistics =
      try observed.isEmpty
      ? nil : ActivationStatistics(original, observed, channels: corrects ? axes : axes.map { _ in nil }, moments: moments, step)

    let done = try rounding == .reconstructed ? OutputRounding(step, codes: recipe.codes).apply(to: &graph) : []
    let rest = step.layers.filter { !done.contains($0.name) }
    try graph.quantizeWeights(
      rest, codes: recipe.codes, fitsPairs: step.options.flag("fit_pairs"), moments: byLayer, centred: corrects, progress: step.progress)
    if corrects, let statistics {
      try graph.correctBiases(rest, reference: original, means: positions.mapValues { statistics.means[$0] })
    }
    guard let statistics else { return }
    guard !integers.isEmpty else { return }
    let calibrator: Calibrator =
      switch try step.options.string("calibrator") {
      case "minmax": .minmax
      case "mse": .mse
      case "ema": .ema
      case "entropy": .entropy
      default: .percentile(try step.options.number("percentile"))
      }
    var ranges: [ValueID: (low: Float, high: Float)] = [:]
    for (id, histogram) in zip(observed, statistics.histograms) { ranges[id] = try calibrator.range(of: histogram) }
    let trial = IntegerTrial(
      graph: graph, layers: integers, ranges: ranges, inFixedPoint: try step.options.string("requantization") == "fixed_point",
      isSymmetric: try step.options.flag("symmetric_activations"))
    graph = try step.options.flag("insist") ? trial.build(without: []) : trial.settled(step, method: method)
  }
}

extension Layer {
  /// Whether the layer has an integer form: a convolution, or a product with nothing but a bias behind it.
  func canComputeInIntegers(in graph: Graph) throws -> Bool {
    guard op == .gemm else { return true }
    let attributes = graph.nodes[node].attributes
    return try attributes.int("transA", default: 0) == 0 && attributes.float("alpha", default: 1) == 1
      && attributes.float("beta", default: 1) == 1
  }
}
