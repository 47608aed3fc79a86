import Tensors

/// The string table of the graph section: every name once, sorted by its UTF-8 bytes, each stored as what it does not share with
/// the one before (front coding). The names of a network repeat long paths, so this is about a third of their bytes.
enum NSKStrings {
  static func write(_ strings: [[UInt8]], to sink: inout NSKSink) {
    sink.int(strings.count)
    var previous: [UInt8] = []
    for string in strings {
      let shared = zip(previous, string).prefix { $0 == $1 }.count
      sink.int(shared)
      sink.int(string.count - shared)
      sink.raw(Array(string[shared...]))
      previous = string
    }
  }

  static func read(_ cursor: inout NSKCursor, _ budget: inout NSKBudget) throws -> [String] {
    let count = try cursor.count(of: "strings", bytesEach: 2)
    try budget.charge(count, each: MemoryLayout<String>.stride, cursor)
    var strings: [String] = []
    strings.reserveCapacity(count)
    var previous: [UInt8] = []
    for index in 0..<count {
      let start = cursor.position
      let shared = try cursor.int()
      guard shared <= previous.count else {
        throw cursor.failure("string \(index) shares \(shared) bytes with one of \(previous.count)", at: start)
      }
      let length = try cursor.int()
      let rest = try cursor.raw(length)
      try budget.charge(shared + length, each: 1, cursor)
      let current = previous[..<shared] + rest
      guard index == 0 || previous.lexicographicallyPrecedes(current) else {
        throw cursor.failure("string \(index) is out of order", at: start)
      }
      guard let string = String(validating: current, as: UTF8.self) else { throw cursor.failure("string \(index) is not UTF-8", at: start) }
      strings.append(string)
      previous = Array(current)
    }
    return strings
  }
}

/// What the reader has allocated for one file, so that a small hostile file cannot ask for much memory.
struct NSKBudget {
  /// Four times the file; the constant lets small files have many small values.
  private var rest: Int

  init(fileByteCount: Int) { rest = min(fileByteCount, Int.max / 8) * 4 + 8 << 20 }

  /// Called before memory for `count` things of `bytes` each is allocated. The block's own overhead is counted here.
  mutating func charge(_ count: Int, each bytes: Int, _ cursor: NSKCursor) throws {
    let (product, overflow) = count.multipliedReportingOverflow(by: bytes)
    guard !overflow, product <= rest - 32 else {
      throw cursor.failure("what the section describes needs more than four times the file's size in memory; the file is damaged")
    }
    rest -= product + 32
  }
}
