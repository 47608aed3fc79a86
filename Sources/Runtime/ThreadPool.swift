import CMachine
import KernelContract
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Threads that help the calling thread through the steps of a run.
///
/// The caller publishes a job (one step) as a *ticket*: the tasks not yet claimed, from the low half up to the high half. Whoever changes it by
/// a compare-and-swap owns the tasks that it took off, and the job cannot end before they are reported in `completed`; so the job's plain fields
/// are only read by owners, and a helper that the system keeps from running delays nobody. A ticket says everything that a claim needs: one that
/// has been away for whole jobs still claims what is there.
///
/// The caller takes tasks from the front and helpers from the back, first nearly a whole share each, then what is left in small pieces. So a
/// thread meets the lines that it wrote in the step before, and few claims are made.
///
/// Helpers spin for at most `Spin.limitNanoseconds` for the next job, then sleep; so does the caller for stragglers.
///
/// One thread at a time may call it (the executor sees to that). Threads start at the first `prepare`. After a fork the
/// child has none and starts its own.
final class ThreadPool: @unchecked Sendable {
  /// What the threads share: every atomic on its own cache line, so that nobody disturbs who is not meant.
  struct Shared {
    let ticket: UnsafeMutablePointer<Atomic<UInt64>>
    /// Tasks of a first claim (low half), and what is left when all threads have made theirs (high half). A helper that reads an old one claims
    /// fewer or more than best, and nothing that is not there.
    let shares: UnsafeMutablePointer<Atomic<UInt64>>
    let completed: FutexWord
    let callerSleeps: FutexWord
    /// Changes whenever helpers are to be woken.
    let wakeCount: FutexWord
    let sleepers: FutexWord
    let stop: FutexWord
    let helpers: FutexWord
    let threads: Int
    let scratch: UnsafeMutableRawPointer
    let scratchStride: Int
    var step: UnsafePointer<BoundStep>?
  }

  private let shared: UnsafeMutablePointer<Shared>
  private let lines: UnsafeMutableRawPointer
  private let handles: UnsafeMutablePointer<pthread_t>
  private let threads: Int
  private var started = 0
  private var owner: pid_t = 0

  /// - Parameters:
  ///   - threads: the caller and its helpers, at least 2.
  ///   - scratch: `threads` blocks of `scratchStride` bytes; the caller uses the first.
  init(threads: Int, scratch: UnsafeMutableRawPointer, scratchStride: Int) {
    self.threads = threads
    lines = .allocate(byteCount: 7 * 64, alignment: 64)
    let ticket = lines.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    ticket.initialize(to: Atomic(0))
    let shares = (lines + 8).bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    shares.initialize(to: Atomic(0))
    shared = .allocate(capacity: 1)
    shared.initialize(
      to: Shared(
        ticket: ticket, shares: shares, completed: FutexWord(line: lines + 64), callerSleeps: FutexWord(line: lines + 128),
        wakeCount: FutexWord(line: lines + 192), sleepers: FutexWord(line: lines + 256), stop: FutexWord(line: lines + 320),
        helpers: FutexWord(line: lines + 384), threads: threads, scratch: scratch, scratchStride: scratchStride))
    handles = .allocate(capacity: threads)
  }

  deinit {
    if owner == getpid() {
      shared.pointee.stop.store(1)
      shared.pointee.wakeCount.add(1)
      shared.pointee.wakeCount.wakeAll()
      for index in 0..<started { pthread_join(handles[index], nil) }
    }
    handles.deallocate()
    shared.deallocate()
    lines.deallocate()
  }

