import KernelContract
import Runtime
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

  /// Calls `task` for 0 ..< count on the caller's threads; false where there are none.
  func spread(_ count: Int, _ context: UnsafeMutableRawPointer, _ task: CallerThreads.Task) -> Bool {
    guard threads > 1, let callerThreads else { return false }
    callerThreads.call(count, task, context)
    return true
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
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: 2) { buffers in
      guard let base = buffers.baseAddress else { return }
      base.initialize(to: output)
      // Kernels read their inputs only.
      (base + 1).initialize(to: input.map { UnsafeMutableRawPointer(mutating: $0) } ?? output)
      withUnsafePointer(to: descriptor) { descriptor in
        split(
          Pieces(
            function: kernel.step, descriptor: UnsafeRawPointer(descriptor), buffers: UnsafePointer(base),
            tasks: descriptor.pointee.taskCount,
            count: 1, scratch: scratch, scratchStride: scratchStride))
      }
    }
  }

  private func split(_ whole: Pieces) {
    var pieces = whole
    pieces.count = min(run.threads, whole.tasks)
    let isSpread = pieces.count > 1 && withUnsafeMutablePointer(to: &pieces) { run.spread($0.pointee.count, $0, StepRunner.piece) }
    if !isSpread { whole.function(whole.descriptor, whole.buffers, 0, whole.tasks, whole.scratch) }
  }

  private static let piece: CallerThreads.Task = { context, index in
    guard let pieces = context?.assumingMemoryBound(to: Pieces.self), (0..<pieces.pointee.count).contains(index) else { return }
    let work = pieces.pointee
    work.function(
      work.descriptor, work.buffers, work.tasks * index / work.count, work.tasks * (index + 1) / work.count,
      work.scratch + index * work.scratchStride)
  }
}
