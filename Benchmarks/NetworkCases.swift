import CMachine
import Formats
import KernelContract
import Kernels
import KernelsAVX512
import Passes
import Plan
import Runtime
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Times a network's plan with chains by bands and without, turn about: KernelBenchmarks --network file.onnx [threads [rounds]].
func compareBands(_ arguments: [String]) throws {
  guard let path = arguments.first else { return print("KernelBenchmarks --network file.onnx [threads [rounds]]") }
  let threads = arguments.count > 1 ? Int(arguments[1]) ?? 1 : 1
  let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 40 : 40
  let choices: [PlanOptions.Bands] = [.chosen, .off]
  let (executors, inputs) = try executors(path, choices.map { PlanOptions(threads: threads, bands: $0) })
  let medians = try timesInTurn(executors, inputs, rounds: rounds).map(\.median)
  let joined = executors[0].plan.steps.filter { $0.kernel == "bands_1" }.count
  print(
    "\(path) \(threads) threads: \(joined) chains, \(hundredths(medians[0])) ms by bands, \(hundredths(medians[1])) ms one by one; arena "
      + "\(executors[0].plan.arenaBytes >> 10) KB, \(executors[1].plan.arenaBytes >> 10) KB")
}

/// Times a network's plan that leaves out zeros of weights and one that does not, turn about, and shows the steps of the first:
/// KernelBenchmarks --sparse file.onnx [threads [rounds]].
func compareSparse(_ arguments: [String]) throws {
  guard let path = arguments.first else { return print("KernelBenchmarks --sparse file.onnx [threads [rounds]]") }
  let threads = arguments.count > 1 ? Int(arguments[1]) ?? 1 : 1
  let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 20 : 20
  let choices: [PlanOptions.Sparse] = [.chosen, .off]
  let (executors, inputs) = try executors(path, choices.map { PlanOptions(threads: threads, sparse: $0) })
  let times = try timesInTurn(executors, inputs, rounds: rounds)
  let measured = try Executor(executors[0].plan, ExecutorOptions(threads: threads, profile: true))
  var best = measured.plan.steps.map { _ in Double.infinity }
  for _ in 0..<20 {
    try measured.runOnce(inputs)
    for (index, time) in measured.profile.enumerated() { best[index] = min(best[index], Double(time.lastNanoseconds) / 1e3) }
  }
  for (index, (step, time)) in zip(measured.plan.steps, measured.profile).enumerated() {
    print(
      "\(hundredths(best[index])) (\(hundredths(Double(time.medianNanoseconds) / 1e3))) us  \(step.kernel)  \(step.shape) \(step.layout)  \(step.macs / 1000) kMAC  "
        + "\(step.operators.joined(separator: "+"))  \(step.choice?.text ?? "")")
  }
  let (sparse, dense) = (times[0], times[1])
  print(
    "\(path) \(threads) threads: \(hundredths(sparse.median)) ms without zeros, \(hundredths(dense.median)) ms dense; best thirds "
      + "\(hundredths(sparse.bestThird)), \(hundredths(dense.bestThird)); best steps \(hundredths(best.reduce(0, +) / 1e3))")
}

/// The network's plans, ready to run, and inputs for them.
private func executors(_ path: String, _ options: [PlanOptions]) throws -> ([Executor], [Tensor]) {
  let model = try ModelFile.read(path: path)
  let shapes = model.inputs.map { id in (model[id].type?.shape ?? []).map { $0.value ?? 1 } }
  let graph = try Pipeline.specialize(model, inputShapes: shapes)
  let planner = Planner(kernels: wide + kernelTable(), machine: try Machine.current())
  let inputs = try shapes.map { shape in
    try Tensor(shape, (0..<shape.reduce(1, *)).map { Float(($0 &* 7919) % 101 - 50) / 50 })
  }
  return (try options.map { try Executor(try planner.plan(graph, $0), ExecutorOptions(threads: $0.threads)) }, inputs)
}

/// Milliseconds of runs; other programs of the machine make some of them slow.
private struct Times {
  var all: [Double] = []
  var median: Double { all.sorted()[all.count / 2] }
  /// The middle of the best third.
  var bestThird: Double { all.sorted()[all.count / 6] }
}

/// Each executor's second and third run of a round.
private func timesInTurn(_ executors: [Executor], _ inputs: [Tensor], rounds: Int) throws -> [Times] {
  var times = executors.map { _ in Times() }
  for _ in 0..<rounds {
    for which in executors.indices {
      for run in 0..<3 {
        let begin = wallSeconds()
        try executors[which].runOnce(inputs)
        if run > 0 { times[which].all.append((wallSeconds() - begin) * 1e3) }
      }
    }
  }
  return times
}

/// Each executor's median time of runs in turn, as many rounds as fit about `seconds`, three at least.
func mediansInTurn(_ executors: [Executor], _ inputs: [Tensor], seconds: Double) throws -> [Double] {
  for executor in executors { for _ in 0..<3 { try executor.runOnce(inputs) } }
  let start = wallSeconds()
  for executor in executors { try executor.runOnce(inputs) }
  let rounds = max(3, min(1000, Int(seconds / 3 / max(1e-6, wallSeconds() - start))))
  return try timesInTurn(executors, inputs, rounds: rounds).map { $0.median / 1e3 }
}

extension Executor {
  func runOnce(_ inputs: [Tensor]) throws {
    let none = plan.outputs.map { _ in UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    try inputs.map(\.bytes).withUnsafeBufferPointer { inputs in
      try none.withUnsafeBufferPointer { try run(inputs: inputs, outputs: $0) }
    }
  }
}

func wallSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

private func hundredths(_ value: Double) -> String {
  let hundredths = Int((value * 100).rounded())
  return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
