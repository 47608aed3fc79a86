import Runtime
import Tensors

/// The caller's own threads.
package typealias CallerThreads = ExecutorOptions.ParallelFor

/// How a session runs and what it borrows of the caller.
package struct SessionOptions {
  /// 0: one for each processor.
  package var threads: Int32 = 0
  package var callerThreads: CallerThreads?
  package var allocate: (@convention(c) (UnsafeMutableRawPointer?, Int, Int) -> UnsafeMutableRawPointer?)?
  package var deallocate: (@convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void)?
  package var allocatorUser: UnsafeMutableRawPointer?
  package var profile = false
  /// No Winograd convolution: sums are made term by term only.
  package var exact = false

  package init() {}

  /// - Throws: `invalidArgument`.
  func executorOptions() throws -> ExecutorOptions {
    var options = ExecutorOptions(threads: try HostMachine.threads(threads), parallelFor: callerThreads, profile: profile)
    switch (allocate, deallocate) {
    case (nil, nil): break
    case (let allocate?, let deallocate?):
      options.allocator = ExecutorOptions.Allocator(allocate: allocate, free: deallocate, user: allocatorUser)
    default: throw Failure(.invalidArgument, "allocate and deallocate go together: set both or neither")
    }
    return options
  }
}
