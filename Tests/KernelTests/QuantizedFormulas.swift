import KernelContract

extension Requantization {
  /// The code of an exact sum, in the float arithmetic that the contract spells out.
  func code(_ sum: Int32, scale: Float) -> UInt8 {
    let value = (Float(sum) * scale).rounded(.toNearestOrEven)
    let clamped = min(max(value, Float(low - zeroPoint)), Float(high - zeroPoint))
    return UInt8(Int32(clamped) + zeroPoint)
  }
}
