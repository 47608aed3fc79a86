import Compression
import Tensors

extension FactorizeTensor {
  /// responses y [samples][channels] ≈ expand · reduce · y + bias. Returns the relative error.
  package func channel(
    _ responses: UnsafeBufferPointer<Float>, samples: Int, channels: Int, rank: Int, isNonlinear: Bool,
    expand: UnsafeMutableBufferPointer<Float>, reduce: UnsafeMutableBufferPointer<Float>, bias: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    try requireRank(rank, atMost: channels)
    guard samples > 0 else { throw Failure(.invalidArgument, "there are no responses: samples is 0") }
    for (index, value) in responses.enumerated() where !value.isFinite {
      throw Failure(.notFinite, "the responses are \(value) at element \(index)")
    }
    let found = try ResponseFactors(
      responses, samples: samples, channels: channels, rank: rank, isNonlinear: isNonlinear, multiply: multiply, progress: progress)
    write(found.expand, to: expand)
    write(found.reduce, to: reduce)
    write(found.bias, to: bias)
    return found.error
  }
}
