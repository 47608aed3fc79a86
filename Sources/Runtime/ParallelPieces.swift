/// A step cut into equal pieces for the caller's parallel-for; piece `i` uses the `i`th scratch block.
struct ParallelPieces {
  let step: UnsafePointer<BoundStep>
  let count: Int
  let scratch: UnsafeMutableRawPointer
  let scratchStride: Int
  let tally: PieceTally

  static let run: ExecutorOptions.ParallelFor.Task = { context, index in
    guard let pieces = context?.assumingMemoryBound(to: ParallelPieces.self).pointee else { return }
    pieces.tally.run(index) {
      let step = pieces.step.pointee
      let begin = step.taskCount * index / pieces.count
      let end = step.taskCount * (index + 1) / pieces.count
      step.function(step.descriptor, step.buffers, begin, end, pieces.scratch + index * pieces.scratchStride)
    }
  }
}
