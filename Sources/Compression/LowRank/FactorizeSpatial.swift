import Graph
import Tensors

/// `factorize.spatial`: k × k convolutions as a vertical and a horizontal one (Jaderberg et al. 2014, scheme 2).
package struct FactorizeSpatial: CompressionMethod {
  package init() {}

  package let name = "factorize.spatial"
  package let summary = "Replaces k×k convolutions, depthwise ones too, by a k×1 and a 1×k one; refits the second one, given samples."
  package let options =
    RankChoice.options + [
      OptionSchema(
        "data_aware", .flag, default: true,
        "refits the second convolution so that both make what the layer made of the samples, where there are any"),
      OptionSchema(
        "damping", .number(0...100), default: 0.1, "how strongly refitted weights are drawn to those before, where samples are few"),
    ]
  package let defaultLayers = LayerSelector(include: ["spatial", "depthwise", "grouped"])

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let isAware = try step.options.flag("data_aware"), damping = try step.options.number("damping")
    if isAware, (step.samples?.count ?? 0) == 0 {
      step.ledger.note("\(step.path): without samples, the best fit to the weights is kept; nothing is refitted to what layers make")
    }
    let largest = try RankChoice(step).largestRank
    try FactorizeLayers(step, method: name, usesSamples: isAware).apply(to: &graph) {
      try SpatialFactors($0, refit: isAware ? RefitLast(damping: damping) : nil, largest: largest)
    }
  }
}
