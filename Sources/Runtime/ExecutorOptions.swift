/// How an executor runs its plan.
package struct ExecutorOptions: Sendable {
  /// The caller's own threads, as netsuke.h has them: must call `task(context, index)` once for every index below `count`, in any order and
  /// on any threads, and return when all calls have returned.
  package struct ParallelFor: @unchecked Sendable {
    package typealias Task = @convention(c) (_ context: UnsafeMutableRawPointer?, _ index: Int) -> Void
    package typealias Function =
      @convention(c) (
        _ user: UnsafeMutableRawPointer?, _ count: Int, _ task: Task?, _ context: UnsafeMutableRawPointer?
      ) -> Void
    package var function: Function
    package var user: UnsafeMutableRawPointer?

    package init(_ function: @escaping Function, user: UnsafeMutableRawPointer?) {
      self.function = function
      self.user = user
    }
  }

  /// Where the executor's large blocks come from.
  package struct Allocator: @unchecked Sendable {
    /// Returns `byteCount` bytes at a multiple of `alignment`, or nil.
    package var allocate: @convention(c) (_ user: UnsafeMutableRawPointer?, _ byteCount: Int, _ alignment: Int) -> UnsafeMutableRawPointer?
    package var free: @convention(c) (_ user: UnsafeMutableRawPointer?, _ block: UnsafeMutableRawPointer?) -> Void
    package var user: UnsafeMutableRawPointer?

    package init(
      allocate: @escaping @convention(c) (UnsafeMutableRawPointer?, Int, Int) -> UnsafeMutableRawPointer?,
      free: @escaping @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void, user: UnsafeMutableRawPointer?
    ) {
      self.allocate = allocate
      self.free = free
      self.user = user
    }
  }

  /// Threads that work on a run, the calling one included; 1 starts none. With `parallelFor`, the pieces a step is cut into.
  package var threads: Int
  package var parallelFor: ParallelFor?
  package var allocator: Allocator?
  /// Measure every step.
  package var profile: Bool

  package init(threads: Int = 1, parallelFor: ParallelFor? = nil, allocator: Allocator? = nil, profile: Bool = false) {
    self.threads = threads
    self.parallelFor = parallelFor
    self.allocator = allocator
    self.profile = profile
  }

  /// More than this is a mistake, and would ask for absurd scratch memory.
  static let maximumThreads = 1024
}
