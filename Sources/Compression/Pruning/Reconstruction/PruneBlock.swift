import Graph
import Tensors

/// `prune.block`: zeros in whole blocks, which cost fewer indices and suit vectors, refitted as `prune.reconstruct` does.
package struct PruneBlock: CompressionMethod {
  package init() {}

  package let name = "prune.block"
  package let summary = "Sets blocks of weights to zero and refits the others so that each layer still makes what it made; needs samples."
  package let options =
    [
      OptionSchema(
        "sparsity", .number(0...1, below: true), default: nil, "the share of the blocks of the selected layers that becomes zero"),
      OptionSchema("rows", .width([1, 2, 4, 8, 16], orNone: false), default: 8, "output channels of a block"),
      OptionSchema("columns", .width([1, 2, 4, 8, 16], orNone: false), default: 1, "input channels of a block"),
      OptionSchema(
        "scope", .choice(["layer", "global"]), default: "global",
        "whether every layer loses that share, or layers that the network's output depends on less lose more"),
    ] + Reconstruction.options

  package func needsCalibration(_ options: Options) -> Bool { true }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let pattern = ZeroPattern.blocks(
      rows: try step.options.width("rows") ?? 1, columns: try step.options.width("columns") ?? 1)
    try Reconstruction(step, pattern: pattern).apply(
      to: &graph, sparsity: step.options.number("sparsity"), isGlobal: step.options.string("scope") == "global")
  }
}
