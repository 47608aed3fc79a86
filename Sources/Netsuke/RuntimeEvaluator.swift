import Compression
import Graph
import Plan
import Runtime
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs and times graphs for the compressor with the same planner and runtime that sessions use.
struct RuntimeEvaluator: Evaluator {
  let threads: Int

  func prepare(_ graph: Graph, observing: [ValueID], like sample: [Tensor]) throws -> any PreparedGraph {
    try requireSample(sample, of: graph)
    var observed = graph
    // A value is handed out once, however often it is asked for.
    var positions: [ValueID: Int] = [:]
    for (index, id) in graph.outputs.enumerated() where positions[id] == nil { positions[id] = index }
    for id in observing where positions[id] == nil {
      positions[id] = observed.outputs.count
      observed.outputs.append(id)
    }
    // What is computed is compared: sums term by term. What is timed is what a session would run.
    let shapes = sample.map(\.shape)
    let plan = try Planner.plan(observed, inputShapes: shapes, PlanOptions(threads: threads, exact: true))
    return try RunnableGraph(
      plan, threads: threads, picks: Array(graph.outputs.indices) + observing.compactMap { positions[$0] }
    ) { [threads] bands in
      try Planner.plan(observed, inputShapes: shapes, PlanOptions(threads: threads, bands: bands))
    }
  }

  private func requireSample(_ sample: [Tensor], of graph: Graph) throws {
    guard sample.count == graph.inputs.count else {
      throw Failure(.shapeMismatch, "a sample has \(sample.count) tensors; the model has \(graph.inputs.count) inputs")
    }
    for (tensor, id) in zip(sample, graph.inputs) {
      if let type = graph[id].type, type.dtype != tensor.dtype {
        throw Failure(.invalidArgument, "a sample's '\(graph[id].name)' must be \(type), not \(tensor.dtype.name)\(tensor.shape)")
      }
    }
  }
}

/// One plan at work for the compressor.
private final class RunnableGraph: PreparedGraph {
  private let plan: Plan
  private let threads: Int
  /// For each tensor to return, the output of the plan it is.
  private let picks: [Int]
  private let executor: Executor
  /// A plan to time.
  private let usual: (PlanOptions.Bands) throws -> Plan

  init(_ plan: Plan, threads: Int, picks: [Int], usual: @escaping (PlanOptions.Bands) throws -> Plan) throws {
    self.plan = plan
    self.threads = threads
    self.picks = picks
    self.usual = usual
    executor = try Executor(plan, ExecutorOptions(threads: threads))
  }

  func run(_ sample: [Tensor]) throws -> [Tensor] {
    try run(executor, sample)
    let results = try plan.outputs.enumerated().map { index, port in
      try Tensor(port.dtype, port.shape) { bytes in
        if let result = executor.output(index) { bytes.copyMemory(from: result) }
      }
    }
    return picks.map { results[$0] }
  }

  func measure(_ sample: [Tensor], rounds: Int) throws -> (total: Double, nodes: [String: Double]) {
    let plan = try usual(.chosen)
    let whole = try measure(plan, sample, rounds)
    // A layer's time needs a step of its own, which layers that run by bands share.
    let joined = plan.steps.contains { $0.isJoined }
    return (whole.total, joined ? try measure(usual(.off), sample, rounds).nodes : whole.nodes)
  }

  private func measure(_ plan: Plan, _ sample: [Tensor], _ rounds: Int) throws -> (total: Double, nodes: [String: Double]) {
    let measured = try Executor(plan, ExecutorOptions(threads: threads, profile: true))
    try run(measured, sample)
    var totals: [Double] = []
    for _ in 0..<max(rounds, 1) {
      let begin = RunnableGraph.now()
      try run(measured, sample)
      totals.append(RunnableGraph.now() - begin)
    }
    var nodes: [String: Double] = [:]
    for step in measured.profile { nodes[step.name, default: 0] += Double(step.medianNanoseconds) / 1e6 }
    return (totals.sorted()[totals.count / 2], nodes)
  }

  private func run(_ executor: Executor, _ sample: [Tensor]) throws {
    let inputs = sample.map(\.bytes)
    let outputs = plan.outputs.map { _ in UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    try withExtendedLifetime(sample) {
      try inputs.withUnsafeBufferPointer { inputs in
        try outputs.withUnsafeBufferPointer { try executor.run(inputs: inputs, outputs: $0) }
      }
    }
  }

  /// Milliseconds of a clock that only goes forward.
  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }
}
