import Graph
import Tensors

/// `prune.reconstruct`: zeros and values that keep each layer's output, by least squares on calibration samples (after Frantar and
/// Alistarh 2022 and 2023; the zeros are found as Boža 2024 does).
package struct PruneReconstruct: CompressionMethod {
  package init() {}

  package let name = "prune.reconstruct"
  package let summary = "Sets weights to zero and refits the others so that each layer still makes what it made; needs samples."
  package let options =
    [
      OptionSchema(
        "sparsity", .number(0...1, below: true), default: nil, "the share of the weights of the selected layers that becomes zero"),
      OptionSchema(
        "scope", .choice(["layer", "global"]), default: "global",
        "whether every layer loses that share, or layers that the network's output depends on less lose more"),
    ] + Reconstruction.options

  package func needsCalibration(_ options: Options) -> Bool { true }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    try Reconstruction(step, pattern: .elements).apply(
      to: &graph, sparsity: step.options.number("sparsity"), isGlobal: step.options.string("scope") == "global")
  }
}
