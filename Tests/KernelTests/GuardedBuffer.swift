#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Elements between two pages that may not be touched, flush with the page before or the page behind; the rest of their own pages is
/// filled with a
/// pattern that `isIntact` checks. A kernel that reads or writes outside faults or is found out.
final class GuardedBuffer<T> {
  enum Placement: CaseIterable { case flushWithStart, flushWithEnd }

  let pointer: UnsafeMutablePointer<T>
  let count: Int
  private let region: UnsafeMutableRawPointer
  private let regionBytes: Int
  private let page = 4096
  private static var pattern: UInt8 { 0xFF }

  init(_ elements: [T], _ placement: Placement = .flushWithEnd) {
    count = elements.count
    let bytes = count * MemoryLayout<T>.stride
    let inside = max(1, (bytes + 4095) / 4096) * 4096
    regionBytes = inside + 2 * page
    region = mmap(nil, regionBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    memset(region, Int32(Self.pattern), regionBytes)
    let start = region + page + (placement == .flushWithStart ? 0 : inside - bytes)
    pointer = start.bindMemory(to: T.self, capacity: max(count, 1))
    pointer.initialize(from: elements, count: count)
    mprotect(region, page, PROT_NONE)
    mprotect(region + page + inside, page, PROT_NONE)
  }

  convenience init(repeating value: T, count: Int, _ placement: Placement = .flushWithEnd) {
    self.init([T](repeating: value, count: count), placement)
  }

  deinit { munmap(region, regionBytes) }

  var elements: [T] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Whether the bytes around the elements are still as they were.
  var isIntact: Bool {
    let bytes = UnsafeRawBufferPointer(start: region + page, count: regionBytes - 2 * page)
    let first = UnsafeMutableRawPointer(pointer) - (region + page)
    let last = first + count * MemoryLayout<T>.stride
    return bytes.indices.allSatisfy { (first..<last).contains($0) || bytes[$0] == Self.pattern }
  }
}
