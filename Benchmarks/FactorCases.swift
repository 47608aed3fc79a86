import Formats
import Graph
import Kernels
import KernelsAVX512
import Plan
import Runtime
import Tensors

/// Factorized layers beside the layers they replace: KernelBenchmarks factors [threads [part of a case's name]].
///
/// Each case runs in turns: the dense layer as the plan likes it best, the dense layer summed term by term (neither Winograd nor Strassen), and
/// the chain of factors. Times are medians. `KernelBenchmarks factors --write folder` writes the networks as ONNX files instead, for
/// `Benchmarks/peers/compare.py --models`.
struct FactorComparison {
  let threads: Int
  let wanted: String?
  let folder: String?

  init(_ arguments: [String]) {
    folder = arguments.first == "--write" ? arguments.dropFirst().first ?? "." : nil
    threads = arguments.first.flatMap { Int($0) } ?? 1
    wanted = arguments.count > (folder == nil ? 1 : 2) ? arguments[folder == nil ? 1 : 2] : nil
  }

  func run() throws {
    let cases = FactorCase.all.filter { item in wanted.map { item.name.contains($0) } ?? true }
    if let folder {
      for item in cases {
        for (kind, layers) in [("dense", item.dense), ("factors", item.factors)] {
          try ModelFile.write(try FactorNetwork(item.name, item.input, layers).graph, to: "\(folder)/\(item.file)-\(kind).onnx")
        }
      }
      return
    }
    print(
      "case | share of the MACs | direct µs | dense µs | factors µs | to dense | to direct | to dense over share of the MACs | best time of "
        + "each step, and its estimate")
    for item in cases { try compare(item) }
  }

  private func compare(_ item: FactorCase) throws {
    let planner = Planner(kernels: wide + kernelTable(), machine: try Machine.current())
    let dense = try FactorNetwork(item.name, item.input, item.dense)
    let factors = try FactorNetwork(item.name, item.input, item.factors)
    let plans = [
      try planner.plan(dense.graph, PlanOptions(threads: threads, exact: true)),
      try planner.plan(dense.graph, PlanOptions(threads: threads)), try planner.plan(factors.graph, PlanOptions(threads: threads)),
    ]
    let executors = try plans.map { try Executor($0, ExecutorOptions(threads: threads)) }
    let input = try Tensor(item.input, (0..<item.input.reduce(1, *)).map { Float(($0 &* 7919) % 101 - 50) / 50 })
    let medians = try mediansInTurn(executors, [input], seconds: 1.5)
    let share = Double(factors.macs) / Double(dense.macs)
    let steps = zip(plans[2].steps, try bestSteps(plans[2], [input])).map { step, nanoseconds in
      "\(rounded(nanoseconds / 1e3)) µs \(step.choice.map { String($0.text.prefix { $0 != ";" }) } ?? step.kernel)"
    }
    let numbers = [medians[2] / medians[1], medians[2] / medians[0], medians[2] / medians[1] / share].map(thousandths)
    print(
      "\(item.name) | \(thousandths(share)) | " + medians.map { rounded($0 * 1e6) }.joined(separator: " | ") + " | "
        + numbers.joined(separator: " | ") + " | \(steps.joined(separator: ", "))")
  }

  /// Nanoseconds of each step, the best of 30 runs.
  private func bestSteps(_ plan: Plan, _ inputs: [Tensor]) throws -> [Double] {
    let executor = try Executor(plan, ExecutorOptions(threads: threads, profile: true))
    var best = plan.steps.map { _ in Double.infinity }
    for _ in 0..<30 {
      try executor.runOnce(inputs)
      for (index, time) in executor.profile.enumerated() { best[index] = min(best[index], Double(time.lastNanoseconds)) }
    }
    return best
  }

  private func thousandths(_ value: Double) -> String {
    let count = Int((value * 1000).rounded())
    let digits = String(count % 1000)
    return "\(count / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
  }
}

/// Layers and the chains of factors in their place.
struct FactorCase {
  var name: String
  /// A name for files.
  var file: String
  /// [N, channels, height, width], or [N, features].
  var input: [Int]
  var dense: [FactorLayer]
  var factors: [FactorLayer]

  static var all: [FactorCase] {
    var cases: [FactorCase] = []
    for size in [14, 28] {
      for rank in [64, 128] {
        cases.append(
          FactorCase(
            name: "pair 1×1 512→\(rank)→512, \(size)²", file: "pair-\(size)-\(rank)", input: [1, 512, size, size],
            dense: [FactorLayer(inputs: 512, outputs: 512, rectifies: true)],
            factors: [FactorLayer(inputs: 512, outputs: rank), FactorLayer(inputs: rank, outputs: 512, rectifies: true)]))
      }
    }
    let filter = FactorLayer(inputs: 256, outputs: 256, kernel: (3, 3), rectifies: true)
    for rank in [96, 103, 104] {
      cases.append(
        FactorCase(
          name: "tucker 3×3 256→\(rank)→\(rank)→256, 28²", file: "tucker-\(rank)", input: [1, 256, 28, 28], dense: [filter],
          factors: [
            FactorLayer(inputs: 256, outputs: rank), FactorLayer(inputs: rank, outputs: rank, kernel: (3, 3)),
            FactorLayer(inputs: rank, outputs: 256, rectifies: true),
          ]))
    }
    for rank in [154, 160, 96] {
      cases.append(
        FactorCase(
          name: "jaderberg 3×3 256→\(rank)→256, 28²", file: "jaderberg-\(rank)", input: [1, 256, 28, 28], dense: [filter],
          factors: [
            FactorLayer(inputs: 256, outputs: rank, kernel: (3, 1)),
            FactorLayer(inputs: rank, outputs: 256, kernel: (1, 3), rectifies: true),
          ]))
    }
    for (size, inputs, outputs) in [(224, 64, 64), (112, 128, 128), (56, 256, 256), (28, 512, 512), (14, 512, 512)] {
      let layer = FactorLayer(inputs: inputs, outputs: outputs, kernel: (3, 3), rectifies: true)
      let rank = layer.channelAndSpatial[0].outputs
      cases.append(
        FactorCase(
          name: "channel + spatial 3×3 \(inputs)→\(rank)→\(rank)→\(outputs), \(size)²", file: "spatial-\(size)",
          input: [1, inputs, size, size], dense: [layer], factors: layer.channelAndSpatial))
    }
    let fc6 = FactorLayer.dense(25088, 4096, rectifies: true)
    for rows in [1, 16] {
      cases.append(
        FactorCase(
          name: "fc 25088→256→4096, batch \(rows)", file: "fc6-\(rows)", input: [rows, 25088], dense: [fc6], factors: fc6.pair(256)))
    }
    let vgg = FactorLayer.vgg16
    let convolutions = vgg.flatMap { $0.isDense || $0.inputs == 3 ? [$0] : $0.channelAndSpatial }
    cases.append(
      FactorCase(name: "vgg16, channel + spatial", file: "vgg16-convolutions", input: [1, 3, 224, 224], dense: vgg, factors: convolutions))
    cases.append(
      FactorCase(
        name: "vgg16, channel + spatial, fc6 and fc7 by 256", file: "vgg16", input: [1, 3, 224, 224], dense: vgg,
        factors: convolutions.flatMap { $0.isDense && $0.outputs == 4096 ? $0.pair(256) : [$0] }))
    return cases
  }
}
