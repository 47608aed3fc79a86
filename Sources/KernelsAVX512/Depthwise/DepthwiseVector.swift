import CIntrinsics

/// The vector of the depthwise micro-kernels: a block of packed weights in a register, and a line of the cache used at once.
typealias DepthwiseVector = SIMD16<Float>

var depthwiseLanes: Int { @inline(__always) get { 16 } }

@inline(__always)
func loadDepthwise(_ from: UnsafePointer<Float>) -> DepthwiseVector { UnsafeRawPointer(from).loadUnaligned(as: DepthwiseVector.self) }

/// Channels `channel` … of what comes before the value is written: see `Finish.apply`.
@inline(__always)
func finishDepthwise(_ finish: Finish, _ value: DepthwiseVector, _ channel: Int) -> DepthwiseVector {
  let bounded =
    finish.leaks
    ? value.replacing(with: value * DepthwiseVector(repeating: finish.slope), where: value .< DepthwiseVector(repeating: 0))
    : _mm512_min_ps(DepthwiseVector(repeating: finish.high), _mm512_max_ps(DepthwiseVector(repeating: finish.low), value))
  guard let factors = finish.factors, let shifts = finish.shifts else { return bounded }
  return loadDepthwise(shifts + channel).addingProduct(bounded, loadDepthwise(factors + channel))
}

/// Between the bounds; a value that is NaN stays.
@inline(__always)
func storeDepthwise(_ value: DepthwiseVector, _ to: UnsafeMutablePointer<Float>, _ low: DepthwiseVector, _ high: DepthwiseVector) {
  UnsafeMutableRawPointer(to).storeBytes(of: _mm512_min_ps(high, _mm512_max_ps(low, value)), as: DepthwiseVector.self)
}
