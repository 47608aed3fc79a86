import Graph
import KernelContract
import Tensors

/// Freezes a graph whose extents are all fixed into a plan for one machine.
package struct Planner: Sendable {
  /// The kernels to choose from; of a family, the first is preferred.
  package let kernels: [KernelEntry]
  package let machine: Machine

  package init(kernels: [KernelEntry], machine: Machine) {
    self.kernels = kernels
    self.machine = machine
  }

  /// The plan of `graph`.
  /// - Throws: `unsupported` naming the node that cannot be run, `shapeMismatch` for a graph that contradicts itself.
  package func plan(_ graph: Graph, _ options: PlanOptions = PlanOptions()) throws -> Plan {
    var graph = graph
    let known = try graph.inferTypesAndElements()
    let builder = try PlanBuilder(graph, known: known, kernels: kernels, machine: machine, options: options)
    try builder.defineInputs()
    try builder.chooseLayouts()
    for index in graph.nodes.indices where !builder.fused.contains(index) { try builder.lower(index) }
    try builder.writeOutputs()
    try builder.joinBands()
    return try builder.finish()
  }
}
