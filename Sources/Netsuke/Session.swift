import Graph
import Passes
import Plan
import Runtime
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A model made ready to run: plans for the last few input shapes, with their memory and threads.
///
/// One thread at a time; a second one gets an error instead of a race.
package final class Session: @unchecked Sendable {
  /// Plans that are kept, the one used last first.
  static let keptPlans = 4

  let model: Model
  let options: ExecutorOptions
  private let exact: Bool
  private(set) var ready: [ReadyPlan] = []
  /// The process whose thread is at work, 0 for none: a forked child does not wait for a thread that stayed behind.
  private let owner = Atomic<Int32>(0)

  /// - Throws: `unsupportedMachine`, `invalidArgument`.
  package init(_ model: Model, _ options: SessionOptions = SessionOptions()) throws {
    _ = try HostMachine.machine()
    self.model = model
    self.options = try options.executorOptions()
    exact = options.exact
    ready.reserveCapacity(Session.keptPlans + 1)
  }

  /// Runs the model; see `nsk_session_run` of netsuke.h.
  package func run(_ inputs: UnsafeBufferPointer<TensorArgument>, _ outputs: UnsafeMutableBufferPointer<TensorArgument>) throws {
    try exclusively {
      try requireCount(outputs.count)
      try plan(for: inputs).run(inputs, outputs)
    }
  }

  /// Plans for inputs of these types and shapes and describes the outputs; `outputs` may be empty.
  package func prepare(_ inputs: UnsafeBufferPointer<TensorArgument>, _ outputs: UnsafeMutableBufferPointer<TensorArgument>) throws {
    try exclusively {
      if !outputs.isEmpty { try requireCount(outputs.count) }
      let ports = try plan(for: inputs).executor.plan.outputs
      for index in outputs.indices { outputs[index].describe(ports[index]) }
    }
  }

  private func requireCount(_ count: Int) throws {
    guard count == model.graph.outputs.count else {
      throw Failure(.shapeMismatch, "the model has \(model.graph.outputs.count) outputs; \(count) tensors were given for them")
    }
  }

  private func exclusively(_ body: () throws -> Void) throws {
    let process = getpid()
    let last = owner.load(ordering: .relaxed)
    guard last != process, owner.compareExchange(expected: last, desired: process, ordering: .acquiringAndReleasing).exchanged else {
      throw Failure(.invalidArgument, "this session is at work in another thread; give every thread a session of its own")
    }
    defer { owner.store(0, ordering: .releasing) }
    try body()
  }

  private func plan(for inputs: UnsafeBufferPointer<TensorArgument>) throws -> ReadyPlan {
    guard inputs.count == model.graph.inputs.count else {
      throw Failure(.shapeMismatch, "the model has \(model.graph.inputs.count) inputs; \(inputs.count) tensors were given for them")
    }
    for index in ready.indices where ready[index].matches(inputs) {
      if index > 0 { ready.swapAt(0, index) }
      return ready[0]
    }
    let fresh = try makePlan(for: inputs)
    if ready.count == Session.keptPlans { ready.removeLast() }
    ready.insert(fresh, at: 0)
    return fresh
  }

  private func makePlan(for inputs: UnsafeBufferPointer<TensorArgument>) throws -> ReadyPlan {
    var shapes: [[Int]] = []
    for (index, id) in model.graph.inputs.enumerated() {
      let value = model.graph[id]
      let name = "input '\(value.name)'"
      let dtype = try inputs[index].elementType(name), shape = try inputs[index].shape(name)
      if let type = value.type {
        let fits = type.shape.map { declared in
          declared.count == shape.count && zip(declared, shape).allSatisfy { $0.value == nil || $0.value == $1 }
        }
        guard type.dtype == dtype else { throw Failure(.invalidArgument, "\(name) must be \(type), not \(dtype.name)\(shape)") }
        guard fits ?? true else { throw Failure(.shapeMismatch, "\(name) must be \(type), not \(dtype.name)\(shape)") }
      }
      _ = try Tensor.checkedByteCount(dtype, shape)
      shapes.append(shape)
    }
    let plan = try Planner.plan(model.graph, inputShapes: shapes, PlanOptions(threads: options.threads, exact: exact))
    return ReadyPlan(try Executor(plan, options))
  }
}

extension Planner {
  /// The plan of a graph for these input shapes on this machine.
  static func plan(_ graph: Graph, inputShapes: [[Int]], _ options: PlanOptions) throws -> Plan {
    let fixed = try Pipeline.specialize(graph, inputShapes: inputShapes)
    let planner = Planner(kernels: try HostMachine.kernels(), machine: try HostMachine.machine())
    return try planner.plan(fixed, options)
  }
}
