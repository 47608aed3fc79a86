import Synchronization
import Tensors

/// Which pieces of a loop the caller's threads took and finished: a parallel-for that leaves pieces out is found out, and a piece that it
/// asks for twice runs once.
package struct PieceTally: BitwiseCopyable {
  /// The pieces finished; then for each piece whether it was taken.
  private let words: UnsafeMutablePointer<Atomic<UInt32>>
  private let count: Int

  /// Words of memory that the tally of so many pieces needs.
  package static func wordCount(_ pieces: Int) -> Int { pieces + 1 }

  /// Nothing taken yet.
  /// - Parameter memory: `wordCount(pieces)` words that outlive the tally.
  package init(pieces: Int, memory: UnsafeMutablePointer<Atomic<UInt32>>) {
    words = memory
    count = pieces
    for index in 0...pieces { (memory + index).initialize(to: Atomic(0)) }
  }

  /// Calls `body` where `piece` is one of the pieces and nobody has taken it.
  @inline(__always)
  package func run(_ piece: Int, _ body: () -> Void) {
    guard (0..<count).contains(piece), words[piece + 1].exchange(1, ordering: .relaxed) == 0 else { return }
    body()
    words[0].wrappingAdd(1, ordering: .releasing)
  }

  /// - Throws: `callback` where pieces are missing.
  package func requireAll(node: String? = nil) throws {
    let finished = Int(words[0].load(ordering: .acquiring))
    guard finished < count else { return }
    throw Failure(
      .callback,
      "parallel_for returned when \(finished) of \(count) pieces were done: it must call task(context, i) once for each i below count, and "
        + "return when all calls have returned", node: node)
  }
}
