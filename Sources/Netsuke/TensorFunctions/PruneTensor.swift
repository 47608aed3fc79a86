import Compression
import Tensors

/// Masks on the caller's memory.
package enum PruneTensor {
  /// Writes 0 for the share `sparsity` of the weights that is smallest in magnitude, 1 for the others.
  package static func magnitude(_ weights: UnsafeBufferPointer<Float>, sparsity: Double, mask: UnsafeMutableBufferPointer<UInt8>) throws {
    try MagnitudeMask.fill(mask, weights: weights, zeros: try MagnitudeMask.zeroCount(of: weights.count, sparsity: sparsity))
  }

  /// The same in each row of [rows][columns], by |w| · norm of the column's input (Sun et al. 2024).
  package static func magnitudeActivation(
    _ weights: UnsafeBufferPointer<Float>, columns: Int, norms: UnsafeBufferPointer<Float>, sparsity: Double,
    mask: UnsafeMutableBufferPointer<UInt8>
  ) throws {
    let zeros = try MagnitudeMask.zeroCount(of: columns, sparsity: sparsity)
    guard columns > 0 else { return }
    let norms = Array(norms)
    // All is checked before anything is written.
    guard weights.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "a weight is NaN or infinite") }
    guard norms.allSatisfy({ $0.isFinite && $0 >= 0 }) else { throw Failure(.notFinite, "an input norm is negative, NaN or infinite") }
    for start in stride(from: 0, to: weights.count, by: columns) {
      try MagnitudeMask.fill(
        UnsafeMutableBufferPointer(rebasing: mask[start..<start + columns]),
        weights: UnsafeBufferPointer(rebasing: weights[start..<start + columns]), norms: norms, inner: 1, zeros: zeros)
    }
  }

  /// Sets the weights to 0 where the mask is 0.
  package static func apply(_ mask: UnsafeBufferPointer<UInt8>, to weights: UnsafeMutableBufferPointer<Float>) {
    for index in weights.indices where mask[index] == 0 { weights[index] = 0 }
  }
}
