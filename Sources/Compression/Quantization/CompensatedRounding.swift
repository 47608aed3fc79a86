import Tensors

/// Rounds the weights of one output channel one after the other, each making up for the errors of those before it as far as their
/// inputs move together: least squares on the layer's output, greedily (Frantar et al. 2023, "GPTQ"; here without an inverse, as
/// the nearest-plane walk over the factor of the inputs' second moments).
struct CompensatedRounding {
  /// From `InputMoments.factor`: row-major, lower triangular, diagonal 1.
  let factor: [Float]
  let width: Int
  /// Which weights are not to pass 16 bits together.
  var pairs: WeightPairs? = nil

  /// Codes in −127…127 for the weights at `start`, `start` + `step`, …, written to the same places of `codes`. A weight of zero keeps
  /// the code 0.
  func round(
    _ weights: UnsafeBufferPointer<Float>, start: Int, step: Int, scale: Float, into codes: UnsafeMutableRawBufferPointer,
    errors: inout [Float]
  ) {
    factor.withUnsafeBufferPointer { factor in
      errors.withUnsafeMutableBufferPointer { errors in
        for index in 0..<width {
          let position = start + index * step
          let weight = weights[position]
          guard weight != 0 else {
            codes[position] = 0
            errors[index] = 0
            continue
          }
          let row = UnsafeBufferPointer(rebasing: factor[index * width..<index * width + index])
          // What the errors so far would add to the output, seen from this input.
          let target = weight + Self.dot(row, errors)
          var code = Int32(min(max((target / scale).rounded(.toNearestOrEven), -127), 127))
          if let pairs { code = pairs.limited(code, at: index) { Int32(Int8(bitPattern: codes[start + $0 * step])) } }
          codes[position] = UInt8(truncatingIfNeeded: code)
          errors[index] = weight - Float(code) * scale
        }
      }
    }
  }

  /// Σ a·b over `a`, in eight interleaved sums: the order is fixed, so the result is the same everywhere.
  private static func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeMutableBufferPointer<Float>) -> Float {
    var sums = SIMD8<Float>.zero
    let whole = a.count & ~7
    for index in stride(from: 0, to: whole, by: 8) {
      let x = UnsafeRawPointer(a.baseAddress.unsafelyUnwrapped + index).loadUnaligned(as: SIMD8<Float>.self)
      let y = UnsafeRawPointer(b.baseAddress.unsafelyUnwrapped + index).loadUnaligned(as: SIMD8<Float>.self)
      sums += x * y
    }
    var sum = sums.sum()
    for index in whole..<a.count { sum += a[index] * b[index] }
    return sum
  }
}
