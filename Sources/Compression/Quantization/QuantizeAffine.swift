import Graph
import Tensors

/// `quantize.affine`: 8-bit weights and, calibrated on samples, 8-bit activations (Jacob et al. 2018; per-channel weights as
/// Krishnamoorthi 2018).
package struct QuantizeAffine: CompressionMethod {
  package init() {}

  package let name = "quantize.affine"
  package let summary = "Stores weights in 8 bits and, with calibration samples, computes in 8-bit integers."
  package let options = [
    OptionSchema("weights", .width([8], orNone: false), default: 8, "bits of a weight: symmetric signed codes"),
    OptionSchema(
      "activations", .width([8], orNone: true), default: 8,
      "bits of an activation: unsigned codes with a zero point, calibrated; null leaves activations float"),
    OptionSchema(
      "granularity", .choice(["channel", "tensor"]), default: "channel", "one weight scale for each output channel, or one for all"),
    OptionSchema(
      "calibrator", .choice(["minmax", "percentile", "mse"]), default: "percentile",
      "how an activation's range is chosen: its exact ends, cut-off tails, or least squared error"),
    OptionSchema(
      "percentile", .number(50...100), default: 99.99, "for the calibrator percentile: the share of values, in %, below the upper end"),
    OptionSchema(
      "bias_correction", .flag, default: true,
      "takes the mean error of the rounded weights off the biases; needs calibration samples and does nothing without"),
    OptionSchema(
      "insist", .flag, default: false, "keeps integer activations in layers even where they measure slower than float ones"),
  ]

  package func needsCalibration(_ options: Options) -> Bool { options.values["activations"] != .null }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let original = graph
    let perChannel = try step.options.string("granularity") == "channel"
    try graph.quantizeWeights(step.layers, perChannel: perChannel, progress: step.progress)
    let integers = try step.options.width("activations") == nil ? [] : try step.layers.filter { try $0.canComputeInIntegers(in: graph) }
    let corrects = try step.options.flag("bias_correction")
    guard !integers.isEmpty || (corrects && (step.samples?.count ?? 0) > 0) else { return }

    // One calibration run serves the ranges of the activations and the means of the layers' inputs.
    let placement = QuantizerPlacement(original, layers: integers)
    let inputs = try corrects ? step.layers.map { try original.nodes[$0.node].requiredInput(0) } : []
    var channelAxes: [ValueID: Int] = [:]
    for (layer, input) in zip(step.layers, inputs) where layer.op == .conv || layer.shape.count == 2 {
      channelAxes[input] = layer.op == .conv ? 1 : ActivationStatistics.lastAxis
    }
    var observed = placement.values
    for input in inputs where !observed.contains(input) && original[input].constant == nil { observed.append(input) }
    let statistics = try ActivationStatistics(original, observed, channels: observed.map { channelAxes[$0] }, step)

    if corrects {
      var means: [String: [Double]] = [:]
      for (layer, input) in zip(step.layers, inputs) {
        if let position = observed.firstIndex(of: input) { means[layer.name] = statistics.means[position] }
      }
      try graph.correctBiases(step.layers, reference: original, means: means)
    }
    guard !integers.isEmpty else { return }
    let calibrator: Calibrator = switch try step.options.string("calibrator") {
    case "minmax": .minmax
    case "mse": .mse
    default: .percentile(try step.options.number("percentile"))
    }
    var ranges: [ValueID: (low: Float, high: Float)] = [:]
    for (id, histogram) in zip(observed, statistics.histograms) { ranges[id] = try calibrator.range(of: histogram) }
    let trial = IntegerTrial(graph: graph, layers: integers, ranges: ranges)
    graph = try step.options.flag("insist") ? trial.build(without: []) : trial.settled(step, method: name)
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
