import KernelContract
import Kernels
import KernelsAVX512
import Plan
import Runtime
import Tensors

/// Fully connected layers of one row beside the memory's bandwidth: KernelBenchmarks stream [threads].
///
/// Weights of the factors fit a large last-level cache, where they would stay from run to run. So there are several copies of the layer, which
/// together are four times as large as that cache, and run in turns; in the same turns run plans like theirs whose kernel does nothing but
/// load the weights of the tasks that it is given (its tasks, threads and memory are those of the product), and the dense layer.
struct StreamComparison {
  let threads: Int

  init(_ arguments: [String]) { threads = arguments.first.flatMap { Int($0) } ?? 1 }

  func run() throws {
    let machine = try Machine.current()
    let fc6 = FactorLayer.dense(25088, 4096, rectifies: true)
    let input = try Tensor([1, fc6.inputs], (0..<fc6.inputs).map { Float(($0 &* 7919) % 101 - 50) / 50 })
    func executors(_ layers: [FactorLayer], _ kernels: [KernelEntry], count: Int) throws -> [Executor] {
      try (0..<count).map { _ in
        let network = try FactorNetwork("fc", [1, fc6.inputs], layers)
        let plan = try Planner(kernels: kernels, machine: machine).plan(network.graph, PlanOptions(threads: threads))
        return try Executor(plan, ExecutorOptions(threads: threads))
      }
    }
    let table = wide + kernelTable()
    let readers = table.map { entry in
      entry.family == .gemmF32 ? KernelEntry("load", .gemmF32, tile: entry.tile, entry.flags, loadWeights) : entry
    }
    print("layer | MB of weights | copies | µs | GB/s | GB/s of loads alone | share of them | dense µs | dense GB/s | to dense")
    for rank in [128, 256, 512] {
      let bytes = 4 * rank * (fc6.inputs + fc6.outputs)
      let copies = max(1, blocks(4 * machine.level3Bytes, of: bytes))
      let all =
        try executors(fc6.pair(rank), table, count: copies) + executors(fc6.pair(rank), readers, count: copies)
        + executors([fc6], table, count: 1)
      let medians = try mediansOfSingleRuns(all, [input], rounds: 60)
      let seconds = medians[..<copies].reduce(0, +) / Double(copies)
      let loads = medians[copies..<2 * copies].reduce(0, +) / Double(copies)
      let dense = medians[2 * copies]
      let numbers = [
        seconds * 1e6, Double(bytes) / seconds / 1e9, Double(bytes) / loads / 1e9, loads / seconds, dense * 1e6,
        Double(4 * fc6.weightCount) / dense / 1e9, dense / seconds,
      ]
      print(
        "fc 25088→\(rank)→4096 | \(rounded(Double(bytes) / 1e6)) | \(copies) | "
          + numbers.map { "\(Double(Int($0 * 1000)) / 1000)" }.joined(separator: " | "))
    }
  }
}

/// Median seconds of each executor, one run in a turn: what it read the last time has been driven out by the others.
private func mediansOfSingleRuns(_ executors: [Executor], _ inputs: [Tensor], rounds: Int) throws -> [Double] {
  var times = executors.map { _ in [Double]() }
  for round in 0...rounds {
    for (index, executor) in executors.enumerated() {
      let begin = wallSeconds()
      try executor.runOnce(inputs)
      if round > 0 { times[index].append(wallSeconds() - begin) }
    }
  }
  return times.map { $0.sorted()[$0.count / 2] }
}

/// Loads the weights of a product's tasks, in their order, and leaves a sum of them.
private func loadWeights(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: GemmF32Descriptor.self).pointee
  let panels = blocks(d.groupOutChannels, of: GemmPacking.panel)
  for task in begin..<end {
    let first = task % d.panelBlocks * d.panelBlock
    let count = (min(panels, first + d.panelBlock) - first) * d.packing.depth
    var from = UnsafeRawPointer(d.weights + first * d.packing.depth * GemmPacking.panel)
    var sums = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
    for _ in 0..<count / 4 {
      sums.0 += from.load(as: SIMD16<Float>.self)
      sums.1 += from.load(fromByteOffset: 64, as: SIMD16<Float>.self)
      sums.2 += from.load(fromByteOffset: 128, as: SIMD16<Float>.self)
      sums.3 += from.load(fromByteOffset: 192, as: SIMD16<Float>.self)
      from += 256
    }
    buffers[0].storeBytes(of: (sums.0 + sums.1 + sums.2 + sums.3).sum(), toByteOffset: 64 * first, as: Float.self)
  }
}
