import Graph
import Tensors

/// `prune.nm`: of every M neighbouring input channels at most N stay (Mishra et al. 2021), refitted as `prune.reconstruct` does.
package struct PruneNM: CompressionMethod {
  package init() {}

  package let name = "prune.nm"
  package let summary =
    "Keeps N of every M neighbouring weights and refits them so that each layer still makes what it made; needs samples."
  package let options =
    [
      OptionSchema("keep", .width(Array(1...15), orNone: false), default: 2, "N: how many weights of a group stay"),
      OptionSchema("of", .width([2, 4, 8, 16], orNone: false), default: 4, "M: neighbouring input channels of a group"),
    ] + Reconstruction.options

  package func needsCalibration(_ options: Options) -> Bool { true }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let (keep, of) = (try step.options.width("keep") ?? 2, try step.options.width("of") ?? 4)
    guard keep < of else { throw Failure(.recipe, "\(step.path).keep: must be below \"of\", which is \(of), not \(keep)") }
    try Reconstruction(step, pattern: .ratio(keep: keep, of: of)).apply(to: &graph, sparsity: 0, isGlobal: false)
  }
}
