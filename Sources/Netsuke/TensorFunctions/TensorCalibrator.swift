import Compression
import Tensors

/// The range of a stream of values, in constant memory. One thread at a time.
package final class TensorCalibrator {
  private let method: Calibrator
  private var histogram = StreamingHistogram()

  /// - method: as in netsuke.h: 0 least and greatest, 1 percentile, 2 least squared error.
  package init(method: Int32, percentile: Double) throws {
    switch method {
    case 0: self.method = .minmax
    case 1:
      guard percentile >= 50, percentile <= 100 else {
        throw Failure(.invalidArgument, "the percentile must be 50 to 100, not \(percentile)")
      }
      self.method = .percentile(percentile)
    case 2: self.method = .mse
    default: throw Failure(.invalidArgument, "there is no calibration method \(method); NSK_CALIBRATE_MINMAX is 0, PERCENTILE 1, MSE 2")
    }
  }

  /// - Throws: `notFinite`, and nothing is taken in.
  package func observe(_ values: UnsafeBufferPointer<Float>) throws { try histogram.add(values) }

  /// - Throws: `notFound` where nothing was observed.
  package func range() throws -> (low: Float, high: Float) {
    guard histogram.total > 0 else { throw Failure(.notFound, "nothing was observed yet") }
    return try method.range(of: histogram)
  }
}
