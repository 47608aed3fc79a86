import KernelContract

extension SparseVectorOperands {
  /// A vector and where its product goes.
  @inline(__always)
  func vector(
    _ index: Int, _ buffers: UnsafePointer<UnsafeMutableRawPointer>
  ) -> (from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>) {
    (
      UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + index * inputStride,
      buffers[0].assumingMemoryBound(to: Float.self) + index * outputStride
    )
  }
}
