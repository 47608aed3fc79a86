import Graph
import Tensors

/// `factorize.cp`: k × k convolutions as 1×1, depthwise k × 1, depthwise 1 × k, and 1×1 (Lebedev et al. 2015), with penalized norms.
package struct FactorizeCP: CompressionMethod {
  package init() {}

  package let name = "factorize.cp"
  package let summary = "Replaces k×k convolutions by a 1×1, two depthwise ones, k×1 and 1×k, and a 1×1; samples refit the last."
  package let options =
    RankChoice.options + [
      OptionSchema(
        "penalty", .number(0...1), default: 1e-6, "what squared norms of the factors count at the end, the kernel's norm being 1"),
      OptionSchema("starts", .count(1...16), default: 3, "how many starts are tried for some sweeps"),
      OptionSchema("sweeps", .count(1...10_000), default: 100, "alternations from the best start, at most"),
      OptionSchema(
        "data_aware", .flag, default: true,
        "keeps what matters for the outputs on the samples, if any, and refits the last 1×1; without, what matters for the weights"),
      OptionSchema(
        "damping", .number(0...100), default: 0.1, "how much the weights count besides what samples say, more where samples are few"),
    ]
  package let defaultLayers = LayerSelector(include: ["spatial"])

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    var fit = LayerPolyadic.Fit()
    fit.options.penalty = try step.options.number("penalty")
    fit.options.starts = Int(try step.options.number("starts"))
    fit.options.sweeps = Int(try step.options.number("sweeps"))
    fit.usesSamples = try step.options.flag("data_aware") && (step.samples?.count ?? 0) > 0
    fit.damping = try step.options.number("damping")
    if let rank = try RankChoice(step).largestRank {
      guard rank <= LayerPolyadic.largestRank else {
        throw Failure(.recipe, "\(step.path).rank: ranks up to \(LayerPolyadic.largestRank) are looked for, not \(rank)")
      }
      fit.rank = rank
    }
    if try step.options.flag("data_aware"), !fit.usesSamples {
      step.ledger.note("\(step.path): without samples, what the weights keep counts, not what the outputs keep")
    }
    let chosen = fit
    try FactorizeLayers(step, method: name, usesSamples: fit.usesSamples).apply(to: &graph) { try LayerPolyadic($0, fit: chosen) }
  }
}
