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
  mutating func add(reference: Tensor, other: Tensor) {
    guard reference.dtype == .f32, other.dtype == .f32, reference.count == other.count, reference.count > 0 else { return }
    isEmpty = false
    let a = reference.elements(as: Float.self), b = other.elements(as: Float.self)
    for index in 0..<a.count {
      let difference = Double(a[index]) - Double(b[index])
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