  /// Starts the helpers where this process has none yet, and wakes those that sleep, so that they spin when the first job
  /// comes. Where the system gives fewer threads, fewer help.
  func prepare(process: pid_t) {
    if owner == process {
      if shared.pointee.sleepers.load() > 0 { ThreadPool.wake(shared) }
      return
    }
    shared.pointee.ticket.pointee.store(0, ordering: .relaxed)
    for word in [shared.pointee.completed, shared.pointee.callerSleeps, shared.pointee.sleepers, shared.pointee.helpers] { word.store(0) }
    owner = process
    started = 0
    // The host's signals are not for our threads.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    for index in 0..<threads - 1 {
      var handle = pthread_t()
      let status = pthread_create(
        &handle, nil,
        { context in
          if let context { ThreadPool.help(context.assumingMemoryBound(to: Shared.self)) }
          return nil
        }, shared)
      if status != 0 { break }
      handles[index] = handle
      started += 1
    }
    pthread_sigmask(SIG_SETMASK, &previous, nil)
  }

  /// Runs all tasks of `step`; returns when every one is done and its writes are visible.
  func run(_ step: UnsafePointer<BoundStep>) {
    let shared = shared
    let taskCount = step.pointee.taskCount
    let share = max(1, taskCount * 7 / (8 * shared.pointee.threads))
    let rest = max(0, taskCount - share * shared.pointee.threads)
    shared.pointee.step = step
    shared.pointee.shares.pointee.store(UInt64(rest) << 32 | UInt64(share), ordering: .relaxed)
    shared.pointee.completed.store(0)
    // The caller's first claim needs no ticket.
    shared.pointee.ticket.pointee.store(UInt64(taskCount) << 32 | UInt64(share), ordering: .sequentiallyConsistent)
    if shared.pointee.sleepers.load() > 0 { ThreadPool.wake(shared) }
    var claim = (begin: 0, end: share)
    var own = share
    while true {
      step.pointee.function(step.pointee.descriptor, step.pointee.buffers, claim.begin, claim.end, shared.pointee.scratch)
      guard let next = ThreadPool.claim(shared, helps: false) else { break }
      claim = next
      own += claim.end - claim.begin
    }
    ThreadPool.wait(shared, until: UInt32(taskCount - own))
  }

  private static func wait(_ shared: UnsafeMutablePointer<Shared>, until tasks: UInt32) {
    var spin = Spin()
    while shared.pointee.completed.load() != tasks {
      if spin.again() { continue }
      shared.pointee.callerSleeps.store(1)
      let now = shared.pointee.completed.load()
      if now != tasks { shared.pointee.completed.wait(while: now) }
      shared.pointee.callerSleeps.store(0)
    }
  }

  private static func wake(_ shared: UnsafeMutablePointer<Shared>) {
    shared.pointee.wakeCount.add(1)
    shared.pointee.wakeCount.wakeAll()
  }

  @inline(__always)
  private static func claim(_ shared: UnsafeMutablePointer<Shared>, helps: Bool) -> (begin: Int, end: Int)? {
    let atomic = shared.pointee.ticket
    var ticket = atomic.pointee.load(ordering: .sequentiallyConsistent)
    while true {
      let front = Int(ticket & 0xFFFF_FFFF)
      let back = Int(ticket >> 32)
      let left = back - front
      if left <= 0 { return nil }
      // A helper's first share, as long as the caller is at its own. Then guided self-scheduling (Polychronopoulos and Kuck 1987): larger
      // pieces first, single tasks at the end.
      var count = max(1, left / (2 * shared.pointee.threads))
      if helps {
        let shares = shared.pointee.shares.pointee.load(ordering: .relaxed)
        let share = Int(shares & 0xFFFF_FFFF)
        if front == share && left >= share + Int(shares >> 32) { count = max(1, min(left, share)) }
      }
      let rest = helps ? UInt64(back - count) << 32 | UInt64(front) : UInt64(back) << 32 | UInt64(front + count)
      let result = atomic.pointee.weakCompareExchange(expected: ticket, desired: rest, ordering: .sequentiallyConsistent)
      if result.exchanged { return helps ? (back - count, back) : (front, front + count) }
      ticket = result.original
    }
  }

  private static func help(_ shared: UnsafeMutablePointer<Shared>) {
    let number = Int(shared.pointee.helpers.add(1))
    let scratch = shared.pointee.scratch + number * shared.pointee.scratchStride
    var spin = Spin()
    while true {
      if let claim = claim(shared, helps: true), let step = shared.pointee.step {
        step.pointee.function(step.pointee.descriptor, step.pointee.buffers, claim.begin, claim.end, scratch)
        shared.pointee.completed.add(UInt32(claim.end - claim.begin))
        if shared.pointee.callerSleeps.load() != 0 { shared.pointee.completed.wakeAll() }
        spin = Spin()
        continue
      }
      if shared.pointee.stop.load() != 0 { return }
      if spin.again() { continue }
      sleep(shared)
      spin = Spin()
    }
  }

  /// Sleeps unless a job or the end was announced meanwhile. The caller publishes first and looks for sleepers then; the
  /// helper says that it sleeps first and looks for a job then; so one of the two sees the other.
  private static func sleep(_ shared: UnsafeMutablePointer<Shared>) {
    let seen = shared.pointee.wakeCount.load()
    shared.pointee.sleepers.add(1)
    let ticket = shared.pointee.ticket.pointee.load(ordering: .sequentiallyConsistent)
    if ticket & 0xFFFF_FFFF == ticket >> 32, shared.pointee.stop.load() == 0 { shared.pointee.wakeCount.wait(while: seen) }
    shared.pointee.sleepers.subtract(1)
  }
}
