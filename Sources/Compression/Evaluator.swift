import Graph
import Tensors

/// Calibration samples, read one at a time so that memory does not grow with their number.
package protocol SampleSource {
  var count: Int { get }
  /// The inputs of sample `index` (batch 1 or more), in the graph's order.
  func sample(_ index: Int) throws -> [Tensor]
}

/// Runs graphs for the compressor, which must not see the runtime: the façade injects one.
package protocol Evaluator {
  /// Readies `graph` for inputs shaped like `sample`; `observing` names the values to hand out besides the outputs.
  func prepare(_ graph: Graph, observing: [ValueID], like sample: [Tensor]) throws -> any PreparedGraph
}

package protocol PreparedGraph: AnyObject {
  /// Runs once. Returns the outputs, then the observed values, all as dense row-major tensors (f32 where they are quantized).
  func run(_ sample: [Tensor]) throws -> [Tensor]
  /// Median milliseconds of `rounds` runs, in all and by node name (a fused node counts under the node that does the work).
  /// - Throws: `unsupported` where this evaluator cannot tell times; the compressor then goes without.
  func measure(_ sample: [Tensor], rounds: Int) throws -> (total: Double, nodes: [String: Double])
}

/// Called between pieces of work with what is being done and how far it is; returns false to cancel.
package typealias Progress = (_ phase: String, _ done: Int, _ total: Int) -> Bool
