import Tensors

/// What reading a file may allocate: a multiple of the file and a fixed allowance, counted before memory is asked for.
///
/// A few bytes of a hostile file can stand for a large message or tensor; without a limit a small file could exhaust the host.
final class MemoryBudget {
  /// The file's own bytes may be in memory too, which makes four times the file in all.
  static let fileMultiple = 3
  static let allowance = 32 << 20
  private var left: Int

  init(fileBytes: Int) {
    let (multiple, overflow) = fileBytes.multipliedReportingOverflow(by: MemoryBudget.fileMultiple)
    left =
      overflow ? Int.max : multiple.addingReportingOverflow(MemoryBudget.allowance).overflow ? Int.max : multiple + MemoryBudget.allowance
  }

  /// Further bytes of the model that stand outside the file (external data).
  func grow(by bytes: Int) {
    let (sum, overflow) = left.addingReportingOverflow(bytes)
    left = overflow ? Int.max : sum
  }

  /// - Throws: `malformedFile` naming `what` when the file would need more than the budget.
  func take(_ bytes: Int, for what: @autoclosure () -> String, at byteOffset: Int? = nil) throws {
    guard bytes <= left else {
      throw Failure(
        .malformedFile, "\(what()) needs \(bytes) bytes of memory, out of proportion to the file; it is damaged or hostile",
        byteOffset: byteOffset)
    }
    left -= bytes
  }
}
