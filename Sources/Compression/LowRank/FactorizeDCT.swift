import Graph
import Tensors

/// `factorize.dct`: k × k convolutions in the frequency domain (CNNPack; Wang et al. 2016).
package struct FactorizeDCT: CompressionMethod {
  package init() {}

  package let name = "factorize.dct"
  package let summary =
    "Replaces k×k convolutions by the responses of shared cosine windows and filter centres, and a sparse, quantized 1×1 of them."
  package let options =
    RankChoice.options + [
      OptionSchema("centres", .count(0...64), default: 0, "clusters of filters; a filter is a multiple of one and a sparse rest"),
      OptionSchema(
        "threshold", .choice(["hard", "soft"]), default: "hard",
        "coefficients that stay keep their values, or all are drawn to zero by the threshold, for training to follow"),
      OptionSchema("bits", .width([2, 3, 4, 5, 6, 7, 8], orNone: true), default: .null, "of the coefficients' codes; none: f32"),
    ]
  package let defaultLayers = LayerSelector(include: ["spatial"])

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    var fit = LayerFrequencies.Fit()
    fit.centres = Int(try step.options.number("centres"))
    fit.isSoft = try step.options.string("threshold") == "soft"
    if let bits = step.options.values["bits"]?.number { fit.bits = Int(bits) }
    fit.largest = try RankChoice(step).largestRank
    let chosen = fit
    try FactorizeLayers(step, method: name, usesSamples: false).apply(to: &graph) { try LayerFrequencies($0, fit: chosen) }
  }
}
