import KernelContract
import Tensors

/// A network frozen for fixed input shapes: steps in order, packed weights, and where every tensor lies. Immutable.
package final class Plan: Sendable {
  /// A tensor that crosses the edge: row-major in the logical order (NCHW), whatever the plan uses inside.
  package struct Port: Sendable {
    package let name: String
    package let dtype: DType
    package let shape: [Int]
    package let byteCount: Int
  }

  /// Bytes that kernels may read, never use, behind any tensor that is not the caller's.
  package static let slackBytes = 64

  package let name: String
  package let inputs: [Port]
  package let outputs: [Port]
  package let steps: [Step]
  /// Bytes of the block that all inner tensors share, without the slack behind it.
  package let arenaBytes: Int
  /// Scratch bytes that each thread needs.
  package let scratchBytes: Int
  let memory: PlanMemory

  init(
    name: String, inputs: [Port], outputs: [Port], steps: [Step], arenaBytes: Int, scratchBytes: Int, memory: PlanMemory
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.steps = steps
    self.arenaBytes = arenaBytes
    self.scratchBytes = scratchBytes
    self.memory = memory
  }

  /// Bytes of packed weights, tables and other constants.
  package var constantBytes: Int { memory.constantBytes }
  /// Multiply-accumulates of one run.
  package var macs: Int { steps.reduce(0) { $0.addingReportingOverflow($1.macs).overflow ? Int.max : $0 + $1.macs } }
}

/// One call of a kernel.
package struct Step: Sendable {
  /// Where a tensor of the step lies. Offsets are in bytes.
  package enum Location: Sendable, Hashable {
    case arena(Int)
    case constant(UInt)
    case input(Int, offset: Int)
    case output(Int, offset: Int)
  }

  /// The graph node it runs.
  package var name: String
  /// The node's operator, and behind it what was fused into the step.
  package var operators: [String]
  /// The kernel's id in the registry.
  package var kernel: String
  package var function: StepFunction
  /// The address of the kernel's descriptor, in the plan's memory.
  package var descriptor: UInt
  package var buffers: [Location]
  package var taskCount: Int
  package var scratchBytes: Int
  package var macs: Int
  /// Bytes of the tensors read and written, constants included.
  package var bytes: Int
  /// Element type, extents and layout (`nhwc`, `nchw`, `rows`, `strided`) of the result.
  package var dtypeName: String
  package var extents: [Int]
  package var layout: String
  /// Why it is run by this kernel, where there was a choice.
  package var choice: Choice?

  /// Whether it runs several nodes' steps by bands; `name` is all their names then.
  package var isJoined = false

  /// Whether helpers are worth a microsecond or two of signals and of lines fetched from each other: by the least time that the step can take on one core.
  package var paysToSplit: Bool {
    guard taskCount > 1 else { return false }
    let nanoseconds = macs / 50 + bytes / 20
    return nanoseconds > 2_500
  }
}
