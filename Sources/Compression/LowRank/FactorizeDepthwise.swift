import Graph
import Tensors

/// `factorize.depthwise`: k × k convolutions as depthwise-separable ones with a multiplier (network decoupling; Guo, Li, Lin and Chen 2018).
package struct FactorizeDepthwise: CompressionMethod {
  package init() {}

  package let name = "factorize.depthwise"
  package let summary =
    "Replaces k×k convolutions by a depthwise one with some filters for each channel (the rank) and a 1×1, which samples refit."
  package let options =
    RankChoice.options + [
      OptionSchema(
        "data_aware", .flag, default: true,
        "keeps what matters for the outputs on the samples, if any, and refits the 1×1; without, what matters for the weights"
      ),
      OptionSchema(
        "damping", .number(0...100), default: 0.1, "how much the weights count besides what samples say, more where samples are few"),
    ]
  package let defaultLayers = LayerSelector(include: ["spatial", "grouped"])

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let isAware = try step.options.flag("data_aware"), hasSamples = (step.samples?.count ?? 0) > 0
    let damping = try step.options.number("damping")
    if isAware, !hasSamples {
      step.ledger.note("\(step.path): without samples, what the weights' singular values keep counts, not what the outputs keep")
    }
    try FactorizeLayers(step, method: name, usesSamples: isAware).apply(to: &graph) {
      try LayerDecoupling($0, refit: isAware && hasSamples ? RefitLast(damping: damping) : nil)
    }
  }
}
