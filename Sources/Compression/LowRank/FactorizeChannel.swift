import Graph
import Tensors

/// `factorize.channel`: convolutions as one of fewer filters and a 1 × 1 one behind it, fitted to the layer's responses (Zhang et al. 2016,
/// "Accelerating very deep convolutional networks for classification and detection").
package struct FactorizeChannel: CompressionMethod {
  package init() {}

  package let name = "factorize.channel"
  package let summary =
    "Replaces convolutions by one of fewer filters and a 1×1 one, fitted to what they make of the samples behind their activation."
  package let options =
    RankChoice.options + [
      OptionSchema(
        "mode", .choice(["linear", "nonlinear", "asymmetric"]), default: "asymmetric",
        "linear: principal components of the responses; nonlinear: what the activation behind cuts off need not be met; asymmetric: also "
          + "fitted to the inputs that the layers factorized before leave"),
      OptionSchema(
        "spatial", .flag, default: false, "splits the convolution of fewer filters further into a vertical and a horizontal one"),
      OptionSchema(
        "damping", .number(0...100), default: 0.1, "how much the weights count besides what samples say, more where samples are few"),
    ]
  package let defaultLayers = LayerSelector(include: ["spatial"])

  package func needsCalibration(_ options: Options) -> Bool { true }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    var fit = MatrixFactors.Fit()
    let mode = try step.options.string("mode"), splits = try step.options.flag("spatial")
    fit.isAsymmetric = mode == "asymmetric"
    fit.isNonlinear = mode != "linear"
    fit.damping = try step.options.number("damping")
    let largest = try RankChoice(step).largestRank
    try FactorizeLayers(step, method: name).apply(to: &graph) { site in
      guard let pair = try MatrixFactors(site, fit: fit, largest: largest) else { return nil }
      return splits ? try SplitFactors(pair, fit: fit, site) : pair
    }
  }
}
