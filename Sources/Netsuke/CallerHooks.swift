import Runtime
import Tensors

/// The caller's own threads, in the order of arguments that netsuke.h has.
package final class CallerThreads: @unchecked Sendable {
  package typealias Task = @convention(c) (_ context: UnsafeMutableRawPointer?, _ index: Int) -> Void
  package typealias Function =
    @convention(c) (
      _ user: UnsafeMutableRawPointer?, _ count: Int, _ task: Task?, _ context: UnsafeMutableRawPointer?
    ) -> Void

  private let function: Function
  private let user: UnsafeMutableRawPointer?

  package init(_ function: @escaping Function, user: UnsafeMutableRawPointer?) {
    self.function = function
    self.user = user
  }

  func call(_ count: Int, _ task: Task, _ context: UnsafeMutableRawPointer) { function(user, count, task, context) }

  /// What the runtime calls; valid as long as this object lives.
  var hook: ExecutorOptions.ParallelFor {
    ExecutorOptions.ParallelFor(
      function: { user, task, context, count in
        guard let user else { return }
        let threads = Unmanaged<CallerThreads>.fromOpaque(user).takeUnretainedValue()
        threads.function(threads.user, count, task, context)
      }, user: Unmanaged.passUnretained(self).toOpaque())
  }
}

/// How a session runs and what it borrows of the caller.
package struct SessionOptions {
  /// 0: one for each processor.
  package var threads: Int32 = 0
  package var callerThreads: CallerThreads?
  package var allocate: (@convention(c) (UnsafeMutableRawPointer?, Int, Int) -> UnsafeMutableRawPointer?)?
  package var deallocate: (@convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void)?
  package var allocatorUser: UnsafeMutableRawPointer?
  package var profile = false

  package init() {}

  /// - Throws: `invalidArgument`.
  func executorOptions() throws -> ExecutorOptions {
    var options = ExecutorOptions(threads: try HostMachine.threads(threads), parallelFor: callerThreads?.hook, profile: profile)
    switch (allocate, deallocate) {
    case (nil, nil): break
    case (let allocate?, let deallocate?):
      options.allocator = ExecutorOptions.Allocator(allocate: allocate, free: deallocate, user: allocatorUser)
    default: throw Failure(.invalidArgument, "allocate and deallocate go together: set both or neither")
    }
    return options
  }
}
