import Tensors

/// A power of two that brings the largest element of a matrix to [1, 2), so that squares and sums of them neither overflow nor vanish; exact.
struct PowerOfTwo {
  private let exponent: Int

  /// - Throws: `notFinite` for a matrix with NaN or infinite elements; `invalidArgument` where the number of elements is not rows × columns.
  init(scaling matrix: [Double], rows: Int, columns: Int) throws {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard rows >= 0, columns >= 0, !overflow, matrix.count == count else {
      throw Failure(.invalidArgument, "\(matrix.count) elements are not a matrix of \(rows) × \(columns)")
    }
    var largest = 0.0
    for (index, x) in matrix.enumerated() {
      guard x.isFinite else {
        throw Failure(
          .notFinite, "the matrix of \(rows) × \(columns) is NaN or infinite in row \(index / columns), column \(index % columns)")
      }
      largest = max(largest, x.magnitude)
    }
    exponent = largest > 0 ? Int(largest.exponent) : 0
  }

  func scaled(_ values: [Double]) -> [Double] { Self.multiply(values, by: -exponent) }
  func restored(_ values: [Double]) -> [Double] { Self.multiply(values, by: exponent) }

  /// In two factors: one alone may be out of range where the product is not.
  private static func multiply(_ values: [Double], by exponent: Int) -> [Double] {
    guard exponent != 0 else { return values }
    let half = exponent / 2
    let (a, b) = (Double(sign: .plus, exponent: half, significand: 1), Double(sign: .plus, exponent: exponent - half, significand: 1))
    return values.map { $0 * a * b }
  }
}
