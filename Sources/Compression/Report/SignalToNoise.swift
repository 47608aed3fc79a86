#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Tensors

/// Power of a signal over power of its error, over any number of tensors.
struct SignalToNoise {
  private var signal = 0.0
  private var noise = 0.0
  private var isEmpty = true

  /// Adds one pair; pairs of different length or type are left out.
  /// - scales: what the channels of `other` (dimension 1, or the last of a matrix) were multiplied by; nil: nothing.
  mutating func add(reference: Tensor, other: Tensor, scales: [Float]? = nil) {
    guard reference.dtype == .f32, other.dtype == .f32, reference.count == other.count, reference.count > 0 else { return }
    isEmpty = false
    let a = reference.elements(as: Float.self), b = other.elements(as: Float.self)
    let factors = (scales ?? [1]).map { 1 / Double($0) }
    let inner = scales == nil || other.shape.count < 2 ? 1 : max(other.shape[2...].reduce(1, *), 1)
    for index in 0..<a.count {
      let difference = Double(a[index]) - Double(b[index]) * factors[index / inner % factors.count]
      signal += Double(a[index]) * Double(a[index])
      noise += difference * difference
    }
  }

  /// In dB, `Report.noNoise` at most; nil where nothing was added or nothing can be said (a signal of zero, or not finite).
  var decibels: Double? {
    guard !isEmpty, signal.isFinite, noise.isFinite else { return nil }
    if noise == 0 { return Report.noNoise }
    guard signal > 0 else { return nil }
    return min(10 * log10(signal / noise), Report.noNoise)
  }
}
