import CIntrinsics

/// The vector of the depthwise micro-kernels: a block of packed weights in a register, and a line of the cache used at once.
typealias DepthwiseVector = SIMD16<Float>

var depthwiseLanes: Int { @inline(__always) get { 16 } }

@inline(__always)
func loadDepthwise(_ from: UnsafePointer<Float>) -> DepthwiseVector { UnsafeRawPointer(from).loadUnaligned(as: DepthwiseVector.self) }

/// Between the bounds; a value that is NaN stays.
@inline(__always)
func storeDepthwise(_ value: DepthwiseVector, _ to: UnsafeMutablePointer<Float>, _ low: DepthwiseVector, _ high: DepthwiseVector) {
  UnsafeMutableRawPointer(to).storeBytes(of: _mm512_min_ps(high, _mm512_max_ps(low, value)), as: DepthwiseVector.self)
}
