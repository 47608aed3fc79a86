/// r = scale · (q − zeroPoint), per tensor or per slice along one axis.
///
/// Jacob et al. 2018, equation 1. One scale means per tensor and `axis` is nil; otherwise `axis` names the dimension that
/// `scales` and `zeroPoints` run along.
package struct AffineQuantization: Sendable, Equatable {
  package var scales: [Float]
  package var zeroPoints: [Int32]
  package var axis: Int?

  package init(scales: [Float], zeroPoints: [Int32], axis: Int?) throws {
    guard !scales.isEmpty, scales.count == zeroPoints.count, axis != nil || scales.count == 1 else {
      throw Failure(.invalidArgument, "\(scales.count) scales, \(zeroPoints.count) zero points and axis \(axis as Any) do not agree")
    }
    guard scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw Failure(.invalidArgument, "a quantization scale must be finite and above zero")
    }
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }

  /// For element `index` of a row-major tensor of `shape`: which scale it has.
  package func channelStride(in shape: [Int]) -> (stride: Int, count: Int) {
    guard let axis else { return (max(shape.reduce(1, *), 1), 1) }
    return (shape[(axis + 1)...].reduce(1, *), shape[axis])
  }
}
