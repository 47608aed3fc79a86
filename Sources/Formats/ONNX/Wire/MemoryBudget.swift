import Tensors

/// What reading a file may allocate: a multiple of the file and a fixed allowance, counted before memory is asked for.
///
/// A few bytes of a hostile file can stand for a large message or tensor; without a limit a small file could exhaust the host.
final class MemoryBudget {
  /// The file's own bytes may be in memory too, which makes four times the file in all.
  static let fileMultiple = 3
  static let allowance = 32 << 20
  private var limit = allowance
  private var taken = 0

  init(fileBytes: Int) { addFile(bytes: fileBytes) }

  /// A file of the model, or one beside it that holds external data: counted once, however many tensors lie in it.
  func addFile(bytes: Int) {
    let (multiple, overflow) = bytes.multipliedReportingOverflow(by: MemoryBudget.fileMultiple)
    let (sum, tooMuch) = limit.addingReportingOverflow(multiple)
    limit = overflow || tooMuch ? Int.max : sum
  }

  /// - Throws: `malformedFile` naming `what` when the file would need more than the budget.
  func take(_ bytes: Int, for what: @autoclosure () -> String, at byteOffset: Int? = nil) throws {
    guard bytes <= limit - taken else {
      throw Failure(
        .malformedFile,
        "reading \(what()) would take more than \(limit) bytes of memory in all, out of proportion to the file; it is damaged or hostile",
        byteOffset: byteOffset)
    }
    taken += bytes
  }
}
