import Graph
import Tensors

/// `factorize.tucker2`: k × k convolutions as 1×1, k × k and 1×1 between fewer channels (Kim et al. 2016).
package struct FactorizeTucker: CompressionMethod {
  package init() {}

  package let name = "factorize.tucker2"
  package let summary =
    "Replaces k×k convolutions by a 1×1, a k×k between fewer channels, and a 1×1; ranks as asked for, or by variational Bayes."
  package let options =
    RankChoice.options + [
      OptionSchema(
        "ranks", .choice(["energy", "vbmf"]), default: "energy",
        "where ranks come from: the options above, or variational Bayesian matrix factorization of each layer, without them"
      ),
      OptionSchema(
        "weakening", .number(0...1), default: 1,
        "with \"vbmf\", what share of the way from the full rank to the Bayesian one is gone"),
      OptionSchema("floor", .count(1...1_000_000), default: 8, "with \"vbmf\", the least rank"),
      OptionSchema(
        "data_aware", .flag, default: true,
        "keeps what matters for the outputs on the samples, if any, and refits the last 1×1; without, what matters for the weights"
      ),
      OptionSchema(
        "damping", .number(0...100), default: 0.1, "how much the weights count besides what samples say, more where samples are few"),
      OptionSchema("sweeps", .count(1...1000), default: 12, "how often the factors are made better in turns, at most"),
    ]
  package let defaultLayers = LayerSelector(include: ["spatial"])

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    var fit = LayerTucker.Fit()
    fit.usesSamples = try step.options.flag("data_aware") && (step.samples?.count ?? 0) > 0
    fit.damping = try step.options.number("damping")
    fit.sweeps = Int(try step.options.number("sweeps"))
    fit.largest = try RankChoice(step).largestRank
    if try step.options.string("ranks") == "vbmf" {
      guard !RankChoice.isGiven(step) else {
        throw Failure(.recipe, "\(step.path).ranks: \"vbmf\" finds the ranks; leave out rank, energy, error and the targets")
      }
      fit.bayes = (try step.options.number("weakening"), Int(try step.options.number("floor")))
    }
    if try step.options.flag("data_aware"), !fit.usesSamples {
      step.ledger.note("\(step.path): without samples, what the weights' singular values keep counts, not what the outputs keep")
    }
    let chosen = fit
    // Bayesian ranks stand, whatever they keep.
    let usual = fit.bayes == nil ? RankChoice.usualEnergy : 0
    try FactorizeLayers(step, method: name, usesSamples: fit.usesSamples, usualEnergy: usual).apply(to: &graph) {
      try LayerTucker($0, fit: chosen)
    }
  }
}

extension RankChoice {
  /// Whether a step says in any way what ranks it wants.
  static func isGiven(_ step: StepContext) -> Bool {
    ["rank", "energy", "error", "least_snr"].contains { (step.options.values[$0] ?? .null) != .null }
      || Unit.allCases.contains { (try? step.options.number($0.rawValue)) ?? 0 > 0 }
  }
}
