/// `clamp(round(value), low − zeroPoint, high − zeroPoint) + zeroPoint`, NaN as the low end.
struct CodeRange {
  var low: Float8
  var high: Float8
  var zeroPoint: Int8x32
  /// The least code as it is written.
  var lowCode: Int32

  @inline(__always)
  init(low: Int32, high: Int32, zeroPoint: Int32) {
    self.low = splat8(Float(low - zeroPoint))
    self.high = splat8(Float(high - zeroPoint))
    self.zeroPoint = Int8x32(repeating: zeroPoint)
    lowCode = low
  }

  @inline(__always)
  func codes(_ value: Float8) -> Int8x32 { roundedToInt(atMost(high, numberAtLeast(low, value))) &+ zeroPoint }
}
