import Graph
import Tensors

/// `factorize.svd`: fully connected and 1 × 1 layers as two of a smaller rank (Denton et al. 2014; Xue et al. 2013), fitted to what they
/// make of calibration samples.
package struct FactorizeSVD: CompressionMethod {
  package init() {}

  package let name = "factorize.svd"
  package let summary =
    "Replaces fully connected and 1×1 layers by two of a smaller rank; fits them to what the layers make, given samples."
  package let options =
    RankChoice.options + [
      OptionSchema(
        "data_aware", .flag, default: true,
        "keeps what matters for the layer's outputs on the samples, where there are any; without, what matters for its weights"),
      OptionSchema(
        "asymmetric", .flag, default: true,
        "fits each layer to the inputs that the layers factorized before it leave, so that it makes up for their errors"),
      OptionSchema(
        "damping", .number(0...100), default: 0.1, "how much the weights count besides what samples say, more where samples are few"),
    ]
  package let defaultLayers = LayerSelector(include: ["pointwise", "linear"])

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    var fit = MatrixFactors.Fit()
    fit.usesSamples = try step.options.flag("data_aware")
    fit.isAsymmetric = try step.options.flag("asymmetric")
    fit.damping = try step.options.number("damping")
    if fit.usesSamples, (step.samples?.count ?? 0) == 0 {
      step.ledger.note("\(step.path): without samples, what the weights' singular values keep counts, not what the outputs keep")
    }
    let largest = try RankChoice(step).largestRank
    try FactorizeLayers(step, method: name, usesSamples: fit.usesSamples).apply(to: &graph) {
      try MatrixFactors($0, fit: fit, largest: largest)
    }
  }
}
