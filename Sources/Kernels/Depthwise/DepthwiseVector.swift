/// The vector of the depthwise micro-kernels: as wide as the module's instruction set makes it worth.
typealias DepthwiseVector = Float8

/// Its lanes: 8, or 16 as a block of packed weights.
var depthwiseLanes: Int { @inline(__always) get { 8 } }

@inline(__always)
func loadDepthwise(_ from: UnsafePointer<Float>) -> DepthwiseVector { load8(from) }

/// Channels `channel` … of what comes before the value is written.
@inline(__always)
func finishDepthwise(_ finish: Finish, _ value: DepthwiseVector, _ channel: Int) -> DepthwiseVector { finish.apply(value, channel) }

/// Between the bounds; a value that is NaN stays.
@inline(__always)
func storeDepthwise(_ value: DepthwiseVector, _ to: UnsafeMutablePointer<Float>, _ low: DepthwiseVector, _ high: DepthwiseVector) {
  store8(atMost(high, atLeast(low, value)), to)
}
