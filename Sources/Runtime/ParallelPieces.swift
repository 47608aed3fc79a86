/// A step cut into equal pieces for the caller's parallel-for; piece `i` uses the `i`th scratch block.
struct ParallelPieces {
  let step: UnsafePointer<BoundStep>
  let count: Int
  let scratch: UnsafeMutableRawPointer
  let scratchStride: Int

  static let run: ExecutorOptions.ParallelFor.Task = { context, index in
    guard let pieces = context?.assumingMemoryBound(to: ParallelPieces.self), (0..<pieces.pointee.count).contains(index) else { return }
    let step = pieces.pointee.step
    let tasks = step.pointee.taskCount
    let begin = tasks * index / pieces.pointee.count
    let end = tasks * (index + 1) / pieces.pointee.count
    let scratch = pieces.pointee.scratch + index * pieces.pointee.scratchStride
    step.pointee.function(step.pointee.descriptor, step.pointee.buffers, begin, end, scratch)
  }
}
