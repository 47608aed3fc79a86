import KernelContract
import Runtime
import Synchronization
import Tensors

/// How one call of an operator runs: on the calling thread, or in pieces on the caller's threads.
package struct OperatorRun: Sendable {
  package let threads: Int
  private let callerThreads: CallerThreads?

  package static let alone = OperatorRun(threads: 1, callerThreads: nil)

  private init(threads: Int, callerThreads: CallerThreads?) {
    self.threads = threads
    self.callerThreads = callerThreads
  }

  /// - Throws: `invalidArgument` for several threads without a way to reach them.
  package init(threads: Int32, on callerThreads: CallerThreads?) throws {
    guard (0...1024).contains(threads) else { throw Failure(.invalidArgument, "threads must be 0 to 1024, not \(threads)") }
    guard threads <= 1 || callerThreads != nil else {
      throw Failure(.invalidArgument, "an operator starts no threads of its own: give parallel_for for threads > 1")
    }
    self.init(threads: max(1, Int(threads)), callerThreads: callerThreads)
  }

  /// Calls `task` for 0 ..< count on the caller's threads, if there are any.
  func spread(_ count: Int, _ context: UnsafeMutableRawPointer, _ task: CallerThreads.Task) {
    if let callerThreads { callerThreads.function(callerThreads.user, count, task, context) }
  }
}

/// Runs single kernels outside a plan.
struct StepRunner {
  let run: OperatorRun
  /// `run.threads` blocks of scratch memory.
  let scratch: UnsafeMutableRawPointer
  let scratchStride: Int

  private struct Pieces {
    var function: StepFunction
    var descriptor: UnsafeRawPointer
    var buffers: UnsafePointer<UnsafeMutableRawPointer>
    var tasks: Int
    var count: Int
    var scratch: UnsafeMutableRawPointer
    var scratchStride: Int
    var tally: PieceTally?
  }

  /// Bytes between the scratch blocks of two threads, for a step that needs `bytes`.
  static func stride(_ bytes: Int) -> Int { (bytes + 64 + 127) & ~127 }

  /// Runs the kernel of the descriptor's family; `input` is nil for a family that reads nothing.
  func callAsFunction<Descriptor: StepDescriptor>(
    _ descriptor: Descriptor, _ output: UnsafeMutableRawPointer, _ input: UnsafeRawPointer?
  ) throws {
    guard descriptor.taskCount > 0 else { return }
    guard let kernel = try HostMachine.kernels().first(where: { $0.family == Descriptor.family }) else {
      throw Failure(.internal, "there is no kernel of the family \(Descriptor.family)")
    }
    try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: 2) { buffers in
      guard let base = buffers.baseAddress else { return }
      base.initialize(to: output)
      // Kernels read their inputs only.
      (base + 1).initialize(to: input.map { UnsafeMutableRawPointer(mutating: $0) } ?? output)
      try withUnsafePointer(to: descriptor) { descriptor in
        try split(
          Pieces(
            function: kernel.step, descriptor: UnsafeRawPointer(descriptor), buffers: UnsafePointer(base),
            tasks: descriptor.pointee.taskCount,
            count: 1, scratch: scratch, scratchStride: scratchStride))
      }
    }
  }

  private func split(_ whole: Pieces) throws {
    var pieces = whole
    pieces.count = min(run.threads, whole.tasks)
    guard pieces.count > 1 else {
      whole.function(whole.descriptor, whole.buffers, 0, whole.tasks, whole.scratch)
      return
    }
    try withUnsafeTemporaryAllocation(of: Atomic<UInt32>.self, capacity: PieceTally.wordCount(pieces.count)) { words in
      guard let base = words.baseAddress else { return }
      let tally = PieceTally(pieces: pieces.count, memory: base)
      pieces.tally = tally
      withUnsafeMutablePointer(to: &pieces) { run.spread($0.pointee.count, $0, StepRunner.piece) }
      try tally.requireAll()
    }
  }

  private static let piece: CallerThreads.Task = { context, index in
    guard let work = context?.assumingMemoryBound(to: Pieces.self).pointee else { return }
    work.tally?.run(index) {
      work.function(
        work.descriptor, work.buffers, work.tasks * index / work.count, work.tasks * (index + 1) / work.count,
        work.scratch + index * work.scratchStride)
    }
  }
}
