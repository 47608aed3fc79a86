import KernelContract
import Plan
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs a plan: owns the arena, the threads and the addresses, and nothing that changes what is computed.
///
/// All memory is allocated by `init`, except for the results of outputs that the caller gives no memory for, which are
/// allocated when that first happens. A run allocates nothing else. One run at a time: a second thread that calls `run` meanwhile
/// gets an error. The results are the same bits for every number of threads.
package final class Executor: @unchecked Sendable {
  package let plan: Plan
  package let options: ExecutorOptions

  private let host: HostMemory
  private let steps: UnsafeMutablePointer<BoundStep>
  private let stepCount: Int
  private let arena: UnsafeMutableRawPointer
  private let scratch: UnsafeMutableRawPointer
  private let scratchStride: Int
  private let patches: UnsafeMutablePointer<Patch>
  private let patchCount: Int
  /// One address for each input, then one for each output, of the run at hand.
  private let ports: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// For each output: where the last result lies.
  private let results: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let owned: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let busy: FutexWord
  private let pieces: UnsafeMutablePointer<ParallelPieces>
  private let tallyWords: UnsafeMutablePointer<Atomic<UInt32>>
  private let pool: ThreadPool?
  private let profiler: Profiler?
  private var process = getpid()

  /// An address to fill in at every run: that of a port, plus an offset.
  private struct Patch {
    let slot: UnsafeMutablePointer<UnsafeMutableRawPointer>
    let port: Int
    let offset: Int
  }

  /// - Throws: `invalidArgument` for a thread count outside 1...1024, `outOfMemory`.
  package init(_ plan: Plan, _ options: ExecutorOptions = ExecutorOptions()) throws {
    guard (1...ExecutorOptions.maximumThreads).contains(options.threads) else {
      throw Failure(
        .invalidArgument, "the number of threads must be between 1 and \(ExecutorOptions.maximumThreads), not \(options.threads)")
    }
    self.plan = plan
    self.options = options
    host = HostMemory(options.allocator)
    arena = try host.allocate(plan.arenaBytes + Plan.slackBytes)
    scratchStride = (plan.scratchBytes + Plan.slackBytes + 127) & ~127
    scratch = try host.allocate(scratchStride * options.threads)
    let inputCount = plan.inputs.count
    ports = try host.allocate(inputCount + plan.outputs.count, of: UnsafeMutableRawPointer.self)
    results = try host.allocate(plan.outputs.count, of: UnsafeMutableRawPointer?.self)
    owned = try host.allocate(plan.outputs.count, of: UnsafeMutableRawPointer?.self)
    pieces = try host.allocate(1, of: ParallelPieces.self)
    tallyWords = try host.allocate(4 * PieceTally.wordCount(options.threads))
      .bindMemory(to: Atomic<UInt32>.self, capacity: PieceTally.wordCount(options.threads))
    busy = FutexWord(line: try host.allocate(64))
    stepCount = plan.steps.count
    steps = try host.allocate(stepCount, of: BoundStep.self)
    let locations = plan.steps.map(\.buffers)
    let table = try host.allocate(locations.reduce(0) { $0 + $1.count }, of: UnsafeMutableRawPointer.self)
    patches = try host.allocate(locations.reduce(0) { $0 + $1.count }, of: Patch.self)
    var next = table
    var patched = 0
    for (index, step) in plan.steps.enumerated() {
      guard let descriptor = UnsafeRawPointer(bitPattern: step.descriptor) else {
        throw Failure(.internal, "a step without descriptor", node: step.name)
      }
      let buffers = next
      for location in step.buffers {
        next.initialize(to: arena)
        switch location {
        case .arena(let offset): next.pointee = arena + offset
        case .constant(let address): if let pointer = UnsafeMutableRawPointer(bitPattern: address) { next.pointee = pointer }
        case .input(let port, let offset):
          patches[patched] = Patch(slot: next, port: port, offset: offset)
          patched += 1
        case .output(let port, let offset):
          patches[patched] = Patch(slot: next, port: inputCount + port, offset: offset)
          patched += 1
        }
        next += 1
      }
      steps[index] = BoundStep(
        function: step.function, descriptor: descriptor, buffers: UnsafePointer(buffers), taskCount: step.taskCount,
        parallel: options.threads > 1 && step.paysToSplit)
    }
    patchCount = patched
    let wantsPool = options.threads > 1 && options.parallelFor == nil
    pool = wantsPool ? ThreadPool(threads: options.threads, scratch: scratch, scratchStride: scratchStride) : nil
    profiler = options.profile ? Profiler(steps: try host.allocate(stepCount * Profiler.window, of: UInt64.self), count: stepCount) : nil
  }

  /// Runs the plan once.
  ///
  /// - Parameters:
  ///   - inputs: one for each input of the plan, of exactly its bytes.
  ///   - outputs: one for each output; memory without a base address means that the executor keeps the result, see `output`.
  ///     Memory of outputs must not overlap any other memory given.
  /// - Throws: `shapeMismatch` for a wrong count or size, `invalidArgument` for overlapping memory or while another thread is
  ///   running this executor, `callback` where the caller's parallel-for left work undone.
  package func run(
    inputs: UnsafeBufferPointer<UnsafeRawBufferPointer>, outputs: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) throws {
    let current = getpid()
    if current != process {
      // A forked child: whoever was running stayed behind in the parent.
      process = current
      busy.store(0)
    }
    guard busy.acquire() else {
      throw Failure(.invalidArgument, "this session is running in another thread; give every thread a session of its own")
    }
    defer { busy.store(0) }
    try bind(inputs: inputs, outputs: outputs)
    for index in 0..<patchCount { patches[index].slot.pointee = ports[patches[index].port] + patches[index].offset }
    pool?.prepare(process: current)
    if let profiler { try runMeasured(profiler) } else { for index in 0..<stepCount { try run(index) } }
  }

  /// Where the last run left the result of an output: the caller's memory, or the executor's own, valid until the next run.
  package func output(_ index: Int) -> UnsafeRawBufferPointer? {
    guard plan.outputs.indices.contains(index), let base = results[index] else { return nil }
    return UnsafeRawBufferPointer(start: base, count: plan.outputs[index].byteCount)
  }

  /// Nanoseconds of each step, where profiling was asked for and a run has been.
  package var profile: [StepProfile] { profiler?.summary(of: plan) ?? [] }

  @inline(__always)
  private func run(_ index: Int) throws {
    let step = steps + index
    guard step.pointee.parallel else {
      step.pointee.function(step.pointee.descriptor, step.pointee.buffers, 0, step.pointee.taskCount, scratch)
      return
    }
    if let pool {
      pool.run(step)
    } else if let parallelFor = options.parallelFor {
      let count = min(options.threads, step.pointee.taskCount)
      let tally = PieceTally(pieces: count, memory: tallyWords)
      pieces.pointee = ParallelPieces(
        step: UnsafePointer(step), count: count, scratch: scratch, scratchStride: scratchStride, tally: tally)
      parallelFor.function(parallelFor.user, count, ParallelPieces.run, pieces)
      try tally.requireAll(node: plan.steps[index].name)
    }
  }

  private func runMeasured(_ profiler: Profiler) throws {
    var begin = Clock.nanoseconds()
    for index in 0..<stepCount {
      try run(index)
      let end = Clock.nanoseconds()
      profiler.record(index, end - begin)
      begin = end
    }
    profiler.endRun()
  }

  /// Checks the caller's memory and takes its addresses.
  private func bind(
    inputs: UnsafeBufferPointer<UnsafeRawBufferPointer>, outputs: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) throws {
    guard inputs.count == plan.inputs.count, outputs.count == plan.outputs.count else {
      throw Failure(
        .shapeMismatch,
        "the model has \(plan.inputs.count) inputs and \(plan.outputs.count) outputs, not \(inputs.count) and \(outputs.count)")
    }
    for index in inputs.indices {
      let port = plan.inputs[index]
      guard inputs[index].count == port.byteCount else {
        throw Failure(
          .shapeMismatch, "input '\(port.name)' (\(port.dtype.name)\(port.shape)) has \(port.byteCount) bytes, not \(inputs[index].count)")
      }
      try requireAligned(inputs[index].baseAddress, port)
      // Read-only by contract: no step writes to an input.
      ports[index] = inputs[index].baseAddress.map { UnsafeMutableRawPointer(mutating: $0) } ?? arena
    }
    for index in outputs.indices {
      let port = plan.outputs[index]
      guard let base = outputs[index].baseAddress else {
        if owned[index] == nil { owned[index] = try host.allocate(port.byteCount + Plan.slackBytes) }
        results[index] = owned[index]
        ports[inputs.count + index] = owned[index] ?? arena
        continue
      }
      guard outputs[index].count == port.byteCount else {
        throw Failure(
          .shapeMismatch, "output '\(port.name)' (\(port.dtype.name)\(port.shape)) has \(port.byteCount) bytes, not \(outputs[index].count)"
        )
      }
      try requireAligned(UnsafeRawPointer(base), port)
      try requireApart(UnsafeRawBufferPointer(outputs[index]), output: index, inputs: inputs, outputs: outputs)
      results[index] = base
      ports[inputs.count + index] = base
    }
  }

  private func requireAligned(_ base: UnsafeRawPointer?, _ port: Plan.Port) throws {
    guard UInt(bitPattern: base) % UInt(port.dtype.byteCount) == 0 else {
      throw Failure(.invalidArgument, "the memory of '\(port.name)' must begin at a multiple of \(port.dtype.byteCount)")
    }
  }

  private func requireApart(
    _ memory: UnsafeRawBufferPointer, output: Int, inputs: UnsafeBufferPointer<UnsafeRawBufferPointer>,
    outputs: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) throws {
    func overlaps(_ other: UnsafeRawBufferPointer) -> Bool {
      guard let a = memory.baseAddress, let b = other.baseAddress, memory.count > 0, other.count > 0 else { return false }
      return a < b + other.count && b < a + memory.count
    }
    for index in inputs.indices where overlaps(inputs[index]) {
      throw Failure(
        .invalidArgument, "the memory of output '\(plan.outputs[output].name)' overlaps that of input '\(plan.inputs[index].name)'")
    }
    for index in outputs.indices where index != output && overlaps(UnsafeRawBufferPointer(outputs[index])) {
      throw Failure(
        .invalidArgument, "the memory of output '\(plan.outputs[output].name)' overlaps that of output '\(plan.outputs[index].name)'")
    }
  }
}
