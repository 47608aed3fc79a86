import CMachine
import Synchronization

/// An atomic number at an address of its own, on a cache line of its own, on which threads can sleep.
struct FutexWord {
  private let atomic: UnsafeMutablePointer<Atomic<UInt32>>

  /// - Parameter line: 64 bytes, 64-byte aligned, that outlive the word.
  init(line: UnsafeMutableRawPointer) {
    atomic = line.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    atomic.initialize(to: Atomic(0))
  }

  @inline(__always) func load() -> UInt32 { atomic.pointee.load(ordering: .sequentiallyConsistent) }
  @inline(__always) func store(_ value: UInt32) { atomic.pointee.store(value, ordering: .sequentiallyConsistent) }

  /// Adds with wrap-around; the new value.
  @inline(__always) @discardableResult
  func add(_ value: UInt32) -> UInt32 { atomic.pointee.wrappingAdd(value, ordering: .sequentiallyConsistent).newValue }

  @inline(__always)
  func subtract(_ value: UInt32) { atomic.pointee.wrappingSubtract(value, ordering: .sequentiallyConsistent) }

  /// Sets 1 where 0 was; false where it was not.
  func acquire() -> Bool {
    atomic.pointee.compareExchange(expected: 0, desired: 1, ordering: .acquiringAndReleasing).exchanged
  }

  /// Sleeps while the word is `expected`; may return early.
  func wait(while expected: UInt32) { cmachine_futex_wait(address, expected) }
  func wakeAll() { cmachine_futex_wake(address, Int32.max) }

  private var address: UnsafePointer<UInt32> { UnsafePointer(UnsafeRawPointer(atomic).assumingMemoryBound(to: UInt32.self)) }
}
