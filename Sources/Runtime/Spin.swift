import CMachine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A wait that pauses the processor and gives up after `limitNanoseconds`.
struct Spin {
  static let limitNanoseconds: UInt64 = 200_000

  private var rounds = 0
  private var deadline: UInt64 = 0

  /// One round; false when the time is over.
  @inline(__always)
  mutating func again() -> Bool {
    cmachine_pause()
    rounds &+= 1
    // The clock costs as much as some rounds do.
    guard rounds & 15 == 0 else { return true }
    let now = Clock.nanoseconds()
    if deadline == 0 { deadline = now + Spin.limitNanoseconds }
    return now < deadline
  }
}

enum Clock {
  /// Nanoseconds since some fixed moment.
  @inline(__always)
  static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
